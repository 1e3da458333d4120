/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: the plugins of containerd that pods, or the node's agent, cannot do without. */
#ifndef KSM_CONTAINERD_PLUGINS_H
#define KSM_CONTAINERD_PLUGINS_H

#include <stdbool.h>

/* CRI's own first, then what that loads (containerd does, and lists it with an error). */
enum containerd_needed {
	NEEDED_CRI,
	NEEDED_CRI_RUNTIME,
	NEEDED_CRI_IMAGES,
	NEEDED_PODSANDBOX,
	NEEDED_SANDBOX_SHIM,
	NEEDED_SANDBOX_STORE,
	NEEDED_SHIMS,
	NEEDED_TRANSFER,
	NEEDED_LEASES,
	NEEDED_TASK,
	NEEDED_CONTENT,
	NEEDED_BOLT,
	NEEDED_EVENTS,
	NEEDED_SCHEDULER,
	NEEDED_DIFFER,
	NEEDED_CONTAINERS_SERVICE,
	NEEDED_CONTENT_SERVICE,
	NEEDED_DIFF_SERVICE,
	NEEDED_IMAGES_SERVICE,
	NEEDED_NAMESPACES_SERVICE,
	NEEDED_SNAPSHOTS_SERVICE,
	NEEDED_TASKS_SERVICE,
	NEEDED_OVERLAYFS, /* where no other snapshotter is set */
	NEEDED_NRI,       /* by the agent alone */
	CONTAINERD_NEEDED
};

/* "io.containerd.grpc.v1.cri" */
const char *containerd_needed_name(enum containerd_needed plugin);

/* Are there releases, those before 2.0, that do not have it, or do without it? */
bool containerd_needed_later(enum containerd_needed plugin);

#endif
