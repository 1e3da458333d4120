/* SPDX-License-Identifier: Apache-2.0 */
/* What merging saves, told from what processes use now: pure arithmetic, all in bytes. */
#ifndef KSM_SAVING_H
#define KSM_SAVING_H

#include <stddef.h>
#include <stdint.h>

/* One process; of /proc/PID/smaps_rollup unless said otherwise. */
struct saving_process {
	int64_t anonymous;    /* resident anonymous memory, merged pages included */
	int64_t proportional; /* the same, each page divided by the places that use it */
	int64_t merged;       /* of it in merged pages */
	int64_t zeros;        /* in the kernel's page of zeros, put there by ksmd (ksm_stat) */
	int64_t own;          /* most that it can have of its own since fork; -1: no telling */
};

/*
 * At least and at most: a page that several processes had in common before it was merged
 * (fork) was one page already, and afterwards nobody can tell it from equal pages of each.
 */
struct saving {
	int64_t least, most;
};

/*
 * Processes that were forked without executing another program, or a single one. share is
 * how much of a page one place uses on the average: kept pages by places that use them.
 */
struct saving saving_of_family(const struct saving_process *p, size_t n, double share);

/* The same where the pages were looked at: distinct ones, and what their frames take of it. */
struct saving saving_exactly(const struct saving_process *p, size_t n, int64_t distinct,
			     double frames);

#endif
