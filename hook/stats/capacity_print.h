/* SPDX-License-Identifier: Apache-2.0 */
/* What can be promised, as a text, as JSON and as metrics. */
#ifndef KSM_CAPACITY_PRINT_H
#define KSM_CAPACITY_PRINT_H

#include <stdio.h>

#include "stats/capacity_report.h"

/* As a text, with why nothing is promised where that is so. */
void capacity_print(FILE *f, const struct capacity_report *r);

/* On stdout. 0 or -ENOMEM. */
int capacity_print_json(const struct capacity_report *r);

/* As Prometheus has them: ksm_hook_capacity_*. */
void capacity_metrics(FILE *f, const struct capacity_report *r);

#endif
