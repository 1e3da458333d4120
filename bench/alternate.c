/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times commands in the same rounds, in an order that changes, and compares each with the first in pairs:
 * alternate ROUNDS NAME COMMAND [NAME COMMAND]...   (a command's words are split at blanks)
 *
 * Wall-clock time, and CPU time with that of all children that were waited for, which a busy machine
 * changes less. The ratios are medians of the rounds', with where they lie in 95 of 100 cases (pairs.h).
 * PAIRS=FILE: the same figures for programs, separated by tabs.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "pairs.h"

#define WORDS_MAX 32

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double ms_of(const struct timeval *t)
{
	return (double)t->tv_sec * 1e3 + (double)t->tv_usec / 1e3;
}

static void run(const char *command, double *ms, double *cpu_ms)
{
	char *copy = strdup(command), *words[WORDS_MAX + 1], *save = NULL;
	struct rusage use;
	double start;
	int n = 0, status;
	pid_t pid;

	for (char *w = strtok_r(copy, " ", &save); w && n < WORDS_MAX;
	     w = strtok_r(NULL, " ", &save))
		words[n++] = w;
	words[n] = NULL;
	if (n == 0)
		exit(2);
	start = now();
	pid = vfork();
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 0);
		dup2(null, 1);
		execvp(words[0], words);
		_exit(127);
	}
	if (wait4(pid, &status, 0, &use) < 0 || status != 0) {
		fprintf(stderr, "%s: ended with status 0x%x\n", command, status);
		exit(1);
	}
	*ms = now() - start;
	*cpu_ms = ms_of(&use.ru_utime) + ms_of(&use.ru_stime);
	free(copy);
}

/* Whoever comes after a costly program is slower by some 3 %. */
static void shuffle(int *order, int n)
{
	static uint64_t seed = 88172645463325252ULL;

	for (int k = n - 1; k > 0; k--) {
		int other = (int)(pairs_random(&seed) % (uint64_t)(k + 1)), was = order[k];

		order[k] = order[other];
		order[other] = was;
	}
}

static void print(FILE *file, const char *name, const struct pairs_took *t,
		  const struct pairs_took *first, size_t rounds)
{
	struct ratio r = pairs_ratio(t->ms, first->ms, rounds),
		     c = pairs_ratio(t->cpu_ms, first->cpu_ms, rounds);

	printf("%-44s %9.2f %9.2f %9.2f  %.3f (%.3f to %.3f) %9.2f  %.3f (%.3f to %.3f)\n",
	       name, pairs_quantile(t->ms, rounds, 0.5), pairs_quantile(t->ms, rounds, 0.1),
	       pairs_quantile(t->ms, rounds, 0.9), r.median, r.low, r.high,
	       pairs_quantile(t->cpu_ms, rounds, 0.5), c.median, c.low, c.high);
	if (file)
		pairs_write(file, name, t, first, rounds);
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 0, n = (argc - 2) / 2;
	static struct pairs_took *took;
	static int *order;
	const char *path = getenv("PAIRS");
	FILE *file = path ? fopen(path, "ae") : NULL;

	if (n > 0 && rounds > 0) {
		took = calloc((size_t)n, sizeof(*took));
		order = calloc((size_t)n, sizeof(*order));
	}
	if (!took || !order || argc % 2 || (path && !file)) {
		fprintf(stderr, "usage: alternate ROUNDS NAME COMMAND [NAME COMMAND]...\n");
		return 2;
	}
	for (int k = 0; k < n; k++) {
		order[k] = k;
		took[k].ms = calloc((size_t)rounds, sizeof(double));
		took[k].cpu_ms = calloc((size_t)rounds, sizeof(double));
		if (!took[k].ms || !took[k].cpu_ms)
			return 1;
		run(argv[3 + 2 * k], &took[k].ms[0], &took[k].cpu_ms[0]); /* warm up */
	}
	for (int i = 0; i < rounds; i++) {
		shuffle(order, n);
		for (int k = 0; k < n; k++)
			run(argv[3 + 2 * order[k]], &took[order[k]].ms[i],
			    &took[order[k]].cpu_ms[i]);
	}
	printf("%-44s %9s %9s %9s  %-23s %9s  %s\n", "", "median ms", "p10", "p90",
	       "of the first (95 %)", "CPU ms", "of the first (95 %)");
	for (int k = 0; k < n; k++)
		print(file, argv[2 + 2 * k], &took[k], &took[0], (size_t)rounds);
	return file && fclose(file) != 0;
}
