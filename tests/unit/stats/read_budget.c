/* SPDX-License-Identifier: Apache-2.0 */
/* One container uses up what is its own, all together what is more than little. */
#include "stats/read_budget.h"

#include "check.h"

static void one_container(void)
{
	static struct read_budget b;

	CHECK(read_budget_is_left(&b, 7));
	read_budget_use(&b, 7, 1000 * READ_BUDGET_MS - 1);
	CHECK(read_budget_is_left(&b, 7));
	read_budget_use(&b, 7, 1);
	CHECK(!read_budget_is_left(&b, 7));
	CHECK(read_budget_is_left(&b, 8));
	/* by a hash of any size */
	CHECK(!read_budget_is_left(&b, 7 + (uint64_t)READ_BUDGET_CONTAINERS * 1000));
	CHECK(read_budget_is_left(&b, UINT64_MAX));
}

static void all_together(void)
{
	static struct read_budget b;

	for (uint64_t i = 0; i < READ_BUDGET_ALL_MS / 100; i++)
		read_budget_use(&b, i, INT64_C(100) * 1000);
	/* each has had its own, and one that comes now gets little */
	CHECK(!read_budget_is_left(&b, 0));
	CHECK(read_budget_is_left(&b, 1000));
	read_budget_use(&b, 1000, INT64_C(1000) * READ_BUDGET_LEAST_MS);
	CHECK(!read_budget_is_left(&b, 1000));
	CHECK(read_budget_is_left(&b, 1001));
}

int main(void)
{
	RUN(one_container);
	RUN(all_together);
	return check_end();
}
