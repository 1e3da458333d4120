/* SPDX-License-Identifier: Apache-2.0 */
/* Names of containerd's containers: Kubernetes' and nerdctl's, from the bundles that it keeps. */
#ifndef KSM_CONTAINERD_NAMES_H
#define KSM_CONTAINERD_NAMES_H

#include <stddef.h>

#include "containers/stored_names.h"

/* Where containerd keeps the bundles of what runs, NAMESPACE/ID each, as root alone can write them. */
#define CONTAINERD_TASKS    "io.containerd.runtime.v2.task"
#define CONTAINERD_STATES_N 4
#define CONTAINERD_STATES_RUN \
	3 /* the first ones: on /run, which is asked at no cost (base/far_files.h) */
extern const char *const containerd_states[CONTAINERD_STATES_N];

/*
 * Fill in pod, namespace, name and image from annotations in config.json of the bundle: in
 * containerd's namespace k8s.io those that its CRI plugin writes last, else nerdctl's name. An id is
 * of 64 digits, or NAMESPACE/ID. For root only.
 */
void containerd_names_fill(struct stored_container *c, size_t n);

#endif
