/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the library costs: ns per malloc/free pair, and µs per start of a program.
 *
 *   preload-cost pairs THREADS       prints the ns
 *   preload-cost start LIBRARY COMMAND   runs COMMAND in turn without the library and
 *                                    in each of its modes, prints the medians
 */
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAIRS 20000000
#define LIVE  64
#define RUNS  1500

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

/* Blocks of 16 to 1024 bytes, freed 64 allocations later. */
static void *pairs(void *arg)
{
	void *live[LIVE] = { 0 };
	unsigned i, rnd = 1;

	for (i = 0; i < PAIRS; i++) {
		rnd = rnd * 1103515245 + 12345;
		free(live[i % LIVE]);
		live[i % LIVE] = malloc(16 + (rnd >> 22));
	}
	for (i = 0; i < LIVE; i++)
		free(live[i]);
	return arg;
}

static int bench_pairs(int threads)
{
	pthread_t t[64];
	double start;
	int i;

	if (threads < 1 || threads > 64)
		return 2;
	start = now();
	for (i = 0; i < threads; i++)
		if (pthread_create(&t[i], NULL, pairs, NULL))
			return 1;
	for (i = 0; i < threads; i++)
		pthread_join(t[i], NULL);
	printf("%.2f\n", (now() - start) / PAIRS);
	return 0;
}

static const char *const modes[] = { NULL, "off", "prctl", "madvise" };
#define N_MODES (sizeof(modes) / sizeof(*modes))

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double start_once(const char *library, const char *mode, char *command)
{
	char preload[4096], setting[64];
	char *env[] = { setting, preload, NULL }, *argv[] = { command, NULL };
	double start;
	pid_t pid;
	int status;

	snprintf(preload, sizeof(preload), "%s=%s", mode ? "LD_PRELOAD" : "NO_PRELOAD",
		 library);
	snprintf(setting, sizeof(setting), "KSM_PRELOAD=%s", mode ? mode : "none");
	start = now();
	if (posix_spawn(&pid, command, NULL, NULL, argv, env) || waitpid(pid, &status, 0) < 0 ||
	    status)
		exit(1);
	return (now() - start) / 1000;
}

static int bench_start(const char *library, char *command)
{
	static double us[N_MODES][RUNS];
	unsigned i, m;

	for (i = 0; i < RUNS; i++)
		for (m = 0; m < N_MODES; m++)
			us[m][i] = start_once(library, modes[m], command);
	for (m = 0; m < N_MODES; m++) {
		qsort(us[m], RUNS, sizeof(double), by_value);
		printf("%s %.1f\n", modes[m] ? modes[m] : "none", us[m][RUNS / 2]);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "pairs"))
		return bench_pairs(atoi(argv[2]));
	if (argc == 4 && !strcmp(argv[1], "start"))
		return bench_start(argv[2], argv[3]);
	return 2;
}
