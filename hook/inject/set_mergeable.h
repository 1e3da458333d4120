/* SPDX-License-Identifier: Apache-2.0 */
/* Make running processes mergeable, or disable merging, until none is left that is not. */
#ifndef KSM_SET_MERGEABLE_H
#define KSM_SET_MERGEABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "inject/merge_plan.h"
#include "kernel/memory_headroom.h"

/* Processes of one container that did not answer in time. */
struct merge_lost {
	uint64_t group; /* watched_group() */
	size_t n;
};

struct set_mergeable {
	bool off; /* disable merging */
	enum merge_method method;
	int timeout_ms; /* for a process to enter the kernel */
	int call_ms;    /* and for their calls, beyond that, those that are tried together */
	bool retry;     /* those that failed before, too */
	int64_t max_sparse; /* as merge_plan.h has it */
	bool named; /* looking at them may take as long as it takes, else some seconds a container */
	/*
	 * Asked, if given, with the process pinned: is it still one that is meant? A number
	 * may have come to mean another process since the list was made.
	 */
	bool (*still_right)(const void *arg, pid_t pid);
	const void *arg;
	/* Asked, if given, at the beginning and before each batch; -errno with err ends the pass. */
	int (*may_go_on)(struct error *err);
	/* out: */
	struct merge_lost *lost; /* in this round: set n_lost to 0 before the next */
	size_t n_lost;
	size_t already;        /* of the last list, those that were as wanted without us */
	size_t ended;          /* and those that had ended when it was their turn */
	struct merge_row *row; /* by process id */
	size_t n;
};

/*
 * One pass over those that a walk visits, *found of them; on those that are not as wanted it is
 * tried. Returns how many these were, or -errno with err. A caller who repeats this until it
 * returns 0 misses none that was forked meanwhile. Those on which it failed are tried again with
 * retry only. What was done before may_go_on() said no is in the rows.
 */
ssize_t set_mergeable_walk(struct set_mergeable *m, merge_walk *walk, const void *arg,
			   size_t *found, struct error *err);

/*
 * The same over a list. What one of it forked and left behind when it ended is in none: as long as
 * some have ended (m->ended), there may be one.
 */
ssize_t set_mergeable_pass(struct set_mergeable *m, const pid_t *pids, size_t n,
			   struct error *err);

/*
 * Those that set_mergeable_walk() would try it on, with the memory that their copies take if it is
 * to disable merging: *n of them, for the caller to free. 0 or -errno with err.
 */
int set_mergeable_copies(const struct set_mergeable *m, merge_walk *walk, const void *arg,
			 struct room_need **need, size_t *n, struct error *err);

size_t set_mergeable_failed(const struct set_mergeable *m);
void set_mergeable_free(struct set_mergeable *m);

#endif
