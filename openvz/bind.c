/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts the library and ld.so.preload into a container's root, and takes them out.
 *
 * The root's content is the container's, and may change under our hands. So no path in
 * it is ever handed to the kernel: each component is opened below the directory before
 * it, without following links, and what was opened is what is mounted on, by way of
 * /proc/self/fd. Only calls that Linux 2.6.32 has: no O_PATH semantics are relied upon,
 * no openat2.
 */
#include "openvz.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"

#define LIB_PARENT "usr/lib"
#define LIB_NAME   "ksm-preload"
#define FILE_NAME  "ld.so.preload"

/* expanded by the loader: see stage.c */
#define PRELOAD_LINE "/" LIB_PARENT "/" LIB_NAME "/$PLATFORM/libksm_preload.so\n"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)

/*
 * Kernels before 2.6.39 ignore O_PATH, and open what should be a regular file, without
 * waiting for a fifo's other end. Later ones open nothing, not even a device node.
 */
#define FILE_FLAGS (O_PATH | O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

/* a container's own list of libraries: what is longer is none */
#define OWN_MAX 65536

/* The root, and the two directories in it that are worked in: -1 where there is none. */
struct places {
	struct stat root;
	int etc, lib;
};

static const char *kind(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFLNK:
		return "a symbolic link";
	case S_IFDIR:
		return "a directory";
	case S_IFIFO:
		return "a fifo";
	case S_IFSOCK:
		return "a socket";
	case S_IFCHR:
	case S_IFBLK:
		return "a device";
	}
	return "a regular file";
}

static bool is_same_inode(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* The directory PATH below ROOT, if it is one, in the same file system. */
static int open_below(int root, const char *path, const struct stat *root_st, struct error *err)
{
	int dir = root, next, done = 0;
	struct stat st;
	char name[32];

	while (path[done]) {
		int len = (int)strcspn(path + done, "/");

		snprintf(name, sizeof(name), "%.*s", len, path + done);
		done += len;
		next = openat(dir, name, DIR_FLAGS);
		if (next >= 0)
			err_set(err, EINVAL,
				"/%.*s in the container is a mount of another file "
				"system, which may not be its own",
				done, path);
		else if ((errno == ENOTDIR || errno == ELOOP) &&
			 fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			err_set(err, EINVAL, "/%.*s in the container is %s, not a directory",
				done, path, kind(st.st_mode));
		else
			err_errno(err, errno, "cannot open /%.*s in the container", done, path);
		if (dir != root)
			close(dir);
		if (next < 0)
			return -1;
		dir = next;
		/* such as the host's /usr, shared with its containers */
		if (fstat(dir, &st) < 0 || st.st_dev != root_st->st_dev) {
			close(dir);
			return -1;
		}
		done += path[done] == '/';
	}
	return dir;
}

static int places_open(struct places *p, const char *path, struct error *err)
{
	struct error second;
	struct stat host;
	int root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (root < 0)
		return err_errno(err, errno, "cannot open VE_ROOT %s", path);
	if (fstat(root, &p->root) < 0 || stat("/", &host) < 0 ||
	    is_same_inode(&host, &p->root)) {
		close(root);
		return err_set(err, EINVAL, "VE_ROOT %s is the host's own root", path);
	}
	p->etc = open_below(root, "etc", &p->root, err);
	p->lib = open_below(root, LIB_PARENT, &p->root, p->etc < 0 ? &second : err);
	close(root);
	return 0;
}

static void places_close(struct places *p)
{
	if (p->etc >= 0)
		close(p->etc);
	if (p->lib >= 0)
		close(p->lib);
}

/* What was mounted there before, as far as it is ours: a directory and a file that
 * are in one file system, which is not the root's. Both or none are given. */
static bool ours(const struct places *p, struct stat *lib, struct stat *file)
{
	return p->etc >= 0 && p->lib >= 0 &&
	       fstatat(p->lib, LIB_NAME, lib, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstatat(p->etc, FILE_NAME, file, AT_SYMLINK_NOFOLLOW) == 0 &&
	       lib->st_dev == file->st_dev && lib->st_dev != p->root.st_dev &&
	       S_ISDIR(lib->st_mode) && S_ISREG(file->st_mode);
}

/*
 * An empty file without any permission, root's: nobody but us has a use for such an
 * ld.so.preload, and to know it by its looks needs no record that could be lost.
 */
static bool is_mount_point(const struct stat *st)
{
	return S_ISREG(st->st_mode) && !(st->st_mode & 07777) && !st->st_size && !st->st_uid;
}

/* The file to mount on, made if it is not there; *created says so. */
static int open_file(int etc, bool *created, struct error *err)
{
	struct stat st;
	int fd;

	*created = false;
	if (fstatat(etc, FILE_NAME, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno != ENOENT)
			return err_errno(err, errno, "cannot look at /etc/" FILE_NAME);
		fd = openat(etc, FILE_NAME,
			    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0);
		if (fd < 0)
			return err_errno(err, errno,
					 "cannot create /etc/" FILE_NAME " in the container");
		*created = true;
		return fd;
	}
	fd = S_ISREG(st.st_mode) ? openat(etc, FILE_NAME, FILE_FLAGS) : -1;
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	if (fd >= 0)
		close(fd);
	if (S_ISREG(st.st_mode))
		return err_set(err, EINVAL,
			       "/etc/" FILE_NAME " in the container is being changed");
	return err_set(err, EINVAL,
		       "/etc/" FILE_NAME " in the container is %s; it must be a regular file "
		       "or absent",
		       kind(st.st_mode));
}

/* The container's own lines and ours; *text is to be freed. */
static int merge_list(int file, bool empty, char **text, size_t *len, struct error *err)
{
	char path[32];
	ssize_t n = 0;
	int fd;

	*len = 0;
	*text = malloc(OWN_MAX + sizeof(PRELOAD_LINE) + 1);
	if (!*text)
		return err_errno(err, ENOMEM, "no memory");
	if (!empty) {
		/* the very file that was found to be a regular one */
		snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
		fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0)
			return err_errno(err, errno, "cannot read /etc/" FILE_NAME);
		n = read_all(fd, *text, OWN_MAX, 0);
		close(fd);
		if (n == -EFBIG)
			return err_set(err, EINVAL,
				       "/etc/" FILE_NAME " in the container is longer than %d "
				       "bytes",
				       OWN_MAX);
		if (n < 0)
			return err_errno(err, (int)-n, "cannot read /etc/" FILE_NAME);
		*len = (size_t)n;
	}
	if (*len && (*text)[*len - 1] != '\n')
		(*text)[(*len)++] = '\n';
	memcpy(*text + *len, PRELOAD_LINE, strlen(PRELOAD_LINE));
	*len += strlen(PRELOAD_LINE);
	return 0;
}

static int open_dir(int lib, struct error *err)
{
	int fd;

	if (mkdirat(lib, LIB_NAME, 0755) < 0 && errno != EEXIST)
		return err_errno(err, errno,
				 "cannot create /" LIB_PARENT "/" LIB_NAME " in the container");
	fd = openat(lib, LIB_NAME, DIR_FLAGS);
	if (fd < 0)
		err_errno(err, errno,
			  "/" LIB_PARENT "/" LIB_NAME " in the container is no directory");
	return fd;
}

static int bind_on(const char *from, int fd, struct error *err)
{
	char to[32];

	snprintf(to, sizeof(to), "/proc/self/fd/%d", fd);
	if (mount(from, to, NULL, MS_BIND, NULL) < 0)
		return err_errno(err, errno, "cannot bind %s into the container", from);
	return 0;
}

/* Detaches what is mounted on NAME if it is the file that EXPECTED describes. */
static void detach(int dir, const char *name, const struct stat *expected)
{
	char path[32];
	struct stat st;
	int fd = openat(dir, name, FILE_FLAGS);

	if (fd < 0)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	/* DETACH because our own descriptor makes it busy */
	if (fstat(fd, &st) == 0 && is_same_inode(&st, expected))
		umount2(path, MNT_DETACH);
	close(fd);
}

static void remove_mount_points(const struct places *p)
{
	struct stat st;

	if (p->etc >= 0 && fstatat(p->etc, FILE_NAME, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    is_mount_point(&st))
		unlinkat(p->etc, FILE_NAME, 0);
	if (p->lib >= 0)
		unlinkat(p->lib, LIB_NAME, AT_REMOVEDIR); /* only if it is empty */
}

/* With the stage up: binds both, and looks whether they are where they should be. */
static int bind_both(const struct places *p, int dir, int file, struct error *err)
{
	struct stat lib, list, seen_lib, seen_list;

	if (stat(stage_dir, &lib) < 0 || stat(stage_file, &list) < 0)
		return err_errno(err, errno, "cannot look at %s", stage_dir);
	if (bind_on(stage_dir, dir, err) == 0 && bind_on(stage_file, file, err) == 0) {
		if (ours(p, &seen_lib, &seen_list) && is_same_inode(&lib, &seen_lib) &&
		    is_same_inode(&list, &seen_list))
			return 0;
		err_set(err, EINVAL,
			"/etc/" FILE_NAME " or /" LIB_PARENT "/" LIB_NAME
			" in the container was exchanged meanwhile");
	}
	detach(p->etc, FILE_NAME, &list);
	detach(p->lib, LIB_NAME, &lib);
	return -1;
}

int preload_bind(const char *root, char **libdirs, struct error *err)
{
	bool created = false;
	struct stat a, b;
	struct stage stage;
	struct places p = { .etc = -1, .lib = -1 };
	char *text = NULL;
	size_t len;
	int file = -1, dir = -1, rc = -1;

	if (places_open(&p, root, err) < 0)
		return -1;
	if (p.etc < 0 || p.lib < 0)
		goto out;
	if (ours(&p, &a, &b)) {
		rc = 0; /* run twice */
		goto out;
	}
	file = open_file(p.etc, &created, err);
	if (file < 0 || merge_list(file, created, &text, &len, err) < 0)
		goto undo;
	dir = open_dir(p.lib, err);
	if (dir < 0 || stage_make(&stage, libdirs, text, len, err) < 0)
		goto undo;
	rc = bind_both(&p, dir, file, err);
	stage_drop(&stage);
undo:
	if (rc < 0)
		remove_mount_points(&p);
out:
	free(text);
	if (file >= 0)
		close(file);
	if (dir >= 0)
		close(dir);
	places_close(&p);
	return rc;
}

int preload_unbind(const char *root, struct error *err)
{
	struct stat lib, file;
	struct places p = { .etc = -1, .lib = -1 };

	if (places_open(&p, root, err) < 0)
		return -1;
	if (ours(&p, &lib, &file)) {
		detach(p.etc, FILE_NAME, &file);
		detach(p.lib, LIB_NAME, &lib);
	}
	remove_mount_points(&p);
	places_close(&p);
	return 0;
}
