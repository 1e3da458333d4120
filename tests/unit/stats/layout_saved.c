/* SPDX-License-Identifier: Apache-2.0 */
/* Which merged pages are a layout's, and how it is shared out: no more than all containers save together. */
#include "stats/layout_saved.h"

#include "base/macros.h"
#include "check.h"

#define MAPPINGS_MAX 6

/* Groups 0 to 3 share a layout, 4 does not. */
static struct fork_group group[5];

static const struct {
	const char *name;
	size_t n;
	uint32_t of[MAPPINGS_MAX]; /* the groups of the mappings */
	bool may;
	double saved[5]; /* in pages */
} frames[] = {
	{ "nobody", 0, { 0 }, false, { 0 } },
	{ "one mapping", 1, { 0 }, false, { 0 } },
	{ "forked processes", 3, { 1, 1, 1 }, false, { 0 } },
	{ "two containers", 2, { 0, 1 }, true, { 0.5, 0.5 } },
	{ "the last two", 2, { 2, 3 }, true, { 0, 0, 0.5, 0.5 } },
	{ "four containers", 4, { 0, 1, 2, 3 }, true, { 0.75, 0.75, 0.75, 0.75 } },
	{ "one has forked", 4, { 0, 0, 0, 2 }, true, { 0.25, 0, 0.75 } },
	{ "both have forked", 5, { 0, 0, 1, 1, 1 }, true, { 0.6, 0.4 } },
	{ "a private layout first of all", 2, { 4, 4 }, false, { 0 } },
	{ "a private layout too", 3, { 0, 1, 4 }, false, { 0 } },
	{ "a private layout and one shared", 2, { 3, 4 }, false, { 0 } },
};

static void whose(void)
{
	for (size_t i = 0; i < 4; i++)
		group[i].by_layout.known = true;
	for (size_t f = 0; f < ARRAY_SIZE(frames); f++) {
		struct page_mapping m[MAPPINGS_MAX] = { 0 };
		double saved[5] = { 0 }, all = 0;
		bool may;

		check_case = frames[f].name;
		for (size_t i = 0; i < frames[f].n; i++)
			m[i].group = frames[f].of[i];
		may = layout_may_save(m, frames[f].n, group);
		CHECK_INT(may, frames[f].may);
		if (may)
			layout_saved_add(m, frames[f].n, saved);
		for (size_t i = 0; i < ARRAY_SIZE(saved); i++) {
			double d = saved[i] - frames[f].saved[i];

			CHECK(d < 1e-9 && d > -1e-9);
			all += saved[i];
		}
		/* the frame that there is remains */
		CHECK(frames[f].n == 0 || all < (double)frames[f].n);
	}
}

/* Frame after frame into the same sums. */
static void adds_up(void)
{
	struct page_mapping m[] = { { .group = 1 }, { .group = 3 } };
	double saved[5] = { 0 };

	for (int i = 0; i < 10; i++)
		layout_saved_add(m, 2, saved);
	CHECK(saved[0] == 0 && saved[1] == 5 && saved[2] == 0 && saved[3] == 5);
}

int main(void)
{
	RUN(whose);
	RUN(adds_up);
	return check_end();
}
