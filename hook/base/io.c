/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors and files: closed by themselves, read with a bound, written whole. */
#include "base/io.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/clock.h"
#include "base/near_path.h"

/* Linux's default kernel.overflowuid: what an owner outside of our user namespace looks like */
#define OVERFLOW_UID 65534

/*
 * So many looks at what is there already need no clock, whose first use costs a hook two pages:
 * engines write all at once.
 */
#define LOOKS_WITHOUT_CLOCK 4

struct read_limit {
	int timeout_ms, looks;
	int64_t deadline; /* 0: nothing was waited for yet */
};

/* 1 there is something to read (or its end), 0 ask again, -errno. */
static int wait_readable(int fd, struct read_limit *limit)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t left;

	if (limit->looks++ < LOOKS_WITHOUT_CLOCK && poll(&p, 1, 0) > 0)
		return 1;
	if (!limit->deadline)
		limit->deadline = now_ms() + limit->timeout_ms;
	left = limit->deadline - now_ms();
	if (left <= 0)
		return -ETIMEDOUT;
	switch (poll(&p, 1, (int)left)) {
	case 0:
		return -ETIMEDOUT;
	case -1:
		return errno == EINTR ? 0 : -errno;
	}
	return 1;
}

ssize_t read_all(int fd, char *buf, size_t cap, int timeout_ms)
{
	struct read_limit limit = { .timeout_ms = timeout_ms };
	size_t len = 0;

	for (;;) {
		ssize_t n;

		if (timeout_ms) {
			int r = wait_readable(fd, &limit);

			if (r < 0)
				return r;
			if (r == 0)
				continue;
		}
		/* one byte more than cap, to tell "full" from "too much" */
		n = read(fd, buf + len, cap + 1 - len);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
		if (len > cap)
			return -EFBIG;
	}
	buf[len] = '\0';
	return (ssize_t)len;
}

int write_all(int fd, const void *buf, size_t len)
{
	const char *p = buf;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

bool file_is_trusted(const struct stat *st, enum file_trust trust)
{
	if (!(trust & (FILE_TRUSTED | FILE_HOST_TRUSTED)))
		return true;
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return false;
	return st->st_uid == 0 || st->st_uid == geteuid() ||
	       (trust & FILE_HOST_TRUSTED && st->st_uid == OVERFLOW_UID);
}

/* uapi/linux/openat2.h, Linux 5.6; not in every distribution's headers */
struct near_how {
	uint64_t flags, mode, resolve;
};
#define NEAR_NO_XDEV 0x01
#ifndef SYS_openat2
#define SYS_openat2 437
#endif

int open_near(int dirfd, const char *path, int flags)
{
	/* O_LARGEFILE, which is implied elsewhere, is not known to it */
	struct near_how how = { .flags = (uint64_t)(flags & ~O_LARGEFILE),
				.resolve = NEAR_NO_XDEV };
	int fd = (int)syscall(SYS_openat2, dirfd, path, &how, sizeof(how));

	/* an older kernel, or a filter that does not know it */
	if (fd < 0 && (errno == ENOSYS || errno == EPERM || errno == EINVAL)) {
		if (!path_stays_near(dirfd, path))
			return -EXDEV;
		fd = openat(dirfd, path, flags);
	}
	return fd < 0 ? -errno : fd;
}

ssize_t read_regular_file_as(int dirfd, const char *path, const char *shown,
			     enum file_trust trust, char *buf, size_t cap, struct error *err)
{
	/* what is no regular file must neither block nor become our terminal */
	int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY |
		    (trust & FILE_SYMLINK ? 0 : O_NOFOLLOW);
	__cleanup(close_fd) int fd =
		trust & FILE_NEAR ? open_near(dirfd, path, flags) : openat(dirfd, path, flags);
	struct stat st;
	ssize_t n;

	if (trust & FILE_NEAR && fd < 0)
		errno = -fd;
	if (fd < 0 && errno == ENOENT && trust & FILE_OPTIONAL)
		return -ENOENT;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(err, errno, "%s", shown);
	if (!S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "%s: not a regular file", shown);
	if (!file_is_trusted(&st, trust))
		return err_set(err, EPERM,
			       "%s: must belong to root and be writable by nobody else: "
			       "chown root:root and chmod 644 it",
			       shown);
	n = read_all(fd, buf, cap, 0);
	if (n == -EFBIG)
		return err_set(err, EFBIG, "%s: longer than %zu bytes", shown, cap);
	return n < 0 ? err_errno(err, (int)-n, "%s", shown) : n;
}

ssize_t read_regular_file(int dirfd, const char *path, enum file_trust trust, char *buf,
			  size_t cap, struct error *err)
{
	return read_regular_file_as(dirfd, path, path, trust, buf, cap, err);
}

ssize_t read_kernel_file_at(int dir, const char *path, char *buf, size_t size)
{
	__cleanup(close_fd) int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? -errno : read_all(fd, buf, size - 1, 0);
}

ssize_t read_kernel_file(const char *path, char *buf, size_t size)
{
	return read_kernel_file_at(AT_FDCWD, path, buf, size);
}

/* A file of a name that nobody has, beside path. */
static int create_beside(int dirfd, const char *path, char name[PATH_MAX])
{
	/* more than a few that were left by somebody who was killed are an attack */
	enum { ATTEMPTS = 16 };
	const char *slash = strrchr(path, '/');
	int dir_len = slash ? (int)(slash + 1 - path) : 0;

	for (int i = 0; i < ATTEMPTS; i++) {
		int fd, len = snprintf(name, PATH_MAX, "%.*s.%s.%d-%d", dir_len, path,
				       path + dir_len, getpid(), i);

		if (len >= PATH_MAX)
			return -ENAMETOOLONG;
		fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			    0600);
		if (fd >= 0 || errno != EEXIST)
			return fd < 0 ? -errno : fd;
	}
	return -EEXIST;
}

static int fill(int fd, const void *data, size_t len, const struct stat *like)
{
	int r = write_all(fd, data, len);

	if (r < 0)
		return r;
	/* the owner first: chown takes set-user-ID bits away */
	if ((like->st_uid != (uid_t)-1 && fchown(fd, like->st_uid, like->st_gid) < 0) ||
	    fchmod(fd, like->st_mode & 07777) < 0 || fsync(fd) < 0)
		return -errno;
	return 0;
}

static int replace_like(int dirfd, const char *path, const void *data, size_t len,
			const struct stat *like, struct error *err)
{
	char name[PATH_MAX];
	int r, fd = create_beside(dirfd, path, name);

	if (fd < 0)
		return err_errno(err, -fd, "%s", path);
	r = fill(fd, data, len, like);
	/* some file systems tell only now that they are full */
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0 && renameat(dirfd, name, dirfd, path) < 0)
		r = -errno;
	if (r == 0)
		return 0;
	(void)unlinkat(dirfd, name, 0);
	return err_errno(err, -r, "%s", path);
}

int replace_file(int dirfd, const char *path, const void *data, size_t len, mode_t mode,
		 struct error *err)
{
	const struct stat like = { .st_mode = mode, .st_uid = (uid_t)-1, .st_gid = (gid_t)-1 };

	return replace_like(dirfd, path, data, len, &like, err);
}

int rewrite_file(int dirfd, const char *path, const void *data, size_t len, struct error *err)
{
	struct stat like;

	if (fstatat(dirfd, path, &like, AT_SYMLINK_NOFOLLOW) < 0)
		return err_errno(err, errno, "%s", path);
	if (!S_ISREG(like.st_mode))
		return err_set(err, EINVAL, "%s: not a regular file", path);
	return replace_like(dirfd, path, data, len, &like, err);
}
