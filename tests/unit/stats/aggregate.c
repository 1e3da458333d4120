/* SPDX-License-Identifier: Apache-2.0 */
/* The topmost ancestors of processes: of trees, of what is not known, and in linear time. */
#include "stats/aggregate.h"

#include <stdlib.h>

#include "check.h"

#define OUT  PARENT_OUTSIDE
#define GONE PARENT_UNKNOWN
#define NONE TOPMOST_UNKNOWN

static const struct {
	const char *what;
	size_t n, parent[6], topmost[6];
} cases[] = {
	{ "one", 1, { OUT }, { 0 } },
	{ "one whose parent is not known", 1, { GONE }, { NONE } },
	{ "a chain", 4, { OUT, 0, 1, 2 }, { 0, 0, 0, 0 } },
	{ "a chain by falling numbers", 4, { 1, 2, 3, OUT }, { 3, 3, 3, 3 } },
	{ "two trees", 6, { OUT, 0, 0, OUT, 3, 4 }, { 0, 0, 0, 3, 3, 3 } },
	{ "below one that has ended", 3, { GONE, 0, OUT }, { NONE, NONE, 2 } },
	{ "a circle", 3, { 1, 2, 0 }, { NONE, NONE, NONE } },
	{ "its own parent", 2, { 0, OUT }, { NONE, 1 } },
	{ "into a circle", 5, { 1, 2, 1, 0, OUT }, { NONE, NONE, NONE, NONE, 4 } },
};

/* falling: children have lower numbers than their parents */
static void deep_chain(size_t n, bool falling)
{
	size_t *parent = calloc(n, sizeof(*parent)), *topmost = calloc(n, sizeof(*topmost));
	size_t wrong = 0, top = falling ? n - 1 : 0;

	if (!parent || !topmost)
		abort();
	for (size_t i = 0; i < n; i++)
		parent[i] = i == top ? OUT : falling ? i + 1 : i - 1;
	CHECK(find_topmost(parent, n, topmost) <= 2 * n);
	for (size_t i = 0; i < n; i++)
		wrong += topmost[i] != top;
	CHECK_INT(wrong, 0);
	free(parent);
	free(topmost);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t topmost[6];

		check_case = cases[i].what;
		CHECK(find_topmost(cases[i].parent, cases[i].n, topmost) <= 2 * cases[i].n);
		for (size_t k = 0; k < cases[i].n; k++)
			CHECK_INT(topmost[k], cases[i].topmost[k]);
	}
	check_case = "10,000 nested";
	deep_chain(10000, false);
	deep_chain(10000, true);
	return check_end();
}
