/* SPDX-License-Identifier: Apache-2.0 */
/* The figures as they are now, for Prometheus: by `ksm-hook metrics` and by the node's agent. */
#ifndef KSM_METRICS_PRINT_H
#define KSM_METRICS_PRINT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "stats/capacity.h"
#include "stats/metrics_group.h"

/* What concerns no container, of which no process is looked at. 0 or -errno with err. */
int metrics_print_host(FILE *f, const char *config, struct error *err);

/* Memory that who looks and who stores the samples have in common. */
struct metrics_samples {
	struct capacity_history history;
	bool changed; /* it is to be stored */
};

/* NULL with err where there is no memory. */
struct metrics_samples *metrics_samples_make(struct error *err);

/* What path has; a file that is not to be used is begun anew, and said to be. */
void metrics_samples_load(struct metrics_samples *m, const char *path);

/*
 * After snapshot_prepare(); containers are judged by the files of config. in_time: for who gives
 * up soon. What can be promised is printed, too, and the sample added, unless samples is NULL.
 * 0 or -errno with err.
 */
int metrics_print(FILE *f, enum metrics_group group, const char *config, bool in_time,
		  struct metrics_samples *samples, struct error *err);

#endif
