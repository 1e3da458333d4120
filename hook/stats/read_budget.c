/* SPDX-License-Identifier: Apache-2.0 */
/* How long reading the mappings of one container's processes may take. */
#include "stats/read_budget.h"

bool read_budget_is_left(const struct read_budget *b, uint64_t container)
{
	int64_t used = __atomic_load_n(&b->of_us[container % READ_BUDGET_CONTAINERS],
				       __ATOMIC_RELAXED);
	int64_t all = __atomic_load_n(&b->all_us, __ATOMIC_RELAXED);

	int64_t ms = all < INT64_C(1000) * READ_BUDGET_ALL_MS ? READ_BUDGET_MS :
								READ_BUDGET_LEAST_MS;

	return used < 1000 * ms;
}

void read_budget_use(struct read_budget *b, uint64_t container, int64_t us)
{
	__atomic_fetch_add(&b->of_us[container % READ_BUDGET_CONTAINERS], us, __ATOMIC_RELAXED);
	__atomic_fetch_add(&b->all_us, us, __ATOMIC_RELAXED);
}
