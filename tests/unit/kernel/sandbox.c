/* SPDX-License-Identifier: Apache-2.0 */
/* Parsers that answer, that do not, that die, and that are not let run. */
#include "kernel/sandbox.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"

#define TIMEOUT_MS 600L
/* Far longer than an answer takes on any machine. */
#define LONG_MS 20000

static struct error err;

static void twice(const void *arg, void *answer)
{
	*(int *)answer = 2 * *(const int *)arg;
}

static void answers(void)
{
	int arg = 21, answer = 0;

	CHECK_INT(sandbox_call(twice, &arg, &answer, sizeof(answer), LONG_MS, &err), 0);
	CHECK_INT(answer, 42);
}

static void never(const void *arg, void *answer)
{
	(void)arg;
	for (volatile int *n = answer;; *n = *n + 1)
		;
}

/* The time is its own: a loop ends, and what it would have answered does not arrive. */
static void loops(void)
{
	int64_t begun = now_ms();
	int answer = 7;

	CHECK_INT(sandbox_call(never, NULL, &answer, sizeof(answer), (int)TIMEOUT_MS, &err),
		  -ETIMEDOUT);
	CHECK_INT(answer, 7);
	CHECK(now_ms() - begun >= TIMEOUT_MS);
}

/* More than was asked for, too. */
static void answers_and_goes_on(const void *arg, void *answer)
{
	int said[] = { 42, 43 };

	(void)arg;
	if (write(0, said, sizeof(said)) == sizeof(said))
		never(NULL, answer);
}

/* Nobody waits for what a parser does behind its answer, which is all that is taken from it. */
static void ends_with_its_answer(void)
{
	int answer[] = { 7, 7 }, status;

	CHECK_INT(sandbox_call(answers_and_goes_on, NULL, answer, sizeof(answer[0]), LONG_MS,
			       &err),
		  0);
	CHECK_INT(answer[0], 42);
	CHECK_INT(answer[1], 7);
	CHECK(wait(&status) > 0);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* The time is for all of an answer. */
static void answers_by_halves(const void *arg, void *answer)
{
	const char half = 1;

	(void)arg;
	if (write(0, &half, sizeof(half)) == sizeof(half))
		never(NULL, answer);
}

static void begins_to_answer(void)
{
	int answer = 0;

	CHECK_INT(sandbox_call(answers_by_halves, NULL, &answer, sizeof(answer),
			       (int)TIMEOUT_MS, &err),
		  -ETIMEDOUT);
}

static void dies(const void *arg, void *answer)
{
	*(volatile int *)answer = *(volatile const int *)arg;
}

static void deaths(void)
{
	int answer = 7;

	CHECK_INT(sandbox_call(dies, NULL, &answer, sizeof(answer), LONG_MS, &err), -EPROTO);
	CHECK_INT(answer, 7);
}

/* The next parser stops itself before it does anything. */
static bool parser_stops;

static void in_child(void)
{
	if (parser_stops)
		raise(SIGSTOP);
}

/* A stopped child of that process, once there is one. */
static pid_t stopped_child(pid_t parent)
{
	char path[64], stat[512];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", parent, parent);
	for (;;) {
		FILE *f = fopen(path, "re");
		int pid;

		if (!f)
			_exit(1);
		while (fscanf(f, "%d", &pid) == 1) {
			char of[64];
			FILE *g;
			bool is_stopped = false;

			snprintf(of, sizeof(of), "/proc/%d/stat", pid);
			g = fopen(of, "re");
			if (g && fgets(stat, sizeof(stat), g))
				is_stopped = strstr(stat, ") T ");
			if (g)
				fclose(g);
			if (is_stopped) {
				fclose(f);
				return pid;
			}
		}
		fclose(f);
		usleep(1000);
	}
}

/* One that is let run too late, but is. */
static void starved(void)
{
	pid_t parent = getpid(), waker = fork();
	int arg = 21, answer = 7;

	if (waker == 0) {
		pid_t parser = stopped_child(parent);
		int64_t begun = now_ms();

		while (now_ms() - begun < TIMEOUT_MS + TIMEOUT_MS / 4)
			usleep(1000);
		_exit(kill(parser, SIGCONT) < 0);
	}
	parser_stops = true;
	CHECK_INT(sandbox_call(twice, &arg, &answer, sizeof(answer), (int)TIMEOUT_MS, &err), 0);
	parser_stops = false;
	CHECK_INT(answer, 42);
	waitpid(waker, NULL, 0);
}

/* For how long it was waited, as is said; -1: not a word of it. */
static int said_ms(void)
{
	int ms;

	return sscanf(err.msg, "the parser took longer than %d ms", &ms) == 1 ? ms : -1;
}

/* All together have two seconds more, of which the one before has had some, and then none. */
static void stopped_for_ever(void)
{
	int64_t begun = now_ms();
	int arg = 21, answer = 7, waited;

	parser_stops = true;
	CHECK_INT(sandbox_call(twice, &arg, &answer, sizeof(answer), (int)TIMEOUT_MS, &err),
		  -ETIMEDOUT);
	waited = said_ms();
	CHECK(waited >= TIMEOUT_MS && waited <= 2000);
	CHECK(now_ms() - begun >= waited);
	CHECK_INT(sandbox_call(twice, &arg, &answer, sizeof(answer), (int)TIMEOUT_MS, &err),
		  -ETIMEDOUT);
	CHECK_INT(said_ms(), TIMEOUT_MS);
	parser_stops = false;
	CHECK_INT(answer, 7);
}

int main(void)
{
	pthread_atfork(NULL, NULL, in_child);
	RUN(answers);
	RUN(starved);
	RUN(stopped_for_ever);
	RUN(loops);
	RUN(ends_with_its_answer);
	RUN(begins_to_answer);
	RUN(deaths);
	return check_end();
}
