/* SPDX-License-Identifier: Apache-2.0 */
/* What is decided of a container with these annotations, as pairs of key and value. */
#ifndef KSM_LAYOUT_DECIDE_H
#define KSM_LAYOUT_DECIDE_H

#include <string.h>

#include "policy/policy.h"

#define NS    "io.kubernetes.cri.sandbox-namespace", "prod"
#define POD   "io.kubernetes.cri.sandbox-name", "web-1"
#define WORK  "io.kubernetes.cri.container-type", "container"
#define IMG   WORK, "io.kubernetes.cri.image-name", "docker.io/library/python:3.12"
#define MERGE "io.ksm.merge", "true"
#define YES   MERGE, "io.ksm.layout", "shared"
#define NAME  "io.ksm.group", "web"

/* CRI-O writes a label that containerd does not. */
static inline enum container_engine engine_by_annotations(const struct annotation *a, size_t n)
{
	if (annotation_value(a, n, "io.kubernetes.pod.namespace"))
		return ENGINE_CRIO;
	return annotation_has_orchestrator(a, n) ? ENGINE_CONTAINERD_CRI : ENGINE_UNKNOWN;
}

/* image_id and project are what was found in its engine's files, or NULL. */
static inline struct decision layout_decide_project(const struct policy_config *c,
						    const char *const *pair,
						    const char *image_id, const char *project)
{
	struct annotation a[9];
	struct policy_subject subject = { .annotation = a,
					  .image_id = image_id,
					  .project = project };
	struct decision d;
	size_t n = 0;

	for (; pair[2 * n]; n++)
		a[n] = (struct annotation){ pair[2 * n], pair[2 * n + 1] };
	subject.n = n;
	subject.engine = engine_by_annotations(a, n);
	memset(&d, 0xff, sizeof(d));
	policy_decide(c, &subject, &d);
	return d;
}

static inline struct decision layout_decide_image(const struct policy_config *c,
						  const char *const *pair, const char *image_id)
{
	return layout_decide_project(c, pair, image_id, NULL);
}

#endif
