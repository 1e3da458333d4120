/* SPDX-License-Identifier: Apache-2.0 */
/* What a container says, what its engine says of it, and which of that can be believed. */
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
	.v8 = ANNOTATION_PREFIX "v8",
	.economy = ANNOTATION_PREFIX "economy",
	.yes = "true",
	.no = "false",
	.of_pods = true,
};

const struct policy_keys policy_environment = {
	.kind = "",
	.merge = "KSM_MERGE",
	.required = "KSM_REQUIRED",
	.layout = "KSM_LAYOUT",
	.group = "KSM_GROUP",
	.economy = "KSM_ECONOMY",
	.yes = "yes",
	.no = "no",
};

/*
 * Which source of which engine can be believed, and NULL where none can. Seen in the engines'
 * own code:
 *
 * containerd's CRI plugin copies what pod_annotations and container_annotations let through,
 * and writes its own keys last (internal/cri/server, DefaultCRIAnnotations). The pause
 * container of a pod has no name and no image of its own there, so those could be a pod's.
 *
 * CRI-O copies all annotations of the pod, then writes its own, then the container's labels,
 * which are the kubelet's (internal/factory/container, SpecAddAnnotations). Of its own keys a
 * container has io.kubernetes.cri-o.ImageName; ….Namespace and ….KubeName it writes for the
 * pause container alone, so that in a container they are the pod's word. That container's
 * label for the name is "POD", which no other can have.
 *
 * Docker and podman tell nothing by annotations: whoever starts the container writes all of
 * them, and the org.opencontainers.image ones are the image author's. So do nerdctl and ctr.
 *
 * Where there is a name, no annotation has it: LXC's comes from LXC itself (applets/lxc.c), podman's
 * and CRI-O's from their monitor (containers/conmon.h).
 */
static const char *const sources[ENGINE_COUNT][TRUSTED_KEYS] = {
	[ENGINE_CONTAINERD_CRI] = {
		[TRUSTED_NAMESPACE] = "io.kubernetes.cri.sandbox-namespace",
		[TRUSTED_POD] = "io.kubernetes.cri.sandbox-name",
		[TRUSTED_CONTAINER] = "io.kubernetes.cri.container-name",
		[TRUSTED_IMAGE] = "io.kubernetes.cri.image-name",
	},
	[ENGINE_CRIO] = {
		[TRUSTED_NAMESPACE] = "io.kubernetes.pod.namespace",
		[TRUSTED_POD] = "io.kubernetes.pod.name",
		[TRUSTED_CONTAINER] = "io.kubernetes.container.name",
		[TRUSTED_IMAGE] = "io.kubernetes.cri-o.ImageName",
	},
};

/* Where this key has not this value, the container is a pod's own and has no image to speak of. */
static const struct {
	char key[40], value[16];
	bool equal; /* … and where this is false: where it has */
} workload[ENGINE_COUNT] = {
	[ENGINE_CONTAINERD_CRI] = { "io.kubernetes.cri.container-type", "container", true },
	[ENGINE_CRIO] = { "io.kubernetes.container.name", "POD", false },
};

const char *trusted_key_name(enum trusted_key key)
{
	static const char *const names[TRUSTED_KEYS] = {
		[TRUSTED_NAMESPACE] = "namespace", [TRUSTED_POD] = "pod",
		[TRUSTED_CONTAINER] = "container", [TRUSTED_IMAGE] = "image",
		[TRUSTED_ENGINE] = "engine",       [TRUSTED_USER] = "user",
		[TRUSTED_NAME] = "name",
	};

	return names[key];
}

const char *trusted_source(enum container_engine engine, enum trusted_key key)
{
	return sources[engine][key];
}

bool trusted_is_told(enum container_engine engine, enum trusted_key key)
{
	switch (key) {
	case TRUSTED_USER:
		return true;
	case TRUSTED_ENGINE:
		return engine != ENGINE_UNKNOWN;
	case TRUSTED_NAME:
		return engine == ENGINE_LXC || engine == ENGINE_PODMAN || engine == ENGINE_CRIO;
	default:
		return sources[engine][key];
	}
}

bool annotation_is_engines(const char *key)
{
	for (size_t e = 0; e < ENGINE_COUNT; e++) {
		if (workload[e].key[0] && strcmp(workload[e].key, key) == 0)
			return true;
		for (size_t k = 0; k < TRUSTED_KEYS; k++) {
			if (sources[e][k] && strcmp(sources[e][k], key) == 0)
				return true;
		}
	}
	return false;
}

bool annotation_has_orchestrator(const struct annotation *a, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (annotation_is_engines(a[i].key))
			return true;
	}
	return false;
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

/* Is it one of the pod's, and not what holds the pod together? Of an engine that has pods. */
static bool is_workload(const struct policy_subject *s)
{
	const char *value = annotation_value(s->annotation, s->n, workload[s->engine].key);

	return value &&
	       (strcmp(value, workload[s->engine].value) == 0) == workload[s->engine].equal;
}

void trusted_values_find(const struct policy_subject *s, unsigned owner,
			 struct trusted_values *out)
{
	/* a sandbox would not be told of in this way */
	bool whole = s->told || is_workload(s);

	*out = (struct trusted_values){ { NULL } };
	for (size_t k = 0; k < TRUSTED_KEYS; k++) {
		const char *key = sources[s->engine][k], *value;

		if (s->told && s->told[k]) {
			out->value[k] = s->told[k];
			continue;
		}
		if (!key || (!whole && (k == TRUSTED_CONTAINER || k == TRUSTED_IMAGE)))
			continue;
		value = annotation_value(s->annotation, s->n, key);
		out->value[k] = value && *value ? value : NULL;
	}
	snprintf(out->user, sizeof(out->user), "%u", owner);
	out->value[TRUSTED_USER] = out->user;
	out->value[TRUSTED_ENGINE] = engine_name(s->engine);
	out->value[TRUSTED_NAME] = s->name;
}
