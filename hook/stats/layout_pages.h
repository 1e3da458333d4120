/* SPDX-License-Identifier: Apache-2.0 */
/* Reads merged pages of containers that share a layout: which of them hold an address. */
#ifndef KSM_LAYOUT_PAGES_H
#define KSM_LAYOUT_PAGES_H

#include "stats/layout_saved.h"

/*
 * Fill in what the layout adds to the savings of the groups that share one. The mappings are those of all
 * merged pages, sorted by frame and group. Of a page it is only kept whether there is an address in it; what
 * cannot be read has none. In a child (kernel/watched.h). 0 or -ENOMEM.
 */
int layout_pages_measure(const struct page_mapping *m, size_t n, struct fork_group *group,
			 size_t groups);

#endif
