/* SPDX-License-Identifier: Apache-2.0 */
/* Have ksmd scan only those parts of a process that hold something merged, or all of it again. */
#ifndef KSM_NARROW_H
#define KSM_NARROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "inject/piece_plan.h"

struct narrow_target {
	pid_t pid;
	uint64_t start;
	/* Asked, if given, with the process pinned: is it still one that is meant? */
	bool (*still_right)(const void *arg, pid_t pid);
	const void *arg;
};

/* What was done to a process. */
struct narrowed {
	size_t runs;
	int stops;
	int stopped_us; /* the longest */
};

/*
 * Look where its merged pages are, in a child (kernel/watched.h). The plan is the caller's to free.
 * No more runs than leave it half of vm.max_map_count. 0, or -errno with err; -ESRCH: it has ended,
 * or is another one than start says.
 */
int narrow_plan(const struct narrow_target *t, struct piece_plan *p, struct error *err);

/*
 * Let it call madvise(MADV_UNMERGEABLE) for each run. What it maps later stays mergeable, as
 * PR_SET_MEMORY_MERGE is still set. It is stopped several times, for some calls each. 0, or -errno
 * with err: what was done by then stays done.
 */
int narrow_process(const struct narrow_target *t, const struct piece_plan *p,
		   struct narrowed *out, struct error *err);

/* Let it call madvise(MADV_MERGEABLE) for all that it has. */
int widen_process(const struct narrow_target *t, struct narrowed *out, struct error *err);

#endif
