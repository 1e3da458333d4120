/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pieces PAGES OTHERS [STEP]: so many pages of which every process of it has the like, and OTHERS that
 * nobody else has, all behind each other; with STEP one of the first kind stands in front of so many
 * others, again and again. Says "ready". On SIGUSR1 every process of it has the like of the others as well,
 * and it says "alike"; on SIGUSR2 nobody has the like of the first ones, and it says "apart". Ends on SIGTERM.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>

#define PAGE 4096L

static volatile long *pages;
static long equal, step;

static bool is_first(long i)
{
	return step ? i % (step + 1) == 0 : i < equal;
}

static void mark(long i, long with)
{
	pages[i * PAGE / (long)sizeof(long)] = i + 1;
	pages[i * PAGE / (long)sizeof(long) + 1] = with;
}

int main(int argc, char **argv)
{
	long others, n, own;
	sigset_t set;
	int sig;

	equal = argc >= 3 ? atol(argv[1]) : 0;
	others = argc >= 3 ? atol(argv[2]) : 0;
	step = argc == 4 ? atol(argv[3]) : 0;
	n = equal + others;
	if (equal <= 0 || others <= 0 || step < 0 || argc > 4) {
		fprintf(stderr, "usage: pieces PAGES OTHERS [STEP]\n");
		return 2;
	}
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pages = mmap(NULL, (size_t)(n * PAGE), PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED || getrandom(&own, sizeof(own), 0) != sizeof(own)) {
		perror("pieces");
		return 1;
	}
	madvise((void *)pages, (size_t)(n * PAGE), MADV_NOHUGEPAGE);
	for (long i = 0; i < n; i++)
		mark(i, is_first(i) ? 0 : own | 1);
	puts("ready");
	fflush(stdout);
	while (sigwait(&set, &sig) == 0 && sig != SIGTERM) {
		for (long i = 0; i < n; i++) {
			if (is_first(i) == (sig == SIGUSR2))
				mark(i, sig == SIGUSR2 ? own | 1 : 0);
		}
		puts(sig == SIGUSR2 ? "apart" : "alike");
		fflush(stdout);
	}
	return 0;
}
