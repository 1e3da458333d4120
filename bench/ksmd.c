/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes memory that could be merged and watches ksmd merge it: ksmd LABEL MIB TIMEOUT REST
 *
 * MIB of mergeable memory in ten processes, 60 % of each the same as in the others. Where ksmd is
 * stopped it is set running when all is filled, and the clock with it; where it runs, the clock
 * starts with the program. Prints the time until 95 % of what can be saved is, ksmd's CPU until
 * then, and its share of one CPU REST seconds later, for ten seconds.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ksm.h"
#include "pairs.h"

#define COPIES 10
/* of the same memory in each; include/uapi/linux/prctl.h for the other */
#define EQUAL_PERCENT       60
#define SET_MEMORY_MERGE    67
#define SHARE_AFTER_SECONDS 10

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* nanoseconds on a CPU, the first field of schedstat (sched-stats.rst) */
static double cpu(int pid)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/schedstat", pid);
	return (double)ksm_number(path) / 1e9;
}

static uint64_t next(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

static void fill(size_t pages, int copy, int ready)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE), words = page / 8;
	size_t size = page * pages, equal = pages * EQUAL_PERCENT / 100;
	uint64_t *p =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t x = 88172645463325252ULL;

	if (p == MAP_FAILED || prctl(SET_MEMORY_MERGE, 1L, 0L, 0L, 0L) < 0)
		_exit(1);
	for (size_t i = 0; i < pages; i++) {
		if (i == equal)
			x = (uint64_t)copy * 0x9e3779b97f4a7c15ULL;
		for (size_t k = 0; k < words; k++)
			p[i * words + k] = next(&x);
	}
	(void)!write(ready, "r", 1);
	for (;;)
		pause();
}

static void row(const char *label, size_t pages, double t, double used, bool done)
{
	FILE *f = pairs_rows();

	if (!f)
		return;
	fprintf(f, "merge %zu MiB, %s\t%s%.1f s, %.2f s of CPU\t-\t-\t-\t-\n",
		pages * COPIES * (size_t)sysconf(_SC_PAGESIZE) >> 20, label,
		done ? "" : "over ", t, used);
	fclose(f);
}

static void watch(const char *label, size_t pages, double start, double timeout, int rest)
{
	int ksmd = ksm_thread();
	long want = (long)(pages * EQUAL_PERCENT / 100 * (COPIES - 1));
	double begun = cpu(ksmd), t, used;

	while ((t = now() - start) < timeout && ksm_saved() < want * 95 / 100)
		usleep(20000);
	used = cpu(ksmd) - begun;
	printf("%-34s", label);
	if (t < timeout)
		printf(" %6.1f s", t);
	else
		printf(" %5.0f %% after %.0f s", 100.0 * (double)ksm_saved() / (double)want, t);
	printf("  %5.2f s CPU  %5.1f %%", used, 100 * used / t);
	row(label, pages, t, used, t < timeout);
	fflush(stdout);
	if (rest) {
		sleep((unsigned)rest);
		t = now();
		used = cpu(ksmd);
		sleep(SHARE_AFTER_SECONDS);
		printf("  then %5.2f %%, %3.0f %% merged",
		       100 * (cpu(ksmd) - used) / (now() - t),
		       100.0 * (double)ksm_saved() / (double)want);
	}
	printf("\n");
}

int main(int argc, char **argv)
{
	pid_t pid[COPIES];
	double start = now();
	size_t pages;
	int ready[2];
	char c;

	if (argc != 5 || pipe(ready) < 0)
		return 2;
	pages = (strtoul(argv[2], NULL, 10) << 20) / (size_t)sysconf(_SC_PAGESIZE) / COPIES;
	for (int i = 0; i < COPIES; i++) {
		pid[i] = fork();
		if (pid[i] == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			fill(pages, i + 1, ready[1]);
		}
	}
	for (int i = 0; i < COPIES; i++) {
		if (read(ready[0], &c, 1) != 1)
			return 1;
	}
	if (ksm_number(KSM "run") != 1) {
		start = now();
		ksm_set_run("1");
	}
	watch(argv[1], pages, start, strtod(argv[3], NULL), atoi(argv[4]));
	for (int i = 0; i < COPIES; i++)
		kill(pid[i], SIGKILL);
	while (wait(NULL) > 0)
		;
	return 0;
}
