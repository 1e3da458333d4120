/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: the plugins of containerd that pods, or the node's agent, cannot do without. */
#include "doctor/containerd_plugins.h"

#define SERVICE(name) "io.containerd.service.v1." name "-service"

/* As containerd 1.6.20, 1.7.24 and 2.1.9 (ctr plugins ls) told with each of theirs disabled. */
static const struct {
	char name[64];
	bool later; /* not in all of them */
} needed[CONTAINERD_NEEDED] = {
	[NEEDED_CRI] = { "io.containerd.grpc.v1.cri", false },
	[NEEDED_CRI_RUNTIME] = { "io.containerd.cri.v1.runtime", true },
	[NEEDED_CRI_IMAGES] = { "io.containerd.cri.v1.images", true },
	[NEEDED_PODSANDBOX] = { "io.containerd.podsandbox.controller.v1.podsandbox", true },
	[NEEDED_SANDBOX_SHIM] = { "io.containerd.sandbox.controller.v1.shim", true },
	[NEEDED_SANDBOX_STORE] = { "io.containerd.sandbox.store.v1.local", true },
	[NEEDED_SHIMS] = { "io.containerd.shim.v1.manager", true },
	[NEEDED_TRANSFER] = { "io.containerd.transfer.v1.local", true },
	[NEEDED_LEASES] = { "io.containerd.lease.v1.manager", true },
	[NEEDED_TASK] = { "io.containerd.runtime.v2.task", false },
	[NEEDED_CONTENT] = { "io.containerd.content.v1.content", false },
	[NEEDED_BOLT] = { "io.containerd.metadata.v1.bolt", false },
	[NEEDED_EVENTS] = { "io.containerd.event.v1.exchange", false },
	[NEEDED_SCHEDULER] = { "io.containerd.gc.v1.scheduler", false },
	[NEEDED_DIFFER] = { "io.containerd.differ.v1.walking", false },
	[NEEDED_CONTAINERS_SERVICE] = { SERVICE("containers"), false },
	[NEEDED_CONTENT_SERVICE] = { SERVICE("content"), false },
	[NEEDED_DIFF_SERVICE] = { SERVICE("diff"), false },
	[NEEDED_IMAGES_SERVICE] = { SERVICE("images"), false },
	[NEEDED_NAMESPACES_SERVICE] = { SERVICE("namespaces"), false },
	[NEEDED_SNAPSHOTS_SERVICE] = { SERVICE("snapshots"), false },
	[NEEDED_TASKS_SERVICE] = { SERVICE("tasks"), false },
	[NEEDED_OVERLAYFS] = { "io.containerd.snapshotter.v1.overlayfs", false },
	[NEEDED_NRI] = { "io.containerd.nri.v1.nri", false },
};

const char *containerd_needed_name(enum containerd_needed plugin)
{
	return needed[plugin].name;
}

bool containerd_needed_later(enum containerd_needed plugin)
{
	return needed[plugin].later;
}
