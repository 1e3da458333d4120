/* SPDX-License-Identifier: Apache-2.0 */
/* Of kernel/watched.c: the processes that held a reader up, and are left out for that. */
#ifndef KSM_WATCH_LOST_H
#define KSM_WATCH_LOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* So many at most are left out, and named. */
#define WATCH_LOST_MAX 1024
/* So many of one group are waited for, then it is left out as a whole. */
#define WATCH_LOST_OF_GROUP 3
#define WATCH_LOST_GROUPS   64

/* All zero to begin with. */
struct watch_lost {
	size_t n, n_groups;
	pid_t pid[WATCH_LOST_MAX];
	int64_t ms[WATCH_LOST_MAX];        /* when: base/clock.h; in ascending order */
	uint64_t group_of[WATCH_LOST_MAX]; /* watched_group() */
	uint64_t group[WATCH_LOST_GROUPS]; /* left out as a whole */
};

/* Once for each process; what there is no room for is not left out. */
void watch_lost_add(struct watch_lost *l, pid_t pid, uint64_t group);
bool watch_lost_has(const struct watch_lost *l, pid_t pid);
bool watch_lost_has_group(const struct watch_lost *l, uint64_t group);
/*
 * Those of so many ms ago and longer, with their groups, max at a time: each that still holds its lock
 * costs time again.
 */
void watch_lost_forget(struct watch_lost *l, int64_t ms, size_t max);

#endif
