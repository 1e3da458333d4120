/* SPDX-License-Identifier: Apache-2.0 */
/* How long reading the mappings of one container's processes may take. */
#include "kernel/read_budget.h"

/* Where a container's time is added up: found or made without a lock. */
static int64_t *used_by(struct read_budget *b, uint64_t container)
{
	container += !container;
	for (uint64_t i = 0; i < READ_BUDGET_CONTAINERS; i++) {
		uint64_t at = (container + i) % READ_BUDGET_CONTAINERS, there = 0;

		if (__atomic_compare_exchange_n(&b->of[at].container, &there, container, false,
						__ATOMIC_RELAXED, __ATOMIC_RELAXED) ||
		    there == container)
			return &b->of[at].us;
	}
	return &b->of[container % READ_BUDGET_CONTAINERS].us;
}

bool read_budget_is_left(struct read_budget *b, uint64_t container)
{
	int64_t used = __atomic_load_n(used_by(b, container), __ATOMIC_RELAXED);
	int64_t all = __atomic_load_n(&b->all_us, __ATOMIC_RELAXED);

	return used <
	       1000 * (all < 1000 * b->limit.all_ms ? b->limit.each_ms : b->limit.least_ms);
}

void read_budget_use(struct read_budget *b, uint64_t container, int64_t us)
{
	__atomic_fetch_add(used_by(b, container), us, __ATOMIC_RELAXED);
	__atomic_fetch_add(&b->all_us, us, __ATOMIC_RELAXED);
}
