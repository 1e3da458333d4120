/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that grows, by brk and by mmap: on each SIGUSR1 once, and once at its start. It
 * checks that what it wrote is still there; "ok" is what it says at its end, after SIGTERM.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define STEP      262144UL
#define STEPS_MAX 64

static char *blocks[2 * STEPS_MAX];
static int n;

static void grow(void)
{
	char *heap = sbrk(STEP);
	char *map =
		mmap(NULL, STEP, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (heap == (void *)-1 || map == MAP_FAILED || n + 2 > 2 * STEPS_MAX)
		_exit(2);
	blocks[n++] = memset(heap, 'h', STEP);
	blocks[n++] = memset(map, 'm', STEP);
}

static void check(void)
{
	for (int i = 0; i < n; i++) {
		for (size_t k = 0; k < STEP; k++) {
			if (blocks[i][k] != (i % 2 ? 'm' : 'h'))
				_exit(1);
		}
	}
}

int main(void)
{
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (;;) {
		grow();
		printf("%d\n", n);
		fflush(stdout);
		do {
			sig = 0;
		} while (sigwait(&set, &sig) != 0);
		check();
		if (sig == SIGTERM) {
			puts("ok");
			return 0;
		}
	}
}
