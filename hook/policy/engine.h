/* SPDX-License-Identifier: Apache-2.0 */
/* Which engine wrote a container's configuration: from what no tenant of it can choose. */
#ifndef KSM_ENGINE_H
#define KSM_ENGINE_H

#include <stdbool.h>

enum container_engine {
	ENGINE_UNKNOWN, /* plain runc or crun, or one that is not known here */
	ENGINE_CONTAINERD_CRI,
	ENGINE_CONTAINERD, /* ctr, nerdctl: another namespace of containerd */
	ENGINE_CRIO,
	ENGINE_DOCKER,
	ENGINE_PODMAN,
	ENGINE_LXC,
	ENGINE_COUNT
};

/* "containerd", "cri-o", … as ps has it; NULL for the unknown one and whatever is none. */
const char *engine_name(enum container_engine engine);

/* Does it run pods of an orchestrator, which all belong to a namespace? */
bool engine_is_orchestrated(enum container_engine engine);

/*
 * Pure. By the bundle's path, which the engine hands to the runtime and which ends in the id
 * that the engine made up:
 *	…/io.containerd.runtime.v2.task/NAMESPACE/ID	containerd, and Docker as "moby"
 *	…/DRIVER-containers/ID/userdata			containers/storage: podman or CRI-O
 * These two differ in the container's cgroup, libpod-ID and crio-ID: crio_cgroup says that the
 * engine named it crio-ID (containers/cgroup_name.h). False where that is not known: then it is
 * podman, which says less.
 */
enum container_engine engine_of_bundle(const char *bundle, const char *id, bool crio_cgroup);

/* Pure. Is it one of the two that share containers/storage? */
bool engine_bundle_is_storage(const char *bundle, const char *id);

#endif
