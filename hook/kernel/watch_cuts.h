/* SPDX-License-Identifier: Apache-2.0 */
/* Of kernel/watched.c: the containers whose processes took too long to be read, one by one. */
#ifndef KSM_WATCH_CUTS_H
#define KSM_WATCH_CUTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "kernel/read_budget.h"

/* A container whose time was up lately. */
struct watched_cut {
	uint64_t group; /* watched_group() */
	pid_t pid;      /* the process with which it was */
	int64_t ms;     /* when: base/clock.h */
};

/* So many at most. */
#define WATCH_CUTS_MAX 1024

/* In shared memory, and used by several threads; all zero to begin with. */
struct watch_cuts {
	size_t n;
	struct watched_cut cut[WATCH_CUTS_MAX]; /* in ascending order of time */
	struct read_budget budget;
};

/* All are to be read anew; who was cut stays so. */
void watch_cuts_begin(struct watch_cuts *c);
/* A process of the group took so long to be read. */
void watch_cuts_charge(struct watch_cuts *c, pid_t pid, uint64_t group, int64_t ms);
const struct watched_cut *watch_cuts_all(const struct watch_cuts *c, size_t *n);
bool watch_cuts_have(const struct watch_cuts *c, uint64_t group);
/* Those of so many ms ago and longer, max at a time. */
void watch_cuts_forget(struct watch_cuts *c, int64_t ms, size_t max);

#endif
