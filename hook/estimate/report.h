/* SPDX-License-Identifier: Apache-2.0 */
/* An estimate as a table and as JSON. */
#ifndef KSM_REPORT_H
#define KSM_REPORT_H

#include <stdint.h>

#include "estimate/estimate.h"

/* Both to stdout. */
void estimate_print(const struct estimate *e);

/* 0 or -ENOMEM. */
int estimate_print_json(const struct estimate *e);

/* Bytes of the kernel's that ksmd would need for a container. */
int64_t estimate_cost(const struct estimate_row *r);

/* What ksmd would take to merge all of it once. */
double estimate_cpu_seconds(const struct estimate *e);

#endif
