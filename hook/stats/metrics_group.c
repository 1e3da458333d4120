/* SPDX-License-Identifier: Apache-2.0 */
/* Containers put together, so that there are as many series as workloads, or namespaces. */
#include "stats/metrics_group.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "stats/aggregate.h"

/* What Kubernetes makes random names of (k8s.io/apimachinery/pkg/util/rand): no vowels, 0, 1, 3. */
static const char random_signs[] = "bcdfghjklmnpqrstvwxz2456789";
/* generateName's; and those of a hash of 32 bits in decimal (SafeEncodeString) */
#define RANDOM_LEN   5
#define HASH_LEN_MIN 6
#define HASH_LEN_MAX 10

int metrics_group_parse(const char *text, enum metrics_group *out)
{
	static const char *const names[] = { "none", "workload", "namespace" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(names[i], text) == 0) {
			*out = (enum metrics_group)i;
			return 0;
		}
	}
	return -EINVAL;
}

/* Cut "-" and min to max of these signs off, if something is left. */
static bool cut_end(char *name, const char *signs, size_t min, size_t max)
{
	char *dash = strrchr(name, '-');
	size_t len = dash ? strlen(dash + 1) : 0;

	if (!dash || dash == name || len < min || len > max ||
	    dash[1 + strspn(dash + 1, signs)])
		return false;
	*dash = '\0';
	return true;
}

const char *metrics_workload(const char *pod, char *out, size_t size)
{
	static const char digits[] = "0123456789";

	snprintf(out, size, "%s", pod);
	if (cut_end(out, random_signs, RANDOM_LEN, RANDOM_LEN)) {
		/* of a Deployment's ReplicaSet, or of a CronJob's Job: the minute that it was for */
		if (!cut_end(out, random_signs, HASH_LEN_MIN, HASH_LEN_MAX))
			(void)cut_end(out, digits, 8, 8);
	} else {
		/* of a StatefulSet */
		(void)cut_end(out, digits, 1, 5);
	}
	return out;
}

static int by_group(const void *a, const void *b)
{
	const struct container_stats *x = a, *y = b;
	int r = strcmp(x->name.engine, y->name.engine);

	if (r == 0)
		r = strcmp(x->metadata.pod_namespace, y->metadata.pod_namespace);
	return r ? r : strcmp(x->metadata.pod, y->metadata.pod);
}

void metrics_group(struct snapshot *s, enum metrics_group group)
{
	size_t n = 0;

	if (group == METRICS_BY_CONTAINER)
		return;
	for (size_t i = 0; i < s->n; i++) {
		struct container_stats *c = &s->container[i];
		struct metadata left = { "" };

		memcpy(left.pod_namespace, c->metadata.pod_namespace,
		       sizeof(left.pod_namespace));
		if (group == METRICS_BY_WORKLOAD)
			(void)metrics_workload(c->metadata.pod, left.pod, sizeof(left.pod));
		c->metadata = left;
	}
	if (s->n)
		qsort(s->container, s->n, sizeof(*s->container), by_group);
	for (size_t i = 0; i < s->n; i++) {
		if (n && by_group(&s->container[n - 1], &s->container[i]) == 0)
			container_stats_add(&s->container[n - 1], &s->container[i]);
		else
			s->container[n++] = s->container[i];
	}
	s->n = n;
}
