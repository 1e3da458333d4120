/* SPDX-License-Identifier: Apache-2.0 */
/* Exact savings: for every merged page, where it is mapped and how often. */
#ifndef KSM_EXACT_H
#define KSM_EXACT_H

#include "base/error.h"
#include "stats/aggregate.h"

/* Fill in the savings and charges of the groups from every merged page. 0 or -errno with err. */
int measure_exactly(struct fork_group *group, size_t n, struct error *err);

#endif
