/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Injects into processes, as the hook does, and tells how each attempt ended:
 *
 *   inject-drive [-t TIMEOUT_MS] PID...          once; exits 0 if all are mergeable now
 *   inject-drive [-t TIMEOUT_MS] -r ROUNDS PID...  off and on again, ROUNDS times, and a
 *       table of results and of the time that the target was stopped
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../hook/inject/inject.h"

#define TARGETS_MAX 64
#define RESULTS_MAX 600 /* above the highest of the kernel's own */

static const struct inject_call on[] = { { 67 /* PR_SET_MEMORY_MERGE */, 1 } };
static const struct inject_call again[] = { { 67, 0 }, { 67, 1 } };

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static const char *name_of(int result)
{
	const char *name = strerrorname_np(-result);

	return result == 0 ? "ok" : name ? name : "?";
}

/*
 * For the tracer to be scheduled: on a busy machine it may wait longer than the few ms that it
 * has. A hang of that length is an error.
 */
#define TRACER_MS 10000

static int once(struct inject_target *t, size_t n, int timeout_ms)
{
	struct error err;
	int failed = 0;

	if (inject_run_patiently(t, n, on, 1, timeout_ms, TRACER_MS, &err) < 0) {
		printf("inject_run: %s\n", err.msg);
		return 1;
	}
	for (size_t i = 0; i < n; i++) {
		failed |= t[i].result != 0;
		printf("%d %s %d us %s\n", t[i].pid, name_of(t[i].result), t[i].stopped_us,
		       t[i].result ? t[i].err.msg : "");
	}
	return failed;
}

static int rounds_of(struct inject_target *t, size_t n, int timeout_ms, int rounds)
{
	int *us = calloc((size_t)rounds * n + 1, sizeof(*us)), results[RESULTS_MAX] = { 0 },
	    ok = 0;
	struct error err;

	for (int i = 0; i < rounds; i++) {
		/* by turns, so that the single call is in the figures too */
		if (inject_run_patiently(t, n, i % 2 ? on : again, i % 2 ? 1 : 2, timeout_ms,
					 TRACER_MS, &err) < 0) {
			printf("inject_run: %s\n", err.msg);
			free(us);
			return 1;
		}
		for (size_t k = 0; k < n; k++) {
			if (t[k].result > -RESULTS_MAX)
				results[-t[k].result]++;
			if (t[k].result == 0)
				us[ok++] = t[k].stopped_us;
		}
	}
	qsort(us, (size_t)ok, sizeof(*us), compare);
	for (int i = 0; i < RESULTS_MAX; i++) {
		if (results[i])
			printf("%s %d ", name_of(-i), results[i]);
	}
	if (ok)
		printf("| stopped_us p10 %d p50 %d p90 %d p99 %d max %d", us[ok / 10],
		       us[ok / 2], us[ok * 9 / 10], us[ok * 99 / 100], us[ok - 1]);
	printf("\n");
	free(us);
	return 0;
}

int main(int argc, char **argv)
{
	static struct inject_target t[TARGETS_MAX];
	int c, timeout_ms = 1000, rounds = 0;
	size_t n = 0;

	while ((c = getopt(argc, argv, "t:r:")) != -1) {
		if (c == 't')
			timeout_ms = atoi(optarg);
		else if (c == 'r')
			rounds = atoi(optarg);
		else
			return 2;
	}
	for (; optind < argc && n < TARGETS_MAX; optind++, n++) {
		t[n].pid = atoi(argv[optind]);
		t[n].pidfd = (int)syscall(SYS_pidfd_open, t[n].pid, 0);
		if (t[n].pidfd < 0) {
			perror(argv[optind]);
			return 1;
		}
	}
	return rounds ? rounds_of(t, n, timeout_ms, rounds) : once(t, n, timeout_ms);
}
