/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What writing to merged memory costs a program: rewrite MIB ROUNDS
 *
 * Two processes write the same text to MIB of memory again and again, which leaves it as it was; one pair
 * is mergeable. In each round, ksmd merges what is mergeable and is stopped; then each of
 * both pairs' first processes writes all, page by page. A third time it writes while ksmd scans. Prints
 * the CPU time of a page and what it is of that of a page that is not mergeable, in pairs (pairs.h).
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
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ksm.h"
#include "pairs.h"

/* include/uapi/linux/prctl.h */
#define SET_MEMORY_MERGE 67
/* that ksmd merges 95 % of it; in looks of 10 ms */
#define LOOKS_MAX 30000
#define SCANS     3

struct writer {
	pid_t pid;
	int order, answer;
};

static size_t page, pages;

static double cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void write_all(uint64_t *p)
{
	uint64_t x = 88172645463325252ULL;

	for (size_t i = 0; i < pages * page / 8; i++)
		p[i] = pairs_random(&x);
}

/* Answers each order with the microseconds of CPU that it took. */
static _Noreturn void work(bool mergeable, int order, int answer)
{
	uint64_t *p = mmap(NULL, pages * page, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char c;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (p == MAP_FAILED || madvise(p, pages * page, MADV_NOHUGEPAGE) < 0 ||
	    (mergeable && prctl(SET_MEMORY_MERGE, 1L, 0L, 0L, 0L) < 0))
		_exit(1);
	do {
		double us = cpu_us();

		write_all(p);
		us = cpu_us() - us;
		if (write(answer, &us, sizeof(us)) != sizeof(us))
			_exit(1);
	} while (read(order, &c, 1) == 1);
	_exit(0);
}

static double answer_of(const struct writer *w)
{
	double us;

	if (read(w->answer, &us, sizeof(us)) != sizeof(us))
		exit(1);
	return us;
}

static struct writer start(bool mergeable)
{
	struct writer w;
	int order[2], answer[2];

	if (pipe2(order, O_CLOEXEC) < 0 || pipe2(answer, O_CLOEXEC) < 0)
		exit(1);
	w = (struct writer){ fork(), order[1], answer[0] };
	if (w.pid == 0)
		work(mergeable, order[0], answer[1]);
	close(order[0]);
	close(answer[1]);
	(void)answer_of(&w);
	return w;
}

static double writes(const struct writer *w)
{
	if (write(w->order, "w", 1) != 1)
		exit(1);
	return answer_of(w);
}

/* pages of the pid that are merged */
static size_t merged(pid_t pid)
{
	char path[64], line[128];
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/ksm_stat", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		(void)sscanf(line, "ksm_merging_pages %zu", &n);
	if (f)
		fclose(f);
	return n;
}

/* What was written to counts as merged until ksmd meets it again. */
static void merge(pid_t pid)
{
	long enough = ksm_number(KSM "full_scans") + SCANS;

	ksm_set_run("1");
	for (int i = 0; ksm_number(KSM "full_scans") < enough || merged(pid) < pages * 95 / 100;
	     i++) {
		if (i == LOOKS_MAX) {
			fprintf(stderr, "rewrite: ksmd has merged %zu of %zu pages\n",
				merged(pid), pages);
			exit(1);
		}
		usleep(10000);
	}
}

static void print(const char *what, double *us, const double *plain, size_t n)
{
	struct ratio r = pairs_ratio(us, plain, n);
	FILE *f = pairs_rows();
	double *sorted = calloc(n, sizeof(double)), *base = calloc(n, sizeof(double));
	double of, ours;

	if (!sorted || !base)
		exit(1);
	memcpy(sorted, us, n * sizeof(double));
	memcpy(base, plain, n * sizeof(double));
	ours = pairs_median(sorted, n) / (double)pages;
	of = pairs_median(base, n) / (double)pages;
	printf("%-48s %6.2f us a page, %.2f more, %.2f times (95 %%: %.2f to %.2f)\n", what,
	       ours, ours - of, r.median, r.low, r.high);
	if (f) {
		fprintf(f, "%s\t%.2f us a page\t%.2f us, not merged\t-\t%.2f\t%.2f to %.2f\n",
			what, ours, of, r.median, r.low, r.high);
		fclose(f);
	}
	free(sorted);
	free(base);
}

int main(int argc, char **argv)
{
	size_t mib = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	size_t rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
	static double *us[3];
	struct writer plain, w, other;

	if (!mib || !rounds) {
		fprintf(stderr, "usage: rewrite MIB ROUNDS\n");
		return 2;
	}
	page = (size_t)sysconf(_SC_PAGESIZE);
	pages = (mib << 20) / page;
	for (int i = 0; i < 3; i++)
		us[i] = calloc(rounds, sizeof(double));
	plain = start(false);
	w = start(true);
	other = start(true);
	for (size_t i = 0; i < rounds; i++) {
		merge(w.pid);
		ksm_set_run("0");
		us[0][i] = writes(&plain);
		us[1][i] = writes(&w);
		merge(w.pid);
		us[2][i] = writes(&w);
		ksm_set_run("0");
	}
	print("rewrite merged memory, ksmd stopped", us[1], us[0], rounds);
	print("rewrite merged memory while ksmd scans", us[2], us[0], rounds);
	kill(plain.pid, SIGKILL);
	kill(w.pid, SIGKILL);
	kill(other.pid, SIGKILL);
	while (wait(NULL) > 0)
		;
	return 0;
}
