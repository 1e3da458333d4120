/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the host tells of a container beside its text, which the parser in its sandbox cannot see: the
 * engine's own cgroup, its monitor, the files in which it keeps the image. Outside of the sandbox, and
 * of what was parsed there only what has been checked is used.
 */
#ifndef KSM_DECISION_HOST_H
#define KSM_DECISION_HOST_H

#include "containers/conmon.h"
#include "containers/stored_image.h"
#include "oci/decision_types.h"
#include "policy/engine.h"

/*
 * podman and CRI-O are told apart by the cgroup of the container's init, which its state does
 * not have: CRI-O's are read twice. At poststart the container may have moved into a cgroup below
 * its own, which bears any name: the outermost one is the engine's. With podman's --cgroups=disabled
 * it has none of its own to be below, but a monitor of podman's.
 */
bool host_says_crio(const struct container_decision *state);

/*
 * Whoever makes a container is started by its monitor, and so are the hooks of that. Those of its
 * start may be podman's own (crun): then the container is the monitor's child, which is known
 * only when its state has been read.
 */
bool host_finds_monitor(const struct container_decision *state, struct conmon_args *out);

/*
 * Its image, as podman and Docker have it in files of their own; false where nothing tells
 * it. id and bundle are NULL where only its spec could say: at precreate, where podman says neither.
 */
bool host_finds_image(const struct container_decision *c, enum container_engine engine,
		      const char *id, const char *bundle, struct stored_image *image);

#endif
