/* SPDX-License-Identifier: Apache-2.0 */
/*
 * many processes N: so many that cost next to nothing, since all use one address space and none
 * has a stack of its own. many mappings N: one process with so many. Says "ready", and ends at
 * the end of its standard input, the others with it.
 */
#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef __x86_64__
#error "many knows x86_64 only"
#endif

/* The child pauses for ever, and touches no memory: it would be its parent's. */
static long clone_pausing(void)
{
	register long r10 __asm__("r10") = 0;
	register long r8 __asm__("r8") = 0;
	long ret;

	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 2f\n"
			 "1:\tmov %[pause], %%eax\n\t"
			 "syscall\n\t"
			 "jmp 1b\n"
			 "2:"
			 : "=a"(ret)
			 : "a"(SYS_clone), "D"(CLONE_VM | CLONE_FS | CLONE_FILES | SIGCHLD),
			   "S"(0), "d"(0), "r"(r10), "r"(r8), [pause] "i"(SYS_pause)
			 : "rcx", "r11", "memory");
	return ret;
}

static int make_processes(long n)
{
	/* all of the group end with the first */
	for (long i = 0; i < n; i++) {
		long pid = clone_pausing();

		if (pid < 0) {
			errno = (int)-pid;
			perror("clone");
			return 1;
		}
	}
	return 0;
}

/* Every second page has other rights, so that no two are one mapping. */
static int make_mappings(long n)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *p = mmap(NULL, (size_t)n * page, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	for (long i = 0; i < n; i++) {
		memset(p + (size_t)i * page, 1, page);
		if (i % 2 && mprotect(p + (size_t)i * page, page, PROT_READ) < 0) {
			perror("mprotect");
			return 1;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	long n = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
	int r = 2;
	char c;

	setpgid(0, 0);
	if (n > 0 && strcmp(argv[1], "processes") == 0)
		r = make_processes(n);
	else if (n > 0 && strcmp(argv[1], "mappings") == 0)
		r = make_mappings(n);
	if (r == 0) {
		puts("ready");
		fflush(stdout);
		while (read(STDIN_FILENO, &c, 1) > 0)
			;
	}
	/* nobody is left */
	kill(0, SIGKILL);
	return r;
}
