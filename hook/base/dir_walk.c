/* SPDX-License-Identifier: Apache-2.0 */
/* What a directory holds, name by name. */
#include "base/dir_walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/io.h"

static int visit_entries(DIR *d, int at, dir_visit visit, void *arg)
{
	const struct dirent *e;
	int r = 0;

	while (r == 0 && (e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			r = visit(at, e->d_name, arg);
	}
	closedir(d);
	return r;
}

int dir_for_each(int dirfd, dir_visit visit, void *arg)
{
	__cleanup(close_fd) int fd = fcntl(dirfd, F_DUPFD_CLOEXEC, 0);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d)
		return -errno;
	(void)steal_fd(&fd);
	return visit_entries(d, dirfd, visit, arg);
}

int dir_for_each_of(const char *path, dir_visit visit, void *arg)
{
	DIR *d = opendir(path);

	return d ? visit_entries(d, dirfd(d), visit, arg) : -errno;
}
