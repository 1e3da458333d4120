/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forks every RATE_US, bounded: forker RATE_US LIFE_MS SECONDS relay|tree. "tree" has the
 * first process make children that live for LIFE_MS; "relay" has each process fork the next
 * and end after LIFE_MS. Each child writes to memory of its own and looks at it at its end.
 * After SECONDS nothing is forked any more, and those that are there rest until SIGTERM; the
 * last one says "rests".
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int rest(void)
{
	puts("rests");
	fflush(stdout);
	pause();
	return 0;
}

static void live(int ms)
{
	static char page[4096];
	int mine = getpid();

	memcpy(page, &mine, sizeof(mine));
	usleep((useconds_t)ms * 1000);
	if (memcmp(page, &mine, sizeof(mine)) != 0)
		abort();
}

static int tree(int rate_us, int life_ms, double end)
{
	int status, bad = 0;
	pid_t pid;

	while (now() < end) {
		pid = fork();
		if (pid == 0) {
			live(now() < end - 0.5 ? life_ms : 600000);
			_exit(0);
		}
		usleep((useconds_t)rate_us);
		while (waitpid(-1, &status, WNOHANG) > 0)
			bad |= status;
		if (bad)
			return 1;
	}
	return rest();
}

static int relay(int rate_us, int life_ms, double end)
{
	while (now() < end) {
		if (fork() != 0) {
			live(life_ms);
			_exit(0);
		}
		usleep((useconds_t)rate_us);
	}
	return rest();
}

int main(int argc, char **argv)
{
	double end;

	if (argc != 5)
		return 2;
	end = now() + atof(argv[3]);
	if (strcmp(argv[4], "tree") == 0)
		return tree(atoi(argv[1]), atoi(argv[2]), end);
	/* the init of a container has to stay */
	if (fork() == 0)
		return relay(atoi(argv[1]), atoi(argv[2]), end);
	for (;;) {
		int status;

		if (wait(&status) < 0)
			usleep(10000);
	}
}
