/* SPDX-License-Identifier: Apache-2.0 */
/* An estimate as metrics of Prometheus. */
#ifndef KSM_ESTIMATE_METRICS_H
#define KSM_ESTIMATE_METRICS_H

#include <stdio.h>

#include "estimate/estimate.h"

/* ksm_hook_estimate_*, with the labels engine and id, as those of containers have them. */
void estimate_metrics(FILE *f, const struct estimate *e);

#endif
