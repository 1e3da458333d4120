/* SPDX-License-Identifier: Apache-2.0 */
/*
 * many processes N: so many that cost next to nothing, since all use one address space and none
 * has a stack of its own. many chain N: each is the child of the one before. many mappings N: one
 * process with so many; many forks N: 20 such; many sharing N: as processes, of an address space with
 * 16 MiB of equal pages. Says "ready", and ends at the end of its standard
 * input, the others with it.
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

#define FORKS 20

#define EQUAL_BYTES (16u << 20)

/*
 * Where GOES_ON, a jump, is not taken, it pauses for ever and touches no memory, which is the
 * other's: the child where that is WHERE_PARENT, the parent where it is WHERE_CHILD.
 */
#ifdef __aarch64__
#define WHERE_PARENT "b.ne"
#define WHERE_CHILD  "b.le"
#define CLONE_PAUSING(ret, GOES_ON)                                                           \
	do {                                                                                  \
		register long x8 __asm__("x8") = SYS_clone;                                   \
		register long x0 __asm__("x0") = CLONE_VM | CLONE_FS | CLONE_FILES | SIGCHLD; \
		register long x1 __asm__("x1") = 0;                                           \
		register long x2 __asm__("x2") = 0;                                           \
		register long x3 __asm__("x3") = 0;                                           \
		register long x4 __asm__("x4") = 0;                                           \
                                                                                              \
		/* there is no pause() */                                                     \
		__asm__ volatile("svc 0\n\t"                                                  \
				 "cmp x0, 0\n\t" GOES_ON " 2f\n"                              \
				 "1:\tmov x8, %[ppoll]\n\t"                                   \
				 "mov x0, 0\n\t"                                              \
				 "svc 0\n\t"                                                  \
				 "b 1b\n"                                                     \
				 "2:"                                                         \
				 : "+r"(x0), "+r"(x8)                                         \
				 : "r"(x1), "r"(x2), "r"(x3), "r"(x4), [ppoll] "i"(SYS_ppoll) \
				 : "memory", "cc");                                           \
		(ret) = x0;                                                                   \
	} while (0)
#else
#define WHERE_PARENT "jnz"
#define WHERE_CHILD  "jle"
#define CLONE_PAUSING(ret, GOES_ON)                                                          \
	do {                                                                                 \
		register long r10 __asm__("r10") = 0;                                        \
		register long r8 __asm__("r8") = 0;                                          \
                                                                                             \
		__asm__ volatile("syscall\n\t"                                               \
				 "test %%rax, %%rax\n\t" GOES_ON " 2f\n"                     \
				 "1:\tmov %[pause], %%eax\n\t"                               \
				 "syscall\n\t"                                               \
				 "jmp 1b\n"                                                  \
				 "2:"                                                        \
				 : "=a"(ret)                                                 \
				 : "a"(SYS_clone),                                           \
				   "D"(CLONE_VM | CLONE_FS | CLONE_FILES | SIGCHLD), "S"(0), \
				   "d"(0), "r"(r10), "r"(r8), [pause] "i"(SYS_pause)         \
				 : "rcx", "r11", "memory");                                  \
	} while (0)
#endif

static int make_processes(long n)
{
	/* all of the group end with the first */
	for (long i = 0; i < n; i++) {
		long pid;

		CLONE_PAUSING(pid, WHERE_PARENT);
		if (pid < 0) {
			errno = (int)-pid;
			perror("clone");
			return 1;
		}
	}
	return 0;
}

static int make_sharing(long n)
{
	void *p = mmap(NULL, EQUAL_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);

	if (p == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	memset(p, 's', EQUAL_BYTES);
	return make_processes(n);
}

/* fork() would make an anon_vma of each ancestor's in each. The last says by a pipe that all are. */
static int make_chain(long n)
{
	int fds[2];
	pid_t first;
	char c = 'x';

	if (pipe(fds) < 0 || (first = fork()) < 0) {
		perror("fork");
		return 1;
	}
	if (first > 0)
		return read(fds[0], &c, 1) == 1 && c == 'x' ? 0 : 1;
	for (long i = 1; i < n; i++) {
		long pid;

		CLONE_PAUSING(pid, WHERE_CHILD);
		if (pid < 0) {
			errno = (int)-pid;
			perror("clone");
			c = '!';
			break;
		}
	}
	(void)!write(fds[1], &c, 1);
	for (;;)
		pause();
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

static int make_forks(void)
{
	for (int i = 1; i < FORKS; i++) {
		pid_t pid = fork();

		if (pid < 0) {
			perror("fork");
			return 1;
		}
		if (pid == 0) {
			for (;;)
				pause();
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
	else if (n > 0 && strcmp(argv[1], "sharing") == 0)
		r = make_sharing(n);
	else if (n > 0 && strcmp(argv[1], "chain") == 0)
		r = make_chain(n);
	else if (n > 0 && strcmp(argv[1], "mappings") == 0)
		r = make_mappings(n);
	else if (n > 0 && strcmp(argv[1], "forks") == 0)
		r = make_mappings(n) || make_forks();
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
