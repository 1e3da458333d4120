/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors and files: closed by themselves, read with a bound, written whole. */
#ifndef KSM_IO_H
#define KSM_IO_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/error.h"
#include "base/macros.h"

static inline void close_fd(const int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

/* Hand over ownership of a descriptor. */
static inline int steal_fd(int *fd)
{
	int ret = *fd;

	*fd = -1;
	return ret;
}

/*
 * Read fd to its end into buf, which has room for cap bytes and a closing NUL. Returns the
 * number of bytes; -EFBIG when there are more than cap, -ETIMEDOUT when the end has not
 * come within timeout_ms (0: no limit, for regular files).
 */
ssize_t read_all(int fd, char *buf, size_t cap, int timeout_ms);

/* Write all of buf; 0 or -errno. */
int write_all(int fd, const void *buf, size_t len);

/* What is asked of a file before a byte of it is believed; or'ed together. */
enum file_trust {
	FILE_UNTRUSTED = 0, /* anybody's: whoever reads it checks what it says */
	FILE_TRUSTED = 1,   /* root's or ours, and nobody else can write to it */
	/* the same, and an owner without a name in our user namespace is the host's root */
	FILE_HOST_TRUSTED = 2,
	FILE_SYMLINK =
		4,     /* the name may be a symlink, as configuration management makes them */
	FILE_NEAR = 8, /* on the file system of the root directory, or -EXDEV: open_near() */
	FILE_OPTIONAL = 16, /* there may be none: -ENOENT, with no message to be put together */
};

/*
 * openat(2), but for paths that lead to another mount than they begin at: -EXDEV, before its file
 * system, which need not answer, is asked (Linux before 4.11 asks). A descriptor or -errno.
 */
int open_near(int dirfd, const char *path, int flags);

struct stat;

/* Is what this is of as trusted as that? For a directory: is nobody else able to change it? */
bool file_is_trusted(const struct stat *st, enum file_trust trust);

/*
 * Read a regular file into buf, which has room for cap bytes and a closing NUL. path is
 * relative to dirfd (or AT_FDCWD). Returns the number of bytes, or -errno with a message
 * that begins with the path: -EPERM when the file is not as trusted as that, -EINVAL when it
 * is not a regular one, -EFBIG when it is longer than cap.
 */
ssize_t read_regular_file(int dirfd, const char *path, enum file_trust trust, char *buf,
			  size_t cap, struct error *err);

/* The same, with the name that its messages have. */
ssize_t read_regular_file_as(int dirfd, const char *path, const char *shown,
			     enum file_trust trust, char *buf, size_t cap, struct error *err);

/*
 * Read what the kernel says (/proc, /sys, a cgroup's files) into buf of size bytes,
 * NUL-terminated. Returns its length or -errno; -EFBIG when buf is too small.
 */
ssize_t read_kernel_file(const char *path, char *buf, size_t size);

/* The same below a directory that is open. */
ssize_t read_kernel_file_at(int dir, const char *path, char *buf, size_t size);

/*
 * Write a file in one step: readers see the old one or all of the new one, also after a
 * crash. A symlink of that name is replaced, not followed.
 */
int replace_file(int dirfd, const char *path, const void *data, size_t len, mode_t mode,
		 struct error *err);

/* The same for a file that is there, which keeps its mode and its owner. */
int rewrite_file(int dirfd, const char *path, const void *data, size_t len, struct error *err);

#endif
