/* SPDX-License-Identifier: Apache-2.0 */
/* Files of the host that may lie on a server which does not answer (NFS, FUSE): an engine's state. */
#ifndef KSM_FAR_FILES_H
#define KSM_FAR_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/io.h"

/*
 * Without the file systems of / and of /run no host works: what lies there is read here and now.
 * Anything else is left to a child, which is given up after two seconds: no signal need end such
 * a wait. The place that did not answer (a mount point, or a symlink that may lead to one) is not
 * asked again for a minute, by a child of ours neither, and can be named. All paths are absolute.
 */

/*
 * Run fn for files below path: here if it is near, else in a child (base/patience.h), so that all
 * it has to say is in memory of patience_memory(). Returns what fn returned; -ETIMEDOUT with err
 * and REASON_HOST_UNREADABLE: it does not answer, and the child may still write to that memory;
 * -errno: there is no child.
 */
int far_run(const char *path, int (*fn)(void *arg), void *arg, struct error *err);

/* read_regular_file() of an absolute path; -ETIMEDOUT as above. */
ssize_t far_read_file(const char *path, enum file_trust trust, char *buf, size_t cap,
		      struct error *err);

/* stat(2), lstat(2), access(2): 0 or -errno; -ETIMEDOUT. */
int far_stat(const char *path, struct stat *st);
int far_lstat(const char *path, struct stat *st);
int far_access(const char *path, int mode);

/*
 * What fn puts together, at most FAR_LIST_MAX bytes of texts with their NULs: names, paths. The
 * texts, each ended by a NUL, in one piece of memory to be freed, *size bytes; NULL with *size 0
 * where there are none.
 */
#define FAR_LIST_MAX (64u << 10)
struct far_list {
	size_t size;
	bool truncated;
	char text[FAR_LIST_MAX];
};
void far_list_add(struct far_list *list, const char *text);
int far_list(const char *path, int (*fn)(const char *path, struct far_list *list), char **texts,
	     size_t *size, struct error *err);

/* The i-th place that does not answer; NULL behind the last. Stays valid. */
const char *far_silent_place(size_t i);
/* The one that path lies in, or NULL. */
const char *far_silent_place_of(const char *path);

/* Have what children find out be known here, too: before they are made. */
void far_share_with_children(void);

#endif
