/* SPDX-License-Identifier: Apache-2.0 */
/* A process that is to make calls, and what became of that. */
#ifndef KSM_INJECT_TARGET_H
#define KSM_INJECT_TARGET_H

#include <sys/types.h>

#include "base/error.h"
#include "kernel/proc.h"

struct inject_target {
	pid_t pid; /* the process (its thread group) */
	int pidfd; /* opened when pid was known to be the right one */
	/*
	 * Its number under /proc, where that is another pid namespace's than ours (in LXC's
	 * mount hook); else 0. The leader makes the calls then: its threads have no number
	 * in common.
	 */
	pid_t proc_pid;
	pid_t tid; /* this thread is to make the calls; 0: the one that is disturbed least */
	/*
	 * What it was like a moment ago, if it is an init that its runtime has just started, else all
	 * zero: the tracer then begins where it is (inject.c).
	 */
	struct proc_stat seen;
	/* out: */
	int result;     /* 0 all calls returned 0, else -errno of the attempt or of a call */
	int stopped_us; /* how long the thread that made the calls was held up */
	struct error err;
};

#endif
