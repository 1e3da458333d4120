/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics in Prometheus' text format and in collectd's plain text protocol. */
#ifndef KSM_METRICS_FORMAT_H
#define KSM_METRICS_FORMAT_H

#include <stdio.h>

#include "stats/metrics_group.h"
#include "stats/snapshot.h"

/* Both print all metrics; 0 or -errno. The first one says what metrics_group() has put together. */
int metrics_prometheus(FILE *f, const struct snapshot *s, enum metrics_group group);
int metrics_collectd(FILE *f, const struct snapshot *s, const char *host, double interval);

/*
 * A label and its value, as name="value". Valid UTF-8 stands as it is, with backslash, quote
 * and newline escaped as the format has it; any other byte, and other control characters, as
 * text_stand_in() has them. Different values give different labels.
 */
void prometheus_label(FILE *f, const char *name, const char *value);

/*
 * Part of a collectd identifier, which a slash would end: anything but letters, digits, dot,
 * underscore and minus is written as %xx. What is longer than size allows is truncated and ends
 * in "%-" and 16 digits that depend on all of it. Different texts give different identifiers.
 */
void collectd_identifier(char *out, size_t size, const char *text);

/* A line for collectd; names have to be identifiers, and times, in seconds, become milliseconds. */
void collectd_value(FILE *f, const char *host, const char *plugin, const char *type,
		    double interval, double value);

#endif
