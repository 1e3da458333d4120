/* SPDX-License-Identifier: Apache-2.0 */
/* The names by which users know their containers, from what the engines themselves store. */
#include "containers/engine_names.h"

#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/macros.h"
#include "containers/conmon.h"
#include "containers/docker_names.h"

/* In a cgroup of the user's choice (--cgroup-parent) the engine is not told: "oci". */
static bool may_be_named_by(const char *engine, const struct named_container *c)
{
	return (strcmp(c->name->engine, engine) == 0 || strcmp(c->name->engine, "oci") == 0) &&
	       !c->metadata->container[0] && !c->metadata->pod[0];
}

static void ask_podman(const struct named_container *c)
{
	struct conmon_args told;

	if (conmon_of(c->pid, c->name->id, &told))
		metadata_set(c->metadata, METADATA_CONTAINER, told.name, strlen(told.name));
}

static void ask_docker(struct named_container *c, size_t n)
{
	struct docker_container *list = calloc(n ? n : 1, sizeof(*list));
	size_t found = 0, at = 0;

	for (size_t i = 0; list && i < n; i++) {
		if (may_be_named_by("docker", &c[i]))
			list[found++] =
				(struct docker_container){ c[i].name->id, c[i].metadata, NULL };
	}
	if (list)
		docker_names_fill(list, found);
	for (size_t i = 0; at < found && i < n; i++) {
		if (list[at].metadata == c[i].metadata)
			c[i].unread = list[at++].unread;
	}
	free(list);
}

void engine_names_fill(struct named_container *c, size_t n)
{
	__cleanup(close_fd) int dir = metadata_open();

	for (size_t i = 0; i < n; i++) {
		if (dir >= 0)
			(void)metadata_read(dir, c[i].name->id, c[i].metadata);
		if (may_be_named_by("podman", &c[i]))
			ask_podman(&c[i]);
	}
	ask_docker(c, n);
}
