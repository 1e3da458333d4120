/* SPDX-License-Identifier: Apache-2.0 */
/* Docker's names and images of containers, from the daemon's own files. */
#ifndef KSM_DOCKER_NAMES_H
#define KSM_DOCKER_NAMES_H

#include <stddef.h>

#include "containers/stored_names.h"

/*
 * Fill in name and image from config.v2.json in the daemon's data-root (/var/lib/docker, or as
 * /etc/docker/daemon.json has it), or, where we are not root, of our user's own one.
 */
void docker_names_fill(struct stored_container *c, size_t n);

/*
 * The same, but the image is its id ("sha256:…"), not what its user called it, there is no name, and the
 * pod is the project of Docker Compose, "?" where the label is no name.
 */
void docker_image_ids_fill(struct stored_container *c, size_t n);

#endif
