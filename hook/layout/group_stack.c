/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: which stack limits the groups of a machine may have. */
#include "layout/group_stack.h"

uint64_t group_stack_choices(uint64_t page, uint64_t memory)
{
	uint64_t n = memory > GROUP_STACK_MIN ? (memory - GROUP_STACK_MIN) / page : 0;

	if (n > GROUP_CHOICES_MOST)
		return GROUP_CHOICES_MOST;
	return n < GROUP_CHOICES_LEAST ? 0 : n;
}

uint64_t group_stack_limit(uint64_t random, uint64_t choices, uint64_t page)
{
	return GROUP_STACK_MIN + random % choices * page;
}
