/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long reading the mappings of one container's processes may take, so that one with many large
 * processes does not keep all others' figures from being had in time.
 */
#ifndef KSM_READ_BUDGET_H
#define KSM_READ_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

/* Milliseconds for each container; and once all together took so long, what is left for each. */
#define READ_BUDGET_MS       500
#define READ_BUDGET_ALL_MS   3000
#define READ_BUDGET_LEAST_MS 20

/* Containers go by a hash; two that fall together share what there is. All zero to begin with. */
#define READ_BUDGET_CONTAINERS 4096

/* May be used by several threads. */
struct read_budget {
	int64_t all_us;
	int64_t of_us[READ_BUDGET_CONTAINERS];
};

bool read_budget_is_left(const struct read_budget *b, uint64_t container);
void read_budget_use(struct read_budget *b, uint64_t container, int64_t us);

#endif
