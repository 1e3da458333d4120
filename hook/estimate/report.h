/* SPDX-License-Identifier: Apache-2.0 */
/* An estimate as a table and as JSON. */
#ifndef KSM_REPORT_H
#define KSM_REPORT_H

#include "estimate/estimate.h"

/* Both to stdout. */
void estimate_print(const struct estimate *e);

/* 0 or -errno. */
int estimate_print_json(const struct estimate *e);

#endif
