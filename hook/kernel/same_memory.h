/* SPDX-License-Identifier: Apache-2.0 */
/* Processes that share an address space (CLONE_VM): what is counted of it is counted once. */
#ifndef KSM_SAME_MEMORY_H
#define KSM_SAME_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct memory_user {
	pid_t task; /* kernel/process.h */
	uint64_t
		group; /* only those of one are compared: of one container, or watched_group() */
	size_t index;  /* the caller's */
	bool partial;  /* what is known of its memory is not all: rather another one counts */
};

/*
 * Calls shares with the index of each process but one of those that share an address space: the one
 * with the lowest index that is not partial counts. The kernel is asked n log n times (kcmp(2)); where
 * it has no such call (CONFIG_KCMP), or does not let us, nobody shares. In a child (kernel/watched.h):
 * who executes another program can hold it up. u is put into another order. 0 or -ENOMEM.
 */
int same_memory_find(struct memory_user *u, size_t n, void (*shares)(void *arg, size_t index),
		     void *arg);

#endif
