/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times whole programs from vfork to wait, in turn, as a runtime starts a hook: the floor of
 * empty static programs, then the hook on containers that did and did not ask. The target
 * of an injection is a fresh child that waits in read(), as a runtime's init does. With the hook of
 * another revision, both are timed in the same rounds and compared in pairs.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "pairs.h"

#define ROUNDS_DEFAULT 500
#define JOBS_MAX       6
#define WORSE          1.03 /* what is within is not told apart from where a program's pages lie */

struct job {
	const char *name;
	char *argv[6];
	const char *annotations; /* behind the first, as JSON text */
	double *us;
	long rss_kib;
	long switches; /* that it asked for by waiting, all rounds; of its children, those it waited for */
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* A child that waits in read() on a pipe whose other end the caller holds. */
static pid_t target_start(int *hold)
{
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		exit(1);
	pid = fork();
	if (pid == 0) {
		char c;

		close(fds[1]);
		_exit(read(fds[0], &c, 1) == 0 ? 0 : 1);
	}
	close(fds[0]);
	*hold = fds[1];
	usleep(200);
	return pid;
}

static void state_write(int fd, pid_t pid, const char *annotations)
{
	char text[512];
	int len = snprintf(text, sizeof(text),
			   "{\"ociVersion\":\"1.0.2\",\"id\":\"bench\",\"status\":\"creating\","
			   "\"pid\":%d,\"bundle\":\"/run/containers/bench\","
			   "\"annotations\":{\"org.example.image\":\"bench\"%s}}",
			   pid, annotations);

	if (write(fd, text, (size_t)len) != len)
		exit(1);
	close(fd);
}

static void run(struct job *j, int round)
{
	int in[2], hold = -1, status;
	struct rusage use;
	pid_t pid, target;
	double start;

	target = target_start(&hold);
	if (pipe2(in, O_CLOEXEC) < 0)
		exit(1);
	state_write(in[1], target, j->annotations);
	start = now();
	pid = vfork();
	if (pid == 0) {
		dup2(in[0], 0);
		execv(j->argv[0], j->argv);
		_exit(127);
	}
	if (wait4(pid, &status, 0, &use) < 0 || status != 0) {
		fprintf(stderr, "%s: ended with status 0x%x\n", j->name, status);
		exit(1);
	}
	j->us[round] = now() - start;
	j->switches += use.ru_nvcsw;
	if (use.ru_maxrss > j->rss_kib)
		j->rss_kib = use.ru_maxrss;
	close(in[0]);
	close(hold);
	waitpid(target, &status, 0);
	if (status != 0) {
		fprintf(stderr, "%s: the target came to harm (0x%x)\n", j->name, status);
		exit(1);
	}
}

/* Whoever comes after a costly program is slower by some 3 %. */
static void shuffle(size_t *order, size_t n)
{
	static unsigned seed = 1;

	for (size_t k = n - 1; k > 0; k--) {
		size_t other = (size_t)rand_r(&seed) % (k + 1), was = order[k];

		order[k] = order[other];
		order[other] = was;
	}
}

static void compare_pairs(const char *name, const double *a, const double *b, int rounds)
{
	struct ratio r = pairs_ratio(a, b, (size_t)rounds);

	printf("%-38s %.3f of the other revision's (95 %%: %.3f to %.3f)%s\n", name, r.median,
	       r.low, r.high, r.low > WORSE ? ": worse" : "");
}

int main(int argc, char **argv)
{
	static char asked[] = ",\"io.ksm.merge\":\"true\",\"io.ksm.required\":\"true\"";
	int rounds = argc > 4 ? atoi(argv[4]) : ROUNDS_DEFAULT;
	struct job jobs[JOBS_MAX] = {
		{ "empty program, static glibc", { argv[1] }, "" },
		{ "empty program, as the hook is linked", { argv[2] }, "" },
		{ "hook, container did not ask", { argv[3], "createRuntime" }, "" },
		{ "hook, io.ksm.merge=true", { argv[3], "createRuntime" }, asked },
		{ "other revision, did not ask",
		  { argv[5 < argc ? 5 : 0], "createRuntime" },
		  "" },
		{ "other revision, io.ksm.merge=true",
		  { argv[5 < argc ? 5 : 0], "createRuntime" },
		  asked },
	};
	struct ratio over[2]; /* the program that does nothing */
	FILE *rows = argc > 5 ? NULL : pairs_rows();
	size_t n = argc > 5 ? 6 : 4, order[JOBS_MAX] = { 0, 1, 2, 3, 4, 5 };

	if (argc < 4 || rounds < 1) {
		fprintf(stderr, "usage: hook EMPTY-GLIBC EMPTY HOOK [ROUNDS [OTHER-HOOK]]\n");
		return 2;
	}
	for (size_t k = 0; k < n; k++)
		jobs[k].us = calloc((size_t)rounds, sizeof(double));
	for (int i = 0; i < rounds; i++) {
		shuffle(order, n);
		for (size_t k = 0; k < n; k++)
			run(&jobs[order[k]], i);
	}
	for (size_t k = 2; k < 4; k++)
		over[k - 2] = pairs_ratio(jobs[k].us, jobs[1].us, (size_t)rounds);
	for (size_t k = 2; n > 4 && k < 4; k++)
		compare_pairs(jobs[k].name, jobs[k].us, jobs[k + 2].us, rounds);
	printf("%-38s %8s %8s %8s %8s %8s %8s\n", "whole process", "median", "p10", "p90",
	       "ratio", "peak KiB", "switches");
	for (size_t k = 0; k < n; k++) {
		double *us = jobs[k].us;

		qsort(us, (size_t)rounds, sizeof(*us), pairs_order);
		printf("%-38s %5.0f us %5.0f us %5.0f us %8.2f %8ld %8.1f\n", jobs[k].name,
		       us[rounds / 2], us[rounds / 10], us[rounds * 9 / 10],
		       us[rounds / 2] / jobs[0].us[rounds / 2], jobs[k].rss_kib,
		       (double)jobs[k].switches / rounds);
		if (rows && k >= 2)
			fprintf(rows,
				"%s\t%.0f us\t%.0f us (empty program)\t-\t%.2f\t%.2f to %.2f\n",
				jobs[k].name, us[rounds / 2], jobs[1].us[rounds / 2],
				over[k - 2].median, over[k - 2].low, over[k - 2].high);
	}
	return rows && fclose(rows) != 0;
}
