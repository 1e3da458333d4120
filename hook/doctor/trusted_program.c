/* SPDX-License-Identifier: Apache-2.0 */
/* A program that root is to execute, opened along a way that nobody else can change. */
#include "doctor/trusted_program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/macros.h"

#define LINKS_MAX 40 /* MAXSYMLINKS of include/linux/namei.h */

struct walk {
	int fd; /* of what has been reached */
	struct stat st;
	char rest[PATH_MAX]; /* what is still to be gone */
	unsigned int links;
	const char *path; /* all of it, for messages */
};

/* Go on from that descriptor, which becomes the walk's. */
static int go_on_from(struct walk *w, int fd, struct error *err)
{
	int r = fd < 0 || fstat(fd, &w->st) < 0 ? errno : 0;

	close_fd(&w->fd);
	w->fd = fd;
	if (r)
		return err_errno(err, r, "%s", w->path);
	if (file_is_trusted(&w->st, FILE_TRUSTED))
		return 0;
	return err_set(err, EPERM, "%s: others than root can change %s", w->path,
		       S_ISDIR(w->st.st_mode) ? "a directory on the way" : "it");
}

static int follow_link(struct walk *w, int fd, struct error *err)
{
	char target[PATH_MAX], rest[PATH_MAX];
	ssize_t n = readlinkat(fd, "", target, sizeof(target) - 1);

	if (n < 0)
		return err_errno(err, errno, "%s", w->path);
	if (++w->links > LINKS_MAX)
		return err_errno(err, ELOOP, "%s", w->path);
	target[n] = '\0';
	memcpy(rest, w->rest, sizeof(rest));
	if (snprintf(w->rest, sizeof(w->rest), "%s/%s", target, rest) >= (int)sizeof(w->rest))
		return err_errno(err, ENAMETOOLONG, "%s", w->path);
	if (target[0] != '/')
		return 0;
	return go_on_from(w, open("/", O_PATH | O_CLOEXEC), err);
}

/* The next name of the rest. */
static int walk_step(struct walk *w, struct error *err)
{
	size_t slashes = strspn(w->rest, "/"), len = strcspn(w->rest + slashes, "/");
	char name[NAME_MAX + 1];
	struct stat st;
	int fd, r;

	if (len >= sizeof(name))
		return err_errno(err, ENAMETOOLONG, "%s", w->path);
	memcpy(name, w->rest + slashes, len);
	name[len] = '\0';
	memmove(w->rest, w->rest + slashes + len, strlen(w->rest + slashes + len) + 1);
	if (len == 0)
		return 0;
	fd = openat(w->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISLNK(st.st_mode)) {
		r = follow_link(w, fd, err);
		close_fd(&fd);
		return r;
	}
	return go_on_from(w, fd, err);
}

int trusted_program_open(const char *path, struct error *err)
{
	struct walk w = { .fd = -1, .path = path };
	int r;

	if (path[0] != '/')
		return err_set(err, EINVAL, "%s: no absolute path", path);
	if (snprintf(w.rest, sizeof(w.rest), "%s", path) >= (int)sizeof(w.rest))
		return err_errno(err, ENAMETOOLONG, "%s", path);
	r = go_on_from(&w, open("/", O_PATH | O_CLOEXEC), err);
	while (r == 0 && w.rest[0])
		r = walk_step(&w, err);
	if (r == 0 && (!S_ISREG(w.st.st_mode) || !(w.st.st_mode & S_IXUSR)))
		r = err_set(err, EACCES, "%s: not a program", path);
	if (r == 0)
		return w.fd;
	close_fd(&w.fd);
	return r;
}
