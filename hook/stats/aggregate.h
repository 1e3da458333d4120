/* SPDX-License-Identifier: Apache-2.0 */
/* Puts processes together: those that were forked from each other, and those of a container. */
#ifndef KSM_AGGREGATE_H
#define KSM_AGGREGATE_H

#include "stats/snapshot.h"

/*
 * Processes that were forked without executing another program, or a single one: n from p on
 * in the list of all.
 */
struct fork_group {
	struct process_stats *p;
	size_t n;
	size_t container; /* groups of one container have the same, counted from 0 */
	struct saving saving;
	struct charges charges; /* the container's, in its first group; known where exact */
	struct layout_saving by_layout;
};

/*
 * Sorts the processes by container and by fork group. Sets memory.own to 0 where it matters
 * how much memory a process has of its own. 0 or -ENOMEM.
 */
int find_fork_groups(struct process_stats *p, size_t n, struct fork_group **group,
		     size_t *groups);

/*
 * The same per container: one row for each, with the processes and savings of its groups.
 * 0 or -ENOMEM.
 */
int aggregate_containers(struct snapshot *out, struct process_stats *p, size_t n,
			 const struct fork_group *group, size_t groups);

/* Add the figures of one to another's. */
void container_stats_add(struct container_stats *to, const struct container_stats *c);

struct saving fork_group_saving(const struct process_stats *p, size_t n, double share);

#define PARENT_OUTSIDE  SIZE_MAX
#define PARENT_UNKNOWN  (SIZE_MAX - 1)
#define TOPMOST_UNKNOWN SIZE_MAX

/*
 * Pure: for each of n processes, the last one of its ancestors that is among them. parent has
 * the index of each one's parent, or says that this is outside or not known. A process whose
 * ancestors are not known, or go in a circle, has none. Returns how many steps that took: at
 * most two per process, however deep they are nested.
 */
size_t find_topmost(const size_t *parent, size_t n, size_t *topmost);

#endif
