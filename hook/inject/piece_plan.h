/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which parts of a process hold nothing that is merged. Pure: what is fed are its pages, in
 * pieces of 64 KiB; what comes out are runs of pieces without a merged page.
 */
#ifndef KSM_PIECE_PLAN_H
#define KSM_PIECE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/pagemap.h"

#define PIECE_BYTES (UINT64_C(64) << 10)

/* A mapping that ends within a huge page splits it: one is a piece. */
#define PIECE_HUGE_BYTES (UINT64_C(2) << 20)

/* So many runs at most, of which each makes two mappings more, of a process. */
#define PIECE_RUNS_MAX 1024

struct piece_run {
	uint64_t start, end;
	uint64_t pages; /* in memory, that ksmd would keep a record of */
};

struct piece_plan {
	struct piece_run *run; /* the caller frees it; by address after piece_plan_choose() */
	size_t n, capacity;
	uint64_t pages;  /* of the whole process */
	bool zero_pages; /* ksmd merges with the kernel's zero page */
	/* the piece that pages come from */
	uint64_t at, at_end, at_pages;
	bool at_merged;
};

/*
 * Pages, addresses rising, in as many calls as it takes. Of more runs than anyone could use the
 * longest are kept, so that memory is bounded. 0, -ENOMEM.
 */
int piece_plan_add(struct piece_plan *p, const struct page *page, size_t n);

/*
 * After the last one: keep the longest runs, max at most, which are worth a mapping each. 0,
 * -ENOMEM.
 */
int piece_plan_choose(struct piece_plan *p, size_t max);

/*
 * Can that be a plan that piece_plan_choose() has made? What looked at a process answers it, and was in reach of what
 * it looked at. Only pages and the runs count.
 */
bool piece_plan_is_possible(const struct piece_plan *p);

/* Of the pages, those that are in runs. */
uint64_t piece_plan_freed(const struct piece_plan *p);

/* Does it pay: are a quarter of the pages in runs? */
bool piece_plan_pays(const struct piece_plan *p);

#endif
