/* SPDX-License-Identifier: Apache-2.0 */
/* The memory cgroup of a process, and what it says: of v1's memory controller, else of v2. */
#include "kernel/memory_cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/macros.h"
#include "kernel/proc.h"

/* v1 and v2 name them differently (cgroup-v1/memory.rst, cgroup-v2.rst). What is mounted where:
 * systemd's layouts, pure and hybrid. */
#define V1_NAMES \
	"memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file", "total_rss"
#define V2_NAMES "memory.max", "memory.current", "inactive_file", "anon"

static const struct memory_cgroup_files own_tree[] = { { "/sys/fs/cgroup/memory", V1_NAMES },
						       { "/sys/fs/cgroup", V2_NAMES } },
					init_tree[] = { { "/proc/1/root/sys/fs/cgroup/memory",
							  V1_NAMES },
							{ "/proc/1/root/sys/fs/cgroup",
							  V2_NAMES } };
static const struct memory_cgroup_files *tree = own_tree;

static bool is_on_v1(void)
{
	char file[80];

	snprintf(file, sizeof(file), "%s/memory.usage_in_bytes", tree[0].root);
	return access(file, F_OK) == 0;
}

const struct memory_cgroup_files *memory_cgroup_files(void)
{
	return is_on_v1() ? &tree[0] : &tree[1];
}

int memory_cgroup_see_all(struct error *err)
{
	struct stat own, init;
	__cleanup(close_fd) int fd = -1;

	/* before Linux 4.6 there are none */
	if (stat("/proc/self/ns/cgroup", &own) < 0 && errno == ENOENT)
		return 0;
	if (stat("/proc/self/ns/cgroup", &own) < 0 || stat("/proc/1/ns/cgroup", &init) < 0)
		return err_errno(err, errno, "the cgroup namespace of the machine's init");
	if (own.st_ino == init.st_ino)
		return 0;
	fd = open("/proc/1/ns/cgroup", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWCGROUP) < 0)
		return err_errno(err, errno, "the cgroup namespace of the machine's init");
	tree = init_tree;
	return 0;
}

int64_t memory_stat_value(const char *text, const char *name)
{
	const size_t len = strlen(name);

	while (*text) {
		if (strncmp(text, name, len) == 0 && text[len] == ' ')
			return strtoll(text + len, NULL, 10);
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return -1;
}

int64_t memory_cgroup_anonymous(const struct memory_cgroup *g)
{
	const struct memory_cgroup_files *files = memory_cgroup_files();
	char file[PATH_MAX + 64], text[MEMORY_STAT_MAX];

	snprintf(file, sizeof(file), "%s%s/memory.stat", files->root, g->path);
	if (read_kernel_file(file, text, sizeof(text)) <= 0)
		return -1;
	return memory_stat_value(text, files->anonymous);
}

int memory_cgroup_of(pid_t pid, struct memory_cgroup *out)
{
	const bool on_v1 = is_on_v1();
	char text[PROC_CGROUP_MAX], *line, *next;
	ssize_t n = proc_read(pid, "cgroup", text, sizeof(text));

	if (n < 0)
		return n == -ESRCH || n == -ENOENT || n == -ENAMETOOLONG ? 0 : (int)n;
	for (line = text; line; line = next) {
		char *controllers = strchr(line, ':'), *path;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		path = controllers ? strchr(controllers + 1, ':') : NULL;
		if (!path)
			continue;
		*path++ = '\0';
		if (strcmp(controllers + 1, on_v1 ? "memory" : "") != 0)
			continue;
		/* above the root of our cgroup namespace: not in our tree */
		if (strncmp(path, "/..", 3) == 0)
			return 0;
		if (strlen(path) >= sizeof(out->path))
			return 0;
		snprintf(out->path, sizeof(out->path), "%s",
			 strcmp(path, "/") == 0 ? "" : path);
		return 1;
	}
	return 0;
}

/*
 * fd is this function's to close. A directory may go while it is read; one that cannot be read for
 * another reason (each level takes a descriptor) makes as many as are too many.
 */
static ssize_t numbers_below(int fd, uint64_t *number, ssize_t n)
{
	DIR *dir = fdopendir(fd);
	struct dirent *entry;

	if (!dir) {
		close(fd);
		return MEMORY_CGROUP_BELOW_MAX;
	}
	while (n < MEMORY_CGROUP_BELOW_MAX && (entry = readdir(dir)) != NULL) {
		int below;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		below = openat(dirfd(dir), entry->d_name,
			       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (below < 0 && errno == ENOENT)
			continue;
		if (below < 0) {
			n = MEMORY_CGROUP_BELOW_MAX;
			break;
		}
		/* cgroup_ino(): the number of the directory in its file system */
		number[n++] = entry->d_ino;
		n = numbers_below(below, number, n);
	}
	closedir(dir);
	return n;
}

ssize_t memory_cgroup_numbers(const struct memory_cgroup *g,
			      uint64_t number[MEMORY_CGROUP_BELOW_MAX])
{
	char path[PATH_MAX + 64];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "%s%s", memory_cgroup_files()->root, g->path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* without the controller nothing is charged to it */
	if (fstat(fd, &st) < 0 || faccessat(fd, "memory.stat", F_OK, 0) < 0) {
		int r = -errno;

		close(fd);
		return r;
	}
	number[0] = st.st_ino;
	return numbers_below(fd, number, 1);
}
