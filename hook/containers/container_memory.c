/* SPDX-License-Identifier: Apache-2.0 */
/* The memory cgroup of a container: the one that all it is charged for lies in. */
#include "containers/container_memory.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "containers/cgroup_name.h"
#include "containers/identify.h"

static bool ends_with(const char *text, const char *suffix)
{
	size_t n = strlen(text), k = strlen(suffix);

	return n > k && strcmp(text + n - k, suffix) == 0;
}

/* A component that no engine names: a runtime's id, or a unit of the host's. */
static bool is_its_component(const struct container_name *name, const char *component)
{
	const char *last = strrchr(name->id, '/');

	/* in namespaces of its own, but in whoever's cgroup: others are charged there, too */
	if (strcmp(name->engine, "oci") == 0)
		return false;
	/* of the host, what is no unit is called by its command, and cgroups are not */
	if (strcmp(name->engine, "host") == 0 && !ends_with(name->id, ".service") &&
	    !ends_with(name->id, ".scope"))
		return false;
	return strcmp(component, last ? last + 1 : name->id) == 0;
}

/* From the outside in: what lies below is the container's own to name. */
bool container_cut_cgroup(const struct container_name *name, char *path)
{
	char text[PATH_MAX + 8];

	for (char *end = path; *end;) {
		const char *component = end + 1;
		struct container_name found;
		enum cgroup_proof proof;
		char kept;

		end += 1 + strcspn(component, "/");
		kept = *end;
		*end = '\0';
		snprintf(text, sizeof(text), "0::%s\n", path);
		if (is_its_component(name, component) ||
		    (cgroup_names_container(text, &found, &proof) &&
		     container_name_compare(&found, name) == 0))
			return true;
		*end = kept;
	}
	return false;
}

bool container_memory_cgroup(const struct container_name *name, pid_t pid,
			     struct memory_cgroup *out)
{
	return memory_cgroup_of(pid, out) == 1 && container_cut_cgroup(name, out->path);
}
