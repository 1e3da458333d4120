/* SPDX-License-Identifier: Apache-2.0 */
/* The metrics: the machine's, from sysfs and of ksmd, and those of a container. */
#ifndef KSM_METRICS_H
#define KSM_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stats/snapshot.h"

/* One of the machine. What this kernel does not have is left out. */
struct host_metric {
	const char *name; /* Prometheus' */
	const char *help;
	bool counter;
	const char *collectd; /* type and instance there */
	double value;
};

#define HOST_METRICS_MAX 32

/* The number of metrics in out. */
size_t host_metrics(const struct snapshot *s, struct host_metric out[HOST_METRICS_MAX]);

/* One of a container. */
struct container_metric {
	const char *name, *help, *collectd;
	int64_t (*value)(const struct container_stats *c); /* -1: not known, and left out */
};

extern const struct container_metric container_metrics[];
extern const size_t container_metrics_n;

#endif
