/* SPDX-License-Identifier: Apache-2.0 */
/* What a command goes on with, once it knows what it has to do: the rest is given up for good. */
#ifndef KSM_PRIVILEGES_H
#define KSM_PRIVILEGES_H

#include "base/error.h"

enum privileges {
	PRIVILEGES_NONE,     /* what is root's by its owner */
	PRIVILEGES_COUNTERS, /* read /proc: ps, metrics, status, doctor */
	PRIVILEGES_PAGES,    /* and page frames: ps --exact, estimate */
	PRIVILEGES_OUTPUT,   /* the first, and replace a file anywhere: metrics --output */
	/* make an init mergeable, and give it a layout: hooks that have decided to */
	PRIVILEGES_HOOK,
	PRIVILEGES_INJECT, /* stop processes and have them make a call: attach, detach */
};

/*
 * Keep these capabilities at most, of those that the caller has, and gain none by an execve(2):
 * also where nobody confined us. Before any thread is made. 0, or -errno of the call that the
 * kernel refused: go no further then.
 */
int privileges_reduce(enum privileges keep, struct error *err);

/*
 * privileges_reduce(), and from now on, for this process and its children, no other program, no
 * file that is written to, no socket, no ptrace(2): a filter of system calls, which answers
 * ENOSYS. For a command, or a child (kernel/watched.h), that only reads; what it prints goes to descriptors that
 * are open. Where that was called before, by this process or a parent, nothing is changed.
 */
int privileges_only_look(enum privileges keep, struct error *err);

#endif
