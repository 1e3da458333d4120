/* SPDX-License-Identifier: Apache-2.0 */
/* What merging saves, computed from what processes use now: pure arithmetic, all in bytes. */
#ifndef KSM_SAVINGS_H
#define KSM_SAVINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline int64_t lesser(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static inline int64_t greater(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Of one process; from /proc/PID/smaps_rollup unless said otherwise. */
struct process_memory {
	int64_t anonymous;    /* resident anonymous memory, merged pages included */
	int64_t proportional; /* the same, each page divided by the mappings that use it */
	int64_t merged;       /* the part of it that is in merged pages */
	int64_t zeros;        /* mapped to the kernel's zero page by ksmd (ksm_stat) */
	int64_t own;          /* most that it can have of its own since fork; -1: not known */
};

/*
 * At least and at most: a page that several processes had in common before it was merged
 * (fork) was one page already, and afterwards nothing tells it from equal pages of each.
 */
struct saving {
	int64_t least, most;
};

/* What of it a shared layout adds, at least; where one is shared, and that was measured. */
struct layout_saving {
	bool known;
	int64_t least;
};

/*
 * Processes that were forked without executing another program, or a single one. share is
 * how much of a page one mapping uses on the average: shared pages by mappings of them.
 */
struct saving saving_of_group(const struct process_memory *p, size_t n, double share);

/*
 * The same where every merged page was read: how many bytes of them are distinct, and how many
 * bytes of their frames are the group's share.
 */
struct saving saving_of_group_exactly(const struct process_memory *p, size_t n,
				      int64_t distinct, double frames);

#endif
