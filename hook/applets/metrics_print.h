/* SPDX-License-Identifier: Apache-2.0 */
/* The figures as they are now, for Prometheus: by `ksm-hook metrics` and by the node's agent. */
#ifndef KSM_METRICS_PRINT_H
#define KSM_METRICS_PRINT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "stats/metrics_group.h"

/* What concerns no container, of which no process is looked at. 0 or -errno with err. */
int metrics_print_host(FILE *f, const char *config, struct error *err);

/*
 * After snapshot_prepare(); containers are judged by the files of config. in_time: for who gives up
 * soon. 0 or -errno with err.
 */
int metrics_print(FILE *f, enum metrics_group group, const char *config, bool in_time,
		  struct error *err);

#endif
