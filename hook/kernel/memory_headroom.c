/* SPDX-License-Identifier: Apache-2.0 */
/* Is there memory for the copies that unmerging makes? */
#include "kernel/memory_headroom.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/text.h"
#include "kernel/proc.h"

/* The files of a memory cgroup, which v1 and v2 name differently (cgroup-v1/memory.rst,
 * cgroup-v2.rst). What is mounted where: systemd's layouts, pure and hybrid. */
static const struct layout {
	const char *root, *limit, *usage, *reclaimable;
} v1 = { "/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes",
	 "total_inactive_file" },
  v2 = { "/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file" };

struct group {
	char path[PATH_MAX]; /* of the process's memory cgroup, "" for the root */
	const struct layout *layout;
	int64_t bytes;
};

/* A number of one line; INT64_MAX for "max"; -1 when it cannot be read. */
static int64_t number(const struct layout *l, const char *path, const char *name)
{
	char file[PATH_MAX + 64], text[64];
	int64_t v;
	ssize_t n;

	snprintf(file, sizeof(file), "%s%s/%s", l->root, path, name);
	n = read_kernel_file(file, text, sizeof(text));
	if (n <= 0)
		return -1;
	if (strncmp(text, "max", 3) == 0)
		return INT64_MAX;
	return parse_int(text, strcspn(text, "\n"), 0, INT64_MAX, &v) < 0 ? -1 : v;
}

/* A "name value" line of memory.stat, not its first: pages of files that nobody used lately. */
static int64_t reclaimable(const struct layout *l, const char *path)
{
	char file[PATH_MAX + 64], text[32768], key[32];
	const char *line;

	snprintf(file, sizeof(file), "%s%s/memory.stat", l->root, path);
	if (read_kernel_file(file, text, sizeof(text)) <= 0)
		return 0;
	snprintf(key, sizeof(key), "\n%s ", l->reclaimable);
	line = strstr(text, key);
	return line ? strtoll(line + strlen(key), NULL, 10) : 0;
}

/* What may still be charged to one cgroup; INT64_MAX where there is no limit to be seen. */
static int64_t left_in(const struct layout *l, const char *path)
{
	int64_t limit = number(l, path, l->limit), usage = number(l, path, l->usage), left;

	if (limit < 0 || usage < 0 || limit == INT64_MAX)
		return INT64_MAX;
	left = limit - usage + reclaimable(l, path);
	return left < 0 ? 0 : left;
}

static bool has_v1(void)
{
	return access("/sys/fs/cgroup/memory/memory.usage_in_bytes", F_OK) == 0;
}

/* The memory controller's line, or v2's: 1, 0 where it has none in our tree or has ended, -errno. */
static int group_of(pid_t pid, struct group *g)
{
	char text[PROC_CGROUP_MAX], *line, *next;
	bool v1_here = has_v1();
	ssize_t n = proc_read(pid, "cgroup", text, sizeof(text));

	if (n < 0)
		return n == -ESRCH || n == -ENOENT ? 0 : (int)n;
	for (line = text; line; line = next) {
		char *controllers = strchr(line, ':'), *path;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		path = controllers ? strchr(controllers + 1, ':') : NULL;
		if (!path)
			continue;
		*path++ = '\0';
		if (strcmp(controllers + 1, v1_here ? "memory" : "") != 0)
			continue;
		/* above the root of our cgroup namespace: not in our tree */
		if (strncmp(path, "/..", 3) == 0)
			return 0;
		g->layout = v1_here ? &v1 : &v2;
		snprintf(g->path, sizeof(g->path), "%s", strcmp(path, "/") == 0 ? "" : path);
		return 1;
	}
	return 0;
}

/* What all groups below (and at) a path need. */
static int64_t needed_below(const struct group *g, size_t n, const char *path)
{
	size_t len = strlen(path);
	int64_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		if (strncmp(g[i].path, path, len) == 0 &&
		    (g[i].path[len] == '\0' || g[i].path[len] == '/'))
			sum += g[i].bytes;
	}
	return sum;
}

static int does_not_fit(int64_t need, int64_t left, const char *where, struct error *err)
{
	char a[16], b[16], c[16];

	return err_reason(err, REASON_HOST_HEADROOM,
			  err_set(err, ENOMEM,
				  "unmerging needs %s more, and %.159s has %s left: %s too "
				  "little",
				  format_bytes(a, sizeof(a), need), where,
				  format_bytes(b, sizeof(b), left),
				  format_bytes(c, sizeof(c), need - left)));
}

static int check_group(const struct group *g, size_t n, const char *leaf, struct error *err)
{
	char path[PATH_MAX], where[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s", leaf);
	for (char *end = path + strlen(path); end; end = strrchr(path, '/')) {
		int64_t need, left;

		*end = '\0';
		need = needed_below(g, n, path);
		left = left_in(g->layout, path);
		if (need > left) {
			snprintf(where, sizeof(where), "the cgroup %s", *path ? path : "/");
			return does_not_fit(need, left, where, err);
		}
	}
	return 0;
}

static int unknown_headroom(int r, const char *file, struct error *err)
{
	return err_reason(err, REASON_HOST_HEADROOM,
			  err_errno(err, -r,
				    "whether there is memory for unmerging cannot be told "
				    "(--force does it all the same): %s",
				    file));
}

/* Processes to groups: those of one cgroup are added up. Their number, or -errno. */
static ssize_t group_up(const struct room_need *need, size_t n, struct group *g,
			struct error *err)
{
	ssize_t groups = 0;

	for (size_t i = 0; i < n; i++) {
		struct group *last = &g[groups];
		ssize_t k = 0;
		char file[32];
		int r = need[i].bytes ? group_of(need[i].pid, last) : 0;

		if (r < 0) {
			snprintf(file, sizeof(file), "/proc/%d/cgroup", need[i].pid);
			return unknown_headroom(r, file, err);
		}
		if (r == 0)
			continue;
		while (k < groups && strcmp(g[k].path, last->path) != 0)
			k++;
		if (k == groups)
			g[groups++].bytes = 0;
		g[k].bytes += need[i].bytes;
	}
	return groups;
}

int64_t room_available(void)
{
	char text[4096];
	int64_t kib = -1;

	if (read_kernel_file("/proc/meminfo", text, sizeof(text)) > 0)
		kib = proc_field(text, "MemAvailable");
	return kib < 0 ? -1 : kib * 1024;
}

int room_check_or_force(const struct room_need *need, size_t n, struct error *err)
{
	static const char hint[] = "; --force does it all the same";
	int r = room_check(need, n, err);
	size_t len = r < 0 ? strlen(err->msg) : 0;

	if (r == -ENOMEM && err->reason == REASON_HOST_HEADROOM &&
	    len + sizeof(hint) <= sizeof(err->msg))
		memcpy(err->msg + len, hint, sizeof(hint));
	return r;
}

int room_check(const struct room_need *need, size_t n, struct error *err)
{
	/* of some 50 lines */
	char text[16384];
	int64_t sum = 0, available;
	struct group *g;
	ssize_t groups;
	int r = 0;

	for (size_t i = 0; i < n; i++)
		sum += need[i].bytes;
	if (sum == 0)
		return 0;
	r = (int)read_kernel_file("/proc/meminfo", text, sizeof(text));
	if (r < 0)
		return unknown_headroom(r, "/proc/meminfo", err);
	/* since Linux 3.14 */
	available = proc_field(text, "MemAvailable");
	if (available >= 0 && sum > available * 1024)
		return does_not_fit(sum, available * 1024, "the machine", err);
	g = calloc(n + 1, sizeof(*g));
	if (!g)
		return err_set(err, ENOMEM, "out of memory");
	groups = group_up(need, n, g, err);
	r = groups < 0 ? (int)groups : 0;
	for (ssize_t i = 0; r == 0 && i < groups; i++)
		r = check_group(g, (size_t)groups, g[i].path, err);
	free(g);
	return r;
}
