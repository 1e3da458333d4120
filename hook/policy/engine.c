/* SPDX-License-Identifier: Apache-2.0 */
/* Which engine wrote a container's configuration: from what no tenant of it can choose. */
#include "policy/engine.h"

#include <stddef.h>
#include <string.h>

/* containerd's plugin of the runtime, below whose directory it makes bundles (core/runtime/v2) */
#define TASKS "/io.containerd.runtime.v2.task/"

const char *engine_name(enum container_engine engine)
{
	static const char *const names[ENGINE_COUNT] = {
		[ENGINE_CONTAINERD_CRI] = "containerd",
		[ENGINE_CONTAINERD] = "containerd",
		[ENGINE_CRIO] = "cri-o",
		[ENGINE_DOCKER] = "docker",
		[ENGINE_PODMAN] = "podman",
		[ENGINE_LXC] = "lxc",
	};

	return (unsigned)engine < ENGINE_COUNT ? names[engine] : NULL;
}

bool engine_is_orchestrated(enum container_engine engine)
{
	return engine == ENGINE_CONTAINERD_CRI || engine == ENGINE_CRIO;
}

/* Take a component off the end of the path's first len bytes: is it this one? */
static bool take_last(const char *path, size_t *len, const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || *len <= n || path[*len - n - 1] != '/' ||
	    memcmp(path + *len - n, name, n) != 0)
		return false;
	*len -= n + 1;
	return true;
}

bool engine_bundle_is_storage(const char *bundle, const char *id)
{
	static const char suffix[] = "-containers";
	size_t len = strlen(bundle), n = sizeof(suffix) - 1;

	return take_last(bundle, &len, "userdata") && take_last(bundle, &len, id) && len > n &&
	       memcmp(bundle + len - n, suffix, n) == 0;
}

/* Containerd's namespace, a component of the path; NULL where this is no bundle of it. */
static const char *containerd_namespace(const char *bundle, const char *id, size_t *len)
{
	const char *tasks = NULL, *p = bundle;
	size_t end = strlen(bundle);

	while ((p = strstr(p, TASKS)) != NULL)
		tasks = p++;
	if (!tasks || !take_last(bundle, &end, id))
		return NULL;
	tasks += strlen(TASKS);
	if (bundle + end <= tasks || memchr(tasks, '/', (size_t)(bundle + end - tasks)))
		return NULL;
	*len = (size_t)(bundle + end - tasks);
	return tasks;
}

enum container_engine engine_of_bundle(const char *bundle, const char *id, bool crio_cgroup)
{
	size_t len = 0;
	const char *ns = containerd_namespace(bundle, id, &len);

	if (ns && len == 6 && memcmp(ns, "k8s.io", len) == 0)
		return ENGINE_CONTAINERD_CRI;
	if (ns && len == 4 && memcmp(ns, "moby", len) == 0)
		return ENGINE_DOCKER;
	if (ns)
		return ENGINE_CONTAINERD;
	if (!engine_bundle_is_storage(bundle, id))
		return ENGINE_UNKNOWN;
	return crio_cgroup ? ENGINE_CRIO : ENGINE_PODMAN;
}
