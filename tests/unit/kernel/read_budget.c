/* SPDX-License-Identifier: Apache-2.0 */
/* One container uses up what is its own, all together what is more than little. */
#include "kernel/read_budget.h"

#include "check.h"

#define LIMITS                                                 \
	{                                                      \
		.each_ms = 500, .all_ms = 3000, .least_ms = 20 \
	}

static void one_container(void)
{
	static struct read_budget b = { LIMITS };

	CHECK(read_budget_is_left(&b, 7));
	read_budget_use(&b, 7, 499999);
	CHECK(read_budget_is_left(&b, 7));
	read_budget_use(&b, 7, 1);
	CHECK(!read_budget_is_left(&b, 7));
	CHECK(read_budget_is_left(&b, 8));
	CHECK(read_budget_is_left(&b, 0));
	CHECK(read_budget_is_left(&b, UINT64_MAX));
	/* whose hash falls to the same place has its own */
	CHECK(read_budget_is_left(&b, 7 + (uint64_t)READ_BUDGET_CONTAINERS * 1000));
	read_budget_use(&b, 7 + (uint64_t)READ_BUDGET_CONTAINERS * 1000, 500000);
	CHECK(!read_budget_is_left(&b, 7 + (uint64_t)READ_BUDGET_CONTAINERS * 1000));
	CHECK(read_budget_is_left(&b, 7 + (uint64_t)READ_BUDGET_CONTAINERS));
}

/* 0 is a container like others, and not a place that is free. */
static void container_of_no_number(void)
{
	static struct read_budget b = { LIMITS };

	read_budget_use(&b, 0, 500000);
	CHECK(!read_budget_is_left(&b, 0));
	CHECK(read_budget_is_left(&b, READ_BUDGET_CONTAINERS));
	CHECK(read_budget_is_left(&b, 2));
	CHECK(read_budget_is_left(&b, UINT64_MAX));
	read_budget_use(&b, UINT64_C(1) << 63, 500000);
	CHECK(!read_budget_is_left(&b, UINT64_C(1) << 63));
	CHECK(read_budget_is_left(&b, UINT64_C(2) * READ_BUDGET_CONTAINERS));
}

static void all_together(void)
{
	static struct read_budget b = { LIMITS };

	for (uint64_t i = 1; i <= 30; i++) {
		read_budget_use(&b, i, 100000);
		CHECK_INT(read_budget_is_left(&b, i), i < 30);
	}
	/* each has had its own, and one that comes now gets little */
	CHECK(!read_budget_is_left(&b, 1));
	CHECK(read_budget_is_left(&b, 1000));
	read_budget_use(&b, 1000, 20000);
	CHECK(!read_budget_is_left(&b, 1000));
	CHECK(read_budget_is_left(&b, 1001));
}

static void more_than_are_told_apart(void)
{
	static struct read_budget b = { LIMITS };

	for (uint64_t i = 1; i <= UINT64_C(3) * READ_BUDGET_CONTAINERS; i++)
		CHECK(read_budget_is_left(&b, i));
	/* then two share one's time */
	read_budget_use(&b, 5 + READ_BUDGET_CONTAINERS, 500000);
	CHECK(!read_budget_is_left(&b, 5));
	CHECK(read_budget_is_left(&b, 6));
}

int main(void)
{
	RUN(one_container);
	RUN(container_of_no_number);
	RUN(all_together);
	RUN(more_than_are_told_apart);
	return check_end();
}
