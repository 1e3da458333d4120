/* SPDX-License-Identifier: Apache-2.0 */
/* What a shared layout adds to what is saved: which merged pages, and whose it is; pure. */
#ifndef KSM_LAYOUT_SAVED_H
#define KSM_LAYOUT_SAVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stats/aggregate.h"

/* A mapping of a merged page: of a process of a fork group, both counted from 0. */
struct page_mapping {
	uint64_t frame, addr;
	uint32_t group, process;
};

/*
 * The mappings of one frame, by rising groups: if the page holds an address, is it equal since they share a
 * layout? Not what fork has left in common, nor what one has that shares no layout.
 */
bool layout_may_save(const struct page_mapping *m, size_t n, const struct fork_group *group);

/*
 * Of such a frame: each fork group would have one of its own. Adds that to each of them, less its share of
 * the one that there is, in pages.
 */
void layout_saved_add(const struct page_mapping *m, size_t n, double *saved);

#endif
