/* SPDX-License-Identifier: Apache-2.0 */
/* Docker's names and images of containers, from the daemon's own files. */
#ifndef KSM_DOCKER_NAMES_H
#define KSM_DOCKER_NAMES_H

#include <stddef.h>

#include "containers/metadata.h"

/*
 * A container to be named: its full id, and what is filled in where it is found. Where the files
 * do not answer (base/far_files.h), unread becomes the place that does not; else NULL.
 */
struct docker_container {
	const char *id;
	struct metadata *metadata;
	const char *unread;
};

/*
 * Fill in name and image from config.v2.json in the daemon's data-root (/var/lib/docker, or as
 * /etc/docker/daemon.json has it), or, where we are not root, of our user's own one. The files hold
 * texts of images, so they are parsed in a sandbox, many in one. What cannot be read, is not root's or is malformed is left out.
 */
void docker_names_fill(struct docker_container *c, size_t n);

#endif
