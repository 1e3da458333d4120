/* SPDX-License-Identifier: Apache-2.0 */
/* The image that a container was made of, by the files that its engine keeps of it. */
#ifndef KSM_STORED_IMAGE_H
#define KSM_STORED_IMAGE_H

#include <stdbool.h>
#include <stddef.h>

/* "sha256:", 64 digits and the NUL. */
#define STORED_IMAGE_SIZE 72
/* Of a name in Docker's files. */
#define STORED_PROJECT_SIZE 254

struct stored_image {
	char id[STORED_IMAGE_SIZE];
	/* of Docker Compose: the label as it is, "?" where it is no name; empty where there is none */
	char project[STORED_PROJECT_SIZE];
};

/*
 * Root's podman and Docker tell a hook nothing of the image that somebody else could not, but both
 * have its id, which is a digest of its configuration, in a file that only root writes: podman in
 * DRIVER-containers of its storage (containers/storage: containers.go, "image"), Docker in its
 * data-root (daemon/container: "Image" of config.v2.json). No tag: what is built anew under an old
 * name is another image. False, with out empty, where the container is not found there, or that
 * cannot be read.
 * Docker has the labels there too. That of the project an image may carry as well, and then all of its containers
 * have that, but those whose creator says another: of two containers of one image with different projects
 * it was somebody else who said so. So it may only tell apart containers of one image.
 * podman has labels in a database alone.
 */
bool podman_image_find(const char *bundle, const char *id, struct stored_image *out);
bool docker_image_find(const char *id, struct stored_image *out);

/*
 * Pure: the bundle that podman makes for a container whose root file system is this, a layer of the
 * same storage (…/overlay/LAYER/merged, …/vfs/dir/LAYER, …/btrfs/subvolumes/LAYER). False where it
 * cannot be one, or is too long.
 */
bool podman_bundle_of_root(const char *root, const char *id, char *out, size_t size);

#endif
