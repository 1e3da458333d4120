/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times filters in turn, A B C A B C …, each from its start until its output is read and it
 * has ended, with pipes at both ends as podman has them:
 * filter ROUNDS NAME INPUT COMMAND [NAME INPUT COMMAND]...   (words are split at blanks)
 * PAIRS=FILE: the same figures for programs, as alternate leaves them.
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

#define WORDS_MAX 16
#define JOBS_MAX  16
/* What a pipe holds without a reader (pipe(7)). */
#define PIPE_HOLDS 65536

struct job {
	const char *name;
	char *argv[WORDS_MAX + 1];
	char *input;
	size_t size;
	struct pairs_took took;
};

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

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void load(struct job *j, const char *path)
{
	FILE *f = fopen(path, "re");
	long size;

	if (!f || fseek(f, 0, SEEK_END) < 0 || (size = ftell(f)) < 0)
		die(path);
	rewind(f);
	j->size = (size_t)size;
	j->input = malloc(j->size + 1);
	if (!j->input || fread(j->input, 1, j->size, f) != j->size)
		die(path);
	fclose(f);
}

static void feed(const struct job *j, int fd)
{
	for (size_t done = 0; done < j->size;) {
		ssize_t n = write(fd, j->input + done, j->size - done);

		if (n < 0)
			die("write");
		done += (size_t)n;
	}
	close(fd);
}

static pid_t spawn(struct job *j, int in, int out)
{
	pid_t pid = vfork();

	if (pid == 0) {
		dup2(in, 0);
		dup2(out, 1);
		execv(j->argv[0], j->argv);
		_exit(127);
	}
	return pid;
}

static void run(struct job *j, int round)
{
	static char drain[1 << 20];
	struct rusage use;
	int in[2], out[2], status;
	pid_t pid, feeder = 0;
	double start;

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		die("pipe");
	if (j->size < PIPE_HOLDS) {
		feed(j, in[1]);
	} else {
		feeder = fork();
		if (feeder == 0) {
			close(in[0]);
			feed(j, in[1]);
			_exit(0);
		}
		close(in[1]);
	}
	start = now();
	pid = spawn(j, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	while (read(out[0], drain, sizeof(drain)) > 0)
		;
	if (wait4(pid, &status, 0, &use) < 0 || status != 0) {
		fprintf(stderr, "%s: ended with status 0x%x\n", j->name, status);
		exit(1);
	}
	j->took.ms[round] = now() - start;
	j->took.cpu_ms[round] = ms_of(&use.ru_utime) + ms_of(&use.ru_stime);
	close(out[0]);
	if (feeder)
		waitpid(feeder, NULL, 0);
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 0;
	size_t n = argc > 4 ? (size_t)(argc - 2) / 3 : 0;
	static struct job jobs[JOBS_MAX];
	const char *path = getenv("PAIRS");
	FILE *file = path ? fopen(path, "ae") : NULL;

	if (rounds < 1 || n == 0 || n > JOBS_MAX || (path && !file)) {
		fprintf(stderr, "usage: filter ROUNDS NAME INPUT COMMAND [...]\n");
		return 2;
	}
	for (size_t k = 0; k < n; k++) {
		char *word = strtok(argv[4 + 3 * k], " ");

		jobs[k].name = argv[2 + 3 * k];
		load(&jobs[k], argv[3 + 3 * k]);
		jobs[k].took.ms = calloc((size_t)rounds, sizeof(double));
		jobs[k].took.cpu_ms = calloc((size_t)rounds, sizeof(double));
		if (!word || !jobs[k].took.ms || !jobs[k].took.cpu_ms)
			die("a job");
		for (int w = 0; word && w < WORDS_MAX; w++, word = strtok(NULL, " "))
			jobs[k].argv[w] = word;
	}
	for (int i = 0; i < rounds; i++) {
		for (size_t k = 0; k < n; k++)
			run(&jobs[k], i);
	}
	printf("%-38s %9s %9s %9s %6s %8s\n", "", "median", "p10", "p90", "ratio", "MB/s");
	for (size_t k = 0; k < n; k++) {
		const double *ms = jobs[k].took.ms;
		double median = pairs_quantile(ms, (size_t)rounds, 0.5);

		printf("%-38s %6.0f us %6.0f us %6.0f us %6.2f %8.0f\n", jobs[k].name,
		       median * 1e3, pairs_quantile(ms, (size_t)rounds, 0.1) * 1e3,
		       pairs_quantile(ms, (size_t)rounds, 0.9) * 1e3,
		       median / pairs_quantile(jobs[0].took.ms, (size_t)rounds, 0.5),
		       (double)jobs[k].size / median / 1e3);
		if (file)
			pairs_write(file, jobs[k].name, &jobs[k].took, &jobs[0].took,
				    (size_t)rounds);
	}
	return file && fclose(file) != 0;
}
