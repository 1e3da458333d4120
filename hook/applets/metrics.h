/* SPDX-License-Identifier: Apache-2.0 */
/* What is measured of the machine, for Prometheus and collectd alike. */
#ifndef KSM_METRICS_H
#define KSM_METRICS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "stats/collect.h"

/* One of the machine's figures. What this kernel does not have is left out. */
struct metric {
	const char *name; /* Prometheus' */
	const char *help;
	bool counter;
	const char *collectd; /* type and instance there */
	double value;
};

#define METRICS_MAX 32

/* The number of figures in out. */
size_t metrics_host(struct metric out[METRICS_MAX]);

/* A figure of a container. */
struct metric_of {
	const char *name, *help, *collectd;
	int64_t (*value)(const struct look_container *c);
};

extern const struct metric_of metrics_container[];
extern const size_t metrics_container_n;

/* Both print all of it; 0 or -errno. */
int metrics_prometheus(FILE *f, const struct look *l);
int metrics_collectd(FILE *f, const struct look *l, const char *host, double interval);

#endif
