/* SPDX-License-Identifier: Apache-2.0 */
/* Whom the kernel charges for merged pages: pure arithmetic, all in bytes. */
#ifndef KSM_CHARGES_H
#define KSM_CHARGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stats/savings.h"

/*
 * A merged page stays charged to the memory cgroup of the process whose page it was; those whose
 * equal pages were given up for it pay nothing.
 */
struct charges {
	bool known;
	/* what its cgroup pays for merged pages that others use, too; at least and at most */
	int64_t charged_least, charged_most;
	/* merged pages that it uses, and another cgroup pays for */
	int64_t elsewhere_least, elsewhere_most;
	bool open; /* of a sum: not all of it is known, so there is no "at most" */
};

/* Anonymous memory of one or several fork groups. */
struct charge_base {
	int64_t unmerged_least, unmerged_most; /* distinct pages that are not merged */
	int64_t frames_least, frames_most;     /* its share of the merged pages' frames */
	int64_t merged; /* mappings of merged pages, the zero page's left out */
};

/* Processes that were forked without executing another program, or a single one. */
struct charge_base charge_base_of_group(const struct process_memory *p, size_t n);

void charge_base_add(struct charge_base *to, const struct charge_base *b);

/*
 * charged is all anonymous memory that the container's cgroup pays for, shared all merged pages of
 * the machine (pages_shared). What it pays for that no process of it has is taken to be merged.
 */
struct charges charges_of(const struct charge_base *b, int64_t charged, int64_t shared);

/* A sum is known if each of it is. */
void charges_add(struct charges *to, const struct charges *c);

/*
 * A sum of which some may not be known: it is at least what is known. Who has nothing merged does
 * not count unless he is known.
 */
void charges_add_open(struct charges *to, bool to_counts, const struct charges *c, bool counts);

#endif
