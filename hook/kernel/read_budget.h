/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long reading the mappings of one container's processes may take, so that one with many large
 * or slow processes does not keep all others' figures from being had in time.
 */
#ifndef KSM_READ_BUDGET_H
#define KSM_READ_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

/* Milliseconds for each container; and once all together took as long as all_ms, what is left for each. */
struct read_limits {
	int64_t each_ms, all_ms, least_ms;
};

/* More than so many are not told apart. */
#define READ_BUDGET_CONTAINERS 4096

/* May be used by several threads, and in shared memory. All zero but for the limits to begin with. */
struct read_budget {
	struct read_limits limit;
	int64_t all_us;
	struct {
		uint64_t container; /* 0: free */
		int64_t us;
	} of[READ_BUDGET_CONTAINERS];
};

/* By any number that tells containers apart. */
bool read_budget_is_left(struct read_budget *b, uint64_t container);
void read_budget_use(struct read_budget *b, uint64_t container, int64_t us);

#endif
