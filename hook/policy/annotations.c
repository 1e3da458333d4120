/* SPDX-License-Identifier: Apache-2.0 */
/* What a container says, and what its engine says of it: the keys, and how values are found. */
#include "policy/annotations.h"

#include <stdio.h>
#include <string.h>

const struct policy_keys policy_annotations = {
	.kind = "annotation ",
	.merge = ANNOTATION_PREFIX "merge",
	.required = ANNOTATION_PREFIX "required",
	.method = ANNOTATION_PREFIX "method",
	.layout = ANNOTATION_PREFIX "layout",
	.group = ANNOTATION_PREFIX "group",
	.yes = "true",
	.no = "false",
};

const struct policy_keys policy_environment = {
	.kind = "",
	.merge = "KSM_MERGE",
	.required = "KSM_REQUIRED",
	.layout = "KSM_LAYOUT",
	.group = "KSM_GROUP",
	.yes = "yes",
	.no = "no",
};

/*
 * What the engines set themselves, behind whatever a pod brought along: containerd
 * (internal/cri/annotations), CRI-O (pkg/annotations; the kubelet's labels among its
 * annotations). Docker and podman tell no image; the org.opencontainers.image annotations
 * that podman hands down are the image author's, who must not choose the group.
 */
static const char *const namespaces[] = { "io.kubernetes.cri.sandbox-namespace",
					  "io.kubernetes.cri-o.Namespace",
					  "io.kubernetes.pod.namespace", NULL };
static const char *const images[] = { "io.kubernetes.cri.image-name",
				      "io.kubernetes.cri-o.ImageName", NULL };
static const char *const pods[] = { "io.kubernetes.cri.sandbox-name",
				    "io.kubernetes.cri-o.KubeName", "io.kubernetes.pod.name",
				    NULL };

static bool is_one_of(const char *const *keys, const char *key)
{
	for (; *keys; keys++) {
		if (strcmp(*keys, key) == 0)
			return true;
	}
	return false;
}

bool annotation_is_engines(const char *key)
{
	return is_one_of(namespaces, key) || is_one_of(images, key) || is_one_of(pods, key);
}

const char *annotation_value(const struct annotation *a, size_t n, const char *key)
{
	const char *value = NULL;

	/* the last of several, as Go's decoder has it */
	for (size_t i = 0; i < n; i++) {
		if (strcmp(a[i].key, key) == 0)
			value = a[i].value;
	}
	return value;
}

void annotation_misunderstood(char *text, size_t size, const char *kind, const char *key,
			      const char *value, const char *expected)
{
	size_t len = strlen(text);

	snprintf(text + len, size - len,
		 "%sinvalid value %s%s=\"%.47s\", expected one of %s; ignored", len ? "; " : "",
		 kind, key, value, expected);
}

/* The first that is there and not empty, or NULL. */
static const char *first_value(const char *const *keys, const struct annotation *a, size_t n)
{
	for (; *keys; keys++) {
		const char *value = annotation_value(a, n, *keys);

		if (value && *value)
			return value;
	}
	return NULL;
}

const char *annotation_namespace(const struct annotation *a, size_t n)
{
	return first_value(namespaces, a, n);
}

const char *annotation_image(const struct annotation *a, size_t n)
{
	return first_value(images, a, n);
}

const char *annotation_pod(const struct annotation *a, size_t n)
{
	return first_value(pods, a, n);
}
