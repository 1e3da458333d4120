/* SPDX-License-Identifier: Apache-2.0 */
/* Which thread of a process suffers least from being stopped for a moment? */
#ifndef KSM_THREAD_RANK_H
#define KSM_THREAD_RANK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* How well a thread stands an interruption, worst first. */
enum thread_rank {
	THREAD_ENDED,
	THREAD_RUNNING,   /* in user space: who knows when it enters the kernel */
	THREAD_FRAGILE,   /* EINTR at best, or a lock's futex */
	THREAD_RESTARTED, /* in restart_syscall: a sleep, a poll, or a lock with a time-out */
	THREAD_BLOCKED,
	THREAD_BEST, /* it sleeps or polls, and its caller looks again anyway */
};

/* At most so many threads of one process are refused where they were stopped. */
#define THREADS_REFUSED_MAX 3

struct thread_choice {
	pid_t tid;
	int cpu; /* where it ran last */
	enum thread_rank rank;
	/* in: threads that had gone on to something else when they were stopped */
	pid_t refused[THREADS_REFUSED_MAX];
	size_t n_refused;
};

/*
 * The thread of a process that suffers least. What /proc shows is a guess: a thread goes on
 * meanwhile, and which of the kernel's entries it came by cannot be seen. 0, or -ESRCH when
 * none is alive.
 */
int thread_choose(pid_t pid, struct thread_choice *c);

/* By a line of /proc/PID/task/TID/syscall (proc(5)) of a thread that does not run. */
enum thread_rank thread_rank_of_line(const char *text);

/*
 * The rank of a thread that is stopped where it enters the kernel, which is no guess: by its
 * AUDIT_ARCH, the call's number, and the call's second argument.
 */
enum thread_rank thread_rank_at_entry(uint32_t audit_arch, uint64_t nr, uint64_t arg2);

#endif
