/* SPDX-License-Identifier: Apache-2.0 */
/* The names by which users know their containers, from what the engines themselves store. */
#ifndef KSM_ENGINE_NAMES_H
#define KSM_ENGINE_NAMES_H

#include <stddef.h>
#include <sys/types.h>

#include "containers/identify.h"
#include "containers/metadata.h"

/*
 * A container, a process of it, and where its names go. unread: the place of the host that holds
 * its name, perhaps, and does not answer (base/far_files.h); NULL: none.
 */
struct named_container {
	const struct container_name *name;
	pid_t pid;
	struct metadata *metadata;
	const char *unread;
};

/*
 * Fill in what is known of each: first what was stored at its start (containers/metadata.h),
 * then, where that has no name, what podman, CRI-O, Docker, Kubernetes or nerdctl call it. A source counts only if root
 * alone could write it, or our own user: the names of rootless engines are known to their user only.
 */
void engine_names_fill(struct named_container *c, size_t n);

/*
 * Pure: CRI-O's name of a container, k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT; CONTAINER is POD for
 * the pod's own one, which has no name then. False where it is none.
 */
bool crio_name_parse(const char *name, struct metadata *out);

#endif
