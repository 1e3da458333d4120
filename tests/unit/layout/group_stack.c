/* SPDX-License-Identifier: Apache-2.0 */
/* Which stack limits there are to choose from, by the size of a page and by memory. */
#include "layout/group_stack.h"

#include "base/macros.h"
#include "check.h"

#define MIB (UINT64_C(1) << 20)

static const struct {
	uint64_t page, memory, choices;
} cases[] = {
	{ 4096, 65536 * MIB, 262144 },
	{ 4096, 1152 * MIB, 262144 },
	{ 4096, 1152 * MIB - 1, 262143 },
	{ 4096, 1024 * MIB, 229376 },
	{ 4096, 384 * MIB, 65536 },
	{ 4096, 384 * MIB - 1, 0 },
	{ 4096, 128 * MIB, 0 },
	{ 4096, 64 * MIB, 0 },
	{ 4096, 0, 0 },
	{ 16384, 65536 * MIB, 262144 },
	{ 16384, 4224 * MIB, 262144 },
	{ 16384, 4096 * MIB, 253952 },
	{ 16384, 1152 * MIB, 65536 },
	{ 16384, 1152 * MIB - 1, 0 },
	{ 65536, 65536 * MIB, 262144 },
	{ 65536, 16512 * MIB, 262144 },
	{ 65536, 8192 * MIB, 129024 },
	{ 65536, 4224 * MIB, 65536 },
	{ 65536, 4224 * MIB - 1, 0 },
};

static void choices(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		CHECK_INT(group_stack_choices(cases[i].page, cases[i].memory),
			  cases[i].choices);
}

/* Whole pages, each of the choices another, and the largest is no larger than all memory. */
static void limits(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const uint64_t page = cases[i].page, n = cases[i].choices;

		if (n == 0)
			continue;
		CHECK_INT(group_stack_limit(0, n, page), 128 * MIB);
		CHECK_INT(group_stack_limit(1, n, page), 128 * MIB + page);
		CHECK_INT(group_stack_limit(n - 1, n, page), 128 * MIB + (n - 1) * page);
		CHECK(group_stack_limit(n - 1, n, page) <= cases[i].memory);
		CHECK_INT(group_stack_limit(n, n, page), 128 * MIB);
		CHECK_INT(group_stack_limit(UINT64_MAX, n, page) % page, 0);
		CHECK(group_stack_limit(UINT64_MAX, n, page) <= cases[i].memory);
	}
}

int main(void)
{
	RUN(choices);
	RUN(limits);
	return check_end();
}
