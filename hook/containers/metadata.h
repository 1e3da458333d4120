/* SPDX-License-Identifier: Apache-2.0 */
/* Names of containers that cgroups do not tell, written down at the start for those who look. */
#ifndef KSM_RECORD_H
#define KSM_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define RECORD_DIR "/run/ksm-hook/containers"

/*
 * Empty where not known. The sizes are those of Kubernetes' names (RFC 1123 labels and
 * subdomains), and an image's, which is left out where it is longer.
 */
struct record {
	char pod[254];
	char namespace[64];
	char container[128];
	char image[192];
};

/*
 * Pure: take an annotation over if it is one that names the container: those of containerd's
 * CRI plugin, CRI-O and nerdctl. A value that is too long or holds anything but letters,
 * digits and the few signs that names and image references have is left out.
 */
void record_annotation(struct record *r, const char *key, const char *value, size_t len);

/* May a text with annotations hold any of these? */
bool record_may_name(const char *text, size_t len);

/* End and check the texts that another process has sent. */
void record_clean(struct record *r);

/*
 * Write it down; pid is the container's init, 0 if there is none yet. Nothing is written if
 * there is no name, and nothing is said if it cannot be: it is for the eye only.
 */
void record_write(const char *id, pid_t pid, const struct record *r);
void record_remove(const char *id);

/* The directory for record_read(), -1 if there is none that can be trusted. */
int record_open(void);
bool record_read(int dir, const char *id, struct record *out);

/* Remove what is of containers that are no more; lives() knows those without an init. */
void record_collect(int dir, bool (*lives)(const void *arg, const char *id), const void *arg);

#endif
