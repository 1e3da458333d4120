/* SPDX-License-Identifier: Apache-2.0 */
/* The memory cgroup of a container: the one that all it is charged for lies in. */
#ifndef KSM_CONTAINER_MEMORY_H
#define KSM_CONTAINER_MEMORY_H

#include <stdbool.h>
#include <sys/types.h>

#include "containers/container_name.h"
#include "kernel/memory_cgroup.h"

/*
 * Of one of its processes, as container_of() or container_host_name() has named it. False where
 * it has no memory cgroup of its own, but its parent's or the caller's.
 */
bool container_memory_cgroup(const struct container_name *name, pid_t pid,
			     struct memory_cgroup *out);

/* Pure: cut the path to the container's own cgroup; false where none of its names is that. */
bool container_cut_cgroup(const struct container_name *name, char *path);

#endif
