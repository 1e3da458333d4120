/* SPDX-License-Identifier: Apache-2.0 */
/* economize: the container that something is done to, and what was done. */
#ifndef KSM_ECONOMIZE_TARGET_H
#define KSM_ECONOMIZE_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "containers/identify.h"
#include "containers/targets.h"
#include "kernel/memory_cgroup.h"

/* Points to itself, once economize_target_find() has filled it in: not to be copied then. */
struct economize_target {
	/* a container, by its name and by a process that has to be in it still */
	struct container_name name;
	pid_t pid;
	uint64_t start;
	/* its cgroup (stats/economy_place.h), whose processes are meant */
	struct memory_cgroup place;
	struct target in;
	struct target_set set;
};

struct economize_change {
	size_t done, failed;
	int stopped_us; /* the longest of a process */
	/* where pieces were left out: */
	size_t runs;
	uint64_t pages,
		freed;       /* in the memory of those done: all, and those that are left out */
	uint64_t kept;       /* of all processes, pages that are still scanned */
	pid_t anchor;        /* of those done, the one with the most that is left out, */
	uint64_t most_freed; /* which is so much */
};

/* Fill in all but name and pid. 0; -ESRCH with err: it has ended, or has no cgroup of its own. */
int economize_target_find(struct economize_target *t, struct error *err);

/* As merge_plan.h's walks: what runs in it now. arg is a struct economize_target. */
int economize_target_walk(const void *arg, int (*visit)(pid_t pid, void *to), void *to,
			  struct error *err);

/* Is a process in it, and it the same still? */
bool economize_target_has(const void *arg, pid_t pid);

#endif
