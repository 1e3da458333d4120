/* SPDX-License-Identifier: Apache-2.0 */
/* The image that a container was made of, by the files that its engine keeps of it. */
#ifndef KSM_STORED_IMAGE_H
#define KSM_STORED_IMAGE_H

#include <stdbool.h>
#include <stddef.h>

/* "sha256:", 64 digits and the NUL. */
#define STORED_IMAGE_SIZE 72

/*
 * Root's podman and Docker tell a hook nothing of the image that somebody else could not, but both
 * have its id, which is a digest of its configuration, in a file that only root writes: podman in
 * DRIVER-containers of its storage (containers/storage: containers.go, "image"), Docker in its
 * data-root (daemon/container: "Image" of config.v2.json). No tag: what is built anew under an old
 * name is another image. False, with out empty, where the container is not found there, or that
 * cannot be read.
 */
bool podman_image_find(const char *bundle, const char *id, char out[STORED_IMAGE_SIZE]);
bool docker_image_find(const char *id, char out[STORED_IMAGE_SIZE]);

/*
 * Pure: the bundle that podman makes for a container whose root file system is this, a layer of the
 * same storage (…/overlay/LAYER/merged, …/vfs/dir/LAYER, …/btrfs/subvolumes/LAYER). False where it
 * cannot be one, or is too long.
 */
bool podman_bundle_of_root(const char *root, const char *id, char *out, size_t size);

#endif
