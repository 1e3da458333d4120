/* SPDX-License-Identifier: Apache-2.0 */
/*
 * equal PAGES: so many pages that are all different, and the same in every process of it. Says
 * "ready". On SIGUSR1 it writes to each of them, so that no other process has the like, and says
 * how many microseconds that took. Ends on SIGTERM.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static volatile long *pages;
static long n, page;

static void fill(long mark)
{
	for (long i = 0; i < n; i++) {
		pages[i * page / (long)sizeof(long)] = i + 1;
		pages[i * page / (long)sizeof(long) + 1] = mark;
	}
}

static long microseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int main(int argc, char **argv)
{
	sigset_t set;
	int sig;

	n = argc == 2 ? atol(argv[1]) : 0;
	page = sysconf(_SC_PAGESIZE);
	if (n <= 0) {
		fprintf(stderr, "usage: equal PAGES\n");
		return 2;
	}
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pages = mmap(NULL, (size_t)(n * page), PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED) {
		perror("equal: mmap");
		return 1;
	}
	/* of huge pages, ksmd would have to split each one first */
	madvise((void *)pages, (size_t)(n * page), MADV_NOHUGEPAGE);
	fill(0);
	puts("ready");
	fflush(stdout);
	while (sigwait(&set, &sig) == 0 && sig != SIGTERM) {
		long begun = microseconds();

		fill(getpid() + begun);
		printf("apart %ld\n", microseconds() - begun);
		fflush(stdout);
	}
	return 0;
}
