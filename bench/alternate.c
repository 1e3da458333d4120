/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times commands in turn, A B C A B C …, and prints medians and differences to the first:
 * alternate ROUNDS NAME COMMAND [NAME COMMAND]...   (a command's words are split at blanks)
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORDS_MAX 32

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double run(const char *command)
{
	char *copy = strdup(command), *words[WORDS_MAX + 1], *save = NULL;
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
	if (waitpid(pid, &status, 0) < 0 || status != 0) {
		fprintf(stderr, "%s: ended with status 0x%x\n", command, status);
		exit(1);
	}
	free(copy);
	return now() - start;
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 0, n = (argc - 2) / 2;
	double *ms =
		n > 0 && rounds > 0 ? calloc((size_t)rounds * (size_t)n, sizeof(*ms)) : NULL;

	if (!ms || argc % 2) {
		free(ms);
		fprintf(stderr, "usage: alternate ROUNDS NAME COMMAND [NAME COMMAND]...\n");
		return 2;
	}
	for (int k = 0; k < n; k++)
		run(argv[3 + 2 * k]); /* warm up */
	for (int i = 0; i < rounds; i++) {
		for (int k = 0; k < n; k++)
			ms[k * rounds + i] = run(argv[3 + 2 * k]);
	}
	printf("%-44s %9s %9s %9s %12s\n", "", "median ms", "p10", "p90", "over first");
	for (int k = 0; k < n; k++) {
		double *m = ms + (size_t)k * (size_t)rounds;

		qsort(m, (size_t)rounds, sizeof(*m), compare);
		printf("%-44s %9.2f %9.2f %9.2f %+12.2f\n", argv[2 + 2 * k], m[rounds / 2],
		       m[rounds / 10], m[rounds * 9 / 10], m[rounds / 2] - ms[rounds / 2]);
	}
	return 0;
}
