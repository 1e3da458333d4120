/* SPDX-License-Identifier: Apache-2.0 */
/* Containers put together, so that there are as many series as workloads, or namespaces. */
#ifndef KSM_METRICS_GROUP_H
#define KSM_METRICS_GROUP_H

#include <stddef.h>

#include "stats/snapshot.h"

enum metrics_group { METRICS_BY_CONTAINER, METRICS_BY_WORKLOAD, METRICS_BY_NAMESPACE };

/* "none", "workload", "namespace"; -EINVAL for anything else. */
int metrics_group_parse(const char *text, enum metrics_group *out);

/*
 * What has made a pod, by the pod's name: without what Deployments, DaemonSets, Jobs and StatefulSets
 * add to theirs. A name without such an end is its own. Returns out.
 */
const char *metrics_workload(const char *pod, char *out, size_t size);

/*
 * Put together what has the same engine and namespace, and by METRICS_BY_WORKLOAD the same workload,
 * whose name then stands for the pod's. Of the rest of the names nothing is left; figures are added.
 */
void metrics_group(struct snapshot *s, enum metrics_group group);

#endif
