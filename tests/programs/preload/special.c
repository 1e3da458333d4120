/* SPDX-License-Identifier: Apache-2.0 */
/* Cases in which the program is interrupted, or may make few system calls. */
#include "cases.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

static volatile sig_atomic_t signals;

/* Allocates while the interrupted code, which does not, may be in the library. That goes on in between: the next
 * signal comes a while after this one's end, also on a machine that is slow. */
static void on_signal(int sig)
{
	struct itimerval next = { .it_value = { 0, 300 } };
	int i;

	(void)sig;
	for (i = 0; i < 300; i++) {
		volatile char *p = malloc(500);

		*p = 1;
	}
	signals++;
	setitimer(ITIMER_REAL, &next, NULL);
}

int case_signal(void)
{
	struct itimerval first = { .it_value = { 0, 300 } }, none = { 0 };
	struct sigaction act = { .sa_handler = on_signal, .sa_flags = SA_ONSTACK | SA_RESTART };
	/* as small as such stacks are made */
	stack_t stack = { .ss_size = 16384, .ss_sp = malloc(16384) };
	void *p;

	if (sigaltstack(&stack, NULL) || sigaction(SIGALRM, &act, NULL) ||
	    setitimer(ITIMER_REAL, &first, NULL))
		return 1;
	while (signals < 1000) {
		p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			 0);
		*(volatile char *)p = 1;
		munmap(p, 8192);
	}
	setitimer(ITIMER_REAL, &none, NULL);
	return settled();
}

static void grow(void)
{
	int i;

	for (i = 0; i < 100000; i++) {
		volatile char *p = malloc(200);

		if (p)
			*p = 1;
	}
}

/* Reading, writing and leaving is all that is allowed: malloc finds what it has. */
int case_seccomp_strict(void)
{
	int i;

	for (i = 0; i < 1000; i++)
		free(malloc(100));
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0))
		return 1;
	for (i = 0; i < 1000000; i++)
		free(malloc(100));
	syscall(SYS_exit, 0);
	return 1;
}

#define KILL_ON(nr)                                    \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1), \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL)

/* Killed by the calls that the library makes and the program itself does not. */
int case_seccomp_filter(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		KILL_ON(SYS_openat),
		KILL_ON(SYS_madvise),
		KILL_ON(SYS_getpid),
		KILL_ON(SYS_clock_gettime),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { sizeof(filter) / sizeof(*filter), filter };

	grow();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog))
		return 1;
	grow();
	free(malloc(1 << 20));
	munmap(mmap(NULL, 1 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 1 << 20);
	return 0;
}
