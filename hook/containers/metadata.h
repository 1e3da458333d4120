/* SPDX-License-Identifier: Apache-2.0 */
/* What cgroups do not say of a container: its pod, name and image, stored when it starts. */
#ifndef KSM_METADATA_H
#define KSM_METADATA_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define METADATA_DIR "/run/ksm-hook/containers"

/*
 * Empty where not known. The sizes are those of Kubernetes' names (RFC 1123 labels and
 * subdomains), and an image's, which is left out where it is longer.
 */
struct metadata {
	char pod[254];
	char pod_namespace[64];
	char container[128];
	char image[192];
	bool no_economy; /* `ksm-hook economize` is to leave it alone; decision_settle() says so */
};

/* An id and its NUL, longer than any engine's; longer ones have no names. */
#define METADATA_ID_MAX 200

/* namespace/pod/container and its NUL */
#define METADATA_LABEL_MAX 450

/*
 * Pure: what a user knows it by: namespace/pod/container, or its name; "" where there is
 * neither. Returns out.
 */
const char *metadata_label(const struct metadata *m, char *out, size_t size);

enum metadata_field {
	METADATA_POD,
	METADATA_NAMESPACE,
	METADATA_CONTAINER,
	METADATA_IMAGE,
	METADATA_FIELDS
};

/*
 * Pure: set one, which the caller believes. A value that is too long or holds anything but
 * letters, digits and the few signs that names and image references have is left out.
 */
void metadata_set(struct metadata *m, enum metadata_field field, const char *value, size_t len);

/* May a text with annotations hold any of these? */
bool metadata_may_name(const char *text, size_t len);

/*
 * Pure: the same with whatever bytes it has, for who writes a log and escapes them. Too long, it is
 * left out.
 */
void metadata_set_raw(struct metadata *m, enum metadata_field field, const char *value);

/* Terminate the texts that another process has sent; what is no text is not its to say. */
void metadata_end(struct metadata *m);

/* And leave out what metadata_set() would. */
void metadata_clean(struct metadata *m);

/*
 * Store it; pid is the container's init, 0 if there is none yet. What metadata_set() would leave
 * out is not stored, and nothing is if there is nothing to say. A failure is logged for debugging
 * only: ps and metrics then show the id.
 */
void metadata_write(const char *id, pid_t pid, const struct metadata *m);
void metadata_remove(const char *id);

/*
 * The same for a container that is being created, by an agent that may see no process of the node:
 * it removes them by itself, when the runtime says so or no longer names the container. by is that
 * runtime's name, as another one on the node names other containers; "" removes none.
 */
void metadata_write_created(const char *id, const struct metadata *m, const char *by);
void metadata_remove_created(const char *by, bool (*is_there)(const void *arg, const char *id),
			     const void *arg);

/* The directory for metadata_read(), -1 if there is none that can be trusted. */
int metadata_open(void);
bool metadata_read(int dir, const char *id, struct metadata *out);

/* What metadata_collect() asks; all may be NULL. */
struct metadata_collector {
	/* about what was stored without an init, which else stays */
	bool (*is_running)(const void *arg, const char *id);
	const void *arg;
	/* how a file of dir is removed, if not by this process */
	void (*remove)(int dir, const char *id);
};

/* Remove the metadata of containers that have ended. */
void metadata_collect(int dir, const struct metadata_collector *c);

/* Remove it, if its init has ended, or if it has none and somebody else says that it has. */
void metadata_remove_ended(int dir, const char *id);

#endif
