/* SPDX-License-Identifier: Apache-2.0 */
/* What a shared layout adds to what is saved: which merged pages, and whose it is; pure. */
#include "stats/layout_saved.h"

bool layout_may_save(const struct page_mapping *m, size_t n, const struct fork_group *group)
{
	for (size_t i = 0; i < n; i++) {
		if (!group[m[i].group].by_layout.known)
			return false;
	}
	return n && m[n - 1].group != m[0].group;
}

void layout_saved_add(const struct page_mapping *m, size_t n, double *saved)
{
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || m[i].group != m[i - 1].group)
			saved[m[i].group] += 1;
		saved[m[i].group] -= 1.0 / (double)n;
	}
}
