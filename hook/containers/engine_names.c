/* SPDX-License-Identifier: Apache-2.0 */
/* The names by which users know their containers, from what the engines themselves store. */
#include "containers/engine_names.h"

#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/macros.h"
#include "containers/conmon.h"
#include "containers/containerd_names.h"
#include "containers/docker_names.h"

/* In a cgroup of the user's choice (--cgroup-parent) the engine is not told: "oci". */
static bool may_be_named_by(const char *engine, const struct named_container *c)
{
	return (strcmp(c->name->engine, engine) == 0 || strcmp(c->name->engine, "oci") == 0) &&
	       !c->metadata->container[0] && !c->metadata->pod[0];
}

static bool may_be_dockers(const struct named_container *c)
{
	return may_be_named_by("docker", c);
}

/* With the kubelet's cgroupfs driver it is only known to be of some CRI: "cri". */
static bool may_be_containerds(const struct named_container *c)
{
	return may_be_named_by("containerd", c) || may_be_named_by("cri", c);
}

bool crio_name_parse(const char *name, struct metadata *out)
{
	static const enum metadata_field parts[] = { METADATA_CONTAINER, METADATA_POD,
						     METADATA_NAMESPACE };
	const char *part = name + 4;

	*out = (struct metadata){ 0 };
	if (strncmp(name, "k8s_", 4) != 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		size_t len = strcspn(part, "_");

		if (!part[len])
			return false;
		/* what holds the pod together, which has no name of its own */
		if (i > 0 || len != 3 || memcmp(part, "POD", 3) != 0)
			metadata_set(out, parts[i], part, len);
		part += len + 1;
	}
	return out->pod[0] && out->pod_namespace[0];
}

static void ask_monitor(const struct named_container *c)
{
	bool crio = may_be_named_by("cri-o", c) || may_be_named_by("cri", c);
	struct conmon_args told;
	struct metadata pods;

	if ((!crio && !may_be_named_by("podman", c)) || !conmon_of(c->pid, c->name->id, &told))
		return;
	if (crio && crio_name_parse(told.name, &pods)) {
		pods.no_economy = c->metadata->no_economy;
		*c->metadata = pods;
	} else {
		metadata_set(c->metadata, METADATA_CONTAINER, told.name, strlen(told.name));
	}
}

/* Those of which it may be, together. */
static void ask_files(struct named_container *c, size_t n,
		      bool (*may_be)(const struct named_container *c),
		      void (*fill)(struct stored_container *c, size_t n))
{
	struct stored_container *list = calloc(n ? n : 1, sizeof(*list));
	size_t found = 0, at = 0;

	for (size_t i = 0; list && i < n; i++) {
		if (may_be(&c[i]))
			list[found++] =
				(struct stored_container){ c[i].name->id, c[i].metadata, NULL };
	}
	if (list)
		fill(list, found);
	for (size_t i = 0; at < found && i < n; i++) {
		if (list[at].metadata != c[i].metadata)
			continue;
		if (list[at].unread)
			c[i].unread = list[at].unread;
		at++;
	}
	free(list);
}

void engine_names_fill(struct named_container *c, size_t n)
{
	__cleanup(close_fd) int dir = metadata_open();

	for (size_t i = 0; i < n; i++) {
		if (dir >= 0)
			(void)metadata_read(dir, c[i].name->id, c[i].metadata);
		ask_monitor(&c[i]);
	}
	ask_files(c, n, may_be_dockers, docker_names_fill);
	ask_files(c, n, may_be_containerds, containerd_names_fill);
}
