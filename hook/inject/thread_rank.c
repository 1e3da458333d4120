/* SPDX-License-Identifier: Apache-2.0 */
/* Which thread of a process suffers least from being stopped for a moment? */
#include "inject/thread_rank.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "inject/inject_arch.h"
#include "kernel/proc.h"

/* More threads than this are not looked at when one is chosen. */
#define LOOKED_AT_MAX 32

#define GRADE(rank) (2 * (int)(rank))

/* include/uapi/linux/futex.h */
enum { FUTEX_WAIT_BITSET_CMD = 9, FUTEX_CMD_BITS = 0x7f };

/*
 * What matters beside being restarted is what a tracer that is killed in its window
 * leaves behind: a result of 0 and other values in the argument registers. That is
 * harmless where 0 means "not yet, look again" and the call is made by a function of its
 * own: sleeping, polling, and FUTEX_WAIT_BITSET (condition variables, semaphores and
 * joins of glibc since 2.34). Plain FUTEX_WAIT is a lock's, made inline by glibc and
 * musl, which go on with the address in its register and crash.
 */
enum thread_rank thread_rank_at_entry(uint32_t audit_arch, uint64_t nr, uint64_t arg2)
{
	switch (arch_call_class(audit_arch, nr)) {
	case ARCH_CALL_POLLS:
		return THREAD_BEST;
	case ARCH_CALL_CUT_SHORT:
		return THREAD_FRAGILE;
	case ARCH_CALL_FUTEX:
		return (arg2 & FUTEX_CMD_BITS) == FUTEX_WAIT_BITSET_CMD ? THREAD_BEST :
									  THREAD_FRAGILE;
	case ARCH_CALL_RESTART:
		return THREAD_RESTARTED;
	default:
		return THREAD_BLOCKED;
	}
}

enum thread_rank thread_rank_of_line(const char *text)
{
	uint64_t field[8]; /* six arguments, stack, instruction */
	char *end;
	long nr = strtol(text, &end, 10);

	for (size_t i = 0; i < ARRAY_SIZE(field); i++)
		field[i] = strtoull(end, &end, 16);
	/* -1: blocked, but not by a call of its own (a page fault) */
	if (nr < 0)
		return THREAD_BLOCKED;
	return thread_rank_at_entry(arch_guess((uint64_t)nr, field[6], field[7]), (uint64_t)nr,
				    field[1]);
}

static bool is_refused(const struct thread_choice *c, pid_t tid)
{
	for (size_t i = 0; i < c->n_refused; i++) {
		if (c->refused[i] == tid)
			return true;
	}
	return false;
}

static enum thread_rank rank_thread(pid_t pid, pid_t tid, int *cpu)
{
	char name[48], text[256];
	struct proc_stat st;

	if (proc_thread_stat(pid, tid, &st) < 0 || st.state == 'Z' || st.state == 'X')
		return THREAD_ENDED;
	*cpu = st.cpu;
	snprintf(name, sizeof(name), "task/%d/syscall", tid);
	if (proc_read_once(pid, name, text, sizeof(text)) <= 0 ||
	    strncmp(text, "running", 7) == 0)
		return THREAD_RUNNING;
	return thread_rank_of_line(text);
}

struct thread_choosing {
	pid_t pid;
	struct thread_choice *choice;
	int seen, best;
};

static int consider_thread(pid_t tid, void *arg)
{
	struct thread_choosing *s = arg;
	enum thread_rank rank;
	int grade, cpu = -1;

	rank = rank_thread(s->pid, tid, &cpu);
	/* of two that do the same, the one that has not been refused */
	grade = rank == THREAD_ENDED ? 0 : GRADE(rank) - is_refused(s->choice, tid);
	if (grade > s->best) {
		s->best = grade;
		s->choice->rank = rank;
		s->choice->tid = tid;
		s->choice->cpu = cpu;
	}
	return ++s->seen == LOOKED_AT_MAX || s->best >= GRADE(THREAD_BEST);
}

int thread_choose(pid_t pid, struct thread_choice *c)
{
	struct thread_choosing s = { .pid = pid, .choice = c };
	struct proc_stat st;

	if (proc_stat(pid, &st) < 0)
		return -ESRCH;
	c->tid = pid;
	c->cpu = st.cpu;
	c->rank = THREAD_FRAGILE; /* whatever it does, there is no other */
	if (st.threads == 1 && st.state != 'Z')
		return 0;
	(void)proc_for_each_thread(pid, consider_thread, &s);
	return s.best > 0 ? 0 : -ESRCH;
}
