/* SPDX-License-Identifier: Apache-2.0 */
/* Where does a path lead? Asked without touching a file system that need not answer (NFS, FUSE). */
#include "base/near_path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* uapi/linux/stat.h, Linux 4.11; not in every C library's headers */
struct near_statx {
	uint32_t mask, block_size;
	uint64_t attributes;
	uint32_t links, uid, gid;
	uint16_t mode, spare0;
	uint64_t ino, size, blocks, attributes_mask;
	uint64_t times[8];
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t spare[14];
};
_Static_assert(sizeof(struct near_statx) == 256, "as the kernel has it");
#define NEAR_TYPE      0x0001 /* STATX_TYPE */
#define NEAR_DONT_SYNC 0x4000 /* AT_STATX_DONT_SYNC */

struct path_walk {
	uint64_t run; /* a second device that counts as near; 0: none */
	bool go_on;   /* to the end, by whatever file systems */
	char *place;  /* where it came to another file system, or to a link; may be NULL */
	size_t size;
};

/*
 * Of an inode that is open or mounted, what is known of it: no server is asked (statx(2),
 * AT_STATX_DONT_SYNC; Linux before 4.11 asks). 0: a link, or not to be had.
 */
static uint64_t device_of(int dirfd, const char *path)
{
	int how = AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;
	struct near_statx x;
	struct stat st;

	if (syscall(SYS_statx, dirfd, path, how | NEAR_DONT_SYNC, NEAR_TYPE, &x) == 0)
		return S_ISLNK(x.mode) ? 0 : makedev(x.dev_major, x.dev_minor);
	if (errno != ENOSYS || fstatat(dirfd, path, &st, how) < 0)
		return 0;
	return S_ISLNK(st.st_mode) ? 0 : st.st_dev;
}

static bool come_to(const struct path_walk *w, const char *path, const char *end)
{
	if (w->place)
		snprintf(w->place, w->size, "%.*s", (int)(end - path), path);
	return w->go_on;
}

/* From *dir on, which is another descriptor behind each component. */
static bool walk_down(const struct path_walk *w, int *dir, const char *path)
{
	uint64_t at = device_of(*dir, "");
	const char *name = path + strspn(path, "/"), *end;
	bool near = at;

	for (; *name; name = end + strspn(end, "/")) {
		char component[NAME_MAX + 1];
		uint64_t next;
		int fd;

		end = name + strcspn(name, "/");
		if (snprintf(component, sizeof(component), "%.*s", (int)(end - name), name) >=
			    (int)sizeof(component) ||
		    strcmp(component, "..") == 0) {
			(void)come_to(w, path, end);
			return false;
		}
		/* no automount, as it is no directory that is asked for; nor is a server for its root */
		fd = openat(*dir, component, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			return near;
		close(*dir);
		*dir = fd;
		next = device_of(fd, "");
		if (!next || (next != at && next != w->run)) {
			near = false;
			if (!come_to(w, path, end))
				break;
		}
		at = next;
	}
	return near;
}

static bool walk_path(const struct path_walk *w, int dirfd, const char *path)
{
	int dir = openat(dirfd, path[0] == '/' ? "/" : ".", O_PATH | O_CLOEXEC);
	bool near;

	if (dir < 0)
		return false;
	near = walk_down(w, &dir, path);
	close(dir);
	return near;
}

bool path_stays_near(int dirfd, const char *path)
{
	return walk_path(&(struct path_walk){ 0 }, dirfd, path);
}

bool path_is_hosts(const char *path, char *place, size_t size)
{
	struct path_walk w = { device_of(AT_FDCWD, "/run"), false, place, size };

	return walk_path(&w, AT_FDCWD, path);
}

void path_follow(const char *path, char *place, size_t size)
{
	struct path_walk w = { device_of(AT_FDCWD, "/run"), true, place, size };

	(void)walk_path(&w, AT_FDCWD, path);
}
