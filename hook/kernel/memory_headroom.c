/* SPDX-License-Identifier: Apache-2.0 */
/* Is there memory for the copies that unmerging makes? */
#include "kernel/memory_headroom.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/text.h"
#include "kernel/memory_cgroup.h"
#include "kernel/proc.h"

#define DIRECTORY_FLAGS (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* v1 writes the largest number of whole pages (PAGE_COUNTER_MAX) for "max"; of at most 64 KiB each */
#define NO_LIMIT (INT64_MAX - 65536)

struct group {
	char *path; /* of the process's memory cgroup, "" for the root */
	int64_t bytes;
};

/* One directory of a path, while the groups below it are added up. */
struct level {
	size_t len; /* of its path */
	int64_t bytes;
};

struct cgroup_walk {
	const struct memory_cgroup_files *files;
	int root, fd; /* fd: the directory of the last level; -1: not open */
	char path[PROC_CGROUP_MAX];
	struct level *level;
	size_t n, room;
	int64_t reclaimable; /* below the last level, at least */
};

/* A number of one line; INT64_MAX for "max"; -1 when it cannot be read. */
static int64_t number(int dir, const char *name)
{
	char text[64];
	int64_t v;
	ssize_t n = read_kernel_file_at(dir, name, text, sizeof(text));

	if (n <= 0)
		return -1;
	if (strncmp(text, "max", 3) == 0)
		return INT64_MAX;
	return parse_int(text, strcspn(text, "\n"), 0, INT64_MAX, &v) < 0 ? -1 : v;
}

/* Pages of files that nobody used lately. */
static int64_t reclaimable(const struct memory_cgroup_files *files, int dir)
{
	char text[MEMORY_STAT_MAX];
	int64_t v;

	if (read_kernel_file_at(dir, "memory.stat", text, sizeof(text)) <= 0)
		return 0;
	v = memory_stat_value(text, files->reclaimable);
	return v < 0 ? 0 : v;
}

/*
 * What may still be charged to the last level; INT64_MAX where there is no limit to be seen.
 * memory.stat is the dearest of all files, so it is read where the answer hangs on it only: what
 * could be reclaimed below can be here, too.
 */
static int64_t left_in(struct cgroup_walk *w, int64_t need)
{
	int64_t limit = number(w->fd, w->files->limit), left;

	if (limit < 0 || limit >= NO_LIMIT)
		return INT64_MAX;
	left = number(w->fd, w->files->usage);
	if (left < 0)
		return INT64_MAX;
	left = limit - left;
	if (need > left + w->reclaimable)
		w->reclaimable = reclaimable(w->files, w->fd);
	left += w->reclaimable;
	return left < 0 ? 0 : left;
}

/* What is below a path comes right behind it. */
static int compare_groups(const void *a, const void *b)
{
	const char *x = ((const struct group *)a)->path, *y = ((const struct group *)b)->path;

	while (*x && *x == *y) {
		x++;
		y++;
	}
	if (*x == *y || !*x || !*y)
		return (*x != '\0') - (*y != '\0');
	if (*x == '/' || *y == '/')
		return *x == '/' ? -1 : 1;
	return (unsigned char)*x - (unsigned char)*y;
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

/* The last level has all that is below it: does that fit? Its parent is the last one then. */
static int leave_level(struct cgroup_walk *w, struct error *err)
{
	struct level last = w->level[--w->n];
	char where[192];
	int64_t left;
	int up;

	w->path[last.len] = '\0';
	if (w->fd < 0)
		w->fd = openat(w->root, *w->path ? w->path + 1 : ".", DIRECTORY_FLAGS);
	left = w->fd < 0 ? INT64_MAX : left_in(w, last.bytes);
	if (last.bytes > left) {
		snprintf(where, sizeof(where), "the cgroup %.159s", *w->path ? w->path : "/");
		return does_not_fit(last.bytes, left, where, err);
	}
	if (!w->n)
		return 0;
	w->level[w->n - 1].bytes += last.bytes;
	/* by the way up: the path of each would be walked from the root each time */
	up = w->fd < 0 ? -1 : openat(w->fd, "..", DIRECTORY_FLAGS);
	if (w->fd >= 0)
		close(w->fd);
	w->fd = up;
	return 0;
}

static int add_level(struct cgroup_walk *w, size_t len, struct error *err)
{
	if (w->n == w->room) {
		size_t room = w->room ? 2 * w->room : 64;
		struct level *more = reallocarray(w->level, room, sizeof(*more));

		if (!more)
			return err_set(err, ENOMEM, "out of memory");
		w->level = more;
		w->room = room;
	}
	w->level[w->n++] = (struct level){ .len = len };
	return 0;
}

/* From where the last group was to this one: up, then down. */
static int go_to_group(struct cgroup_walk *w, const struct group *g, struct error *err)
{
	size_t same = 0, len = strlen(g->path);
	int r = 0;

	while (g->path[same] && g->path[same] == w->path[same])
		same++;
	/* what both have is whole names only */
	while (same && ((g->path[same] && g->path[same] != '/') ||
			(w->path[same] && w->path[same] != '/')))
		same--;
	while (r == 0 && w->n && w->level[w->n - 1].len > same)
		r = leave_level(w, err);
	if (r < 0)
		return r;
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
	w->reclaimable = 0;
	memcpy(w->path, g->path, len + 1);
	for (size_t i = same; r == 0 && i < len; i++) {
		if (i > same && g->path[i] == '/')
			r = add_level(w, i, err);
	}
	if (r == 0 && len > same)
		r = add_level(w, len, err);
	if (r == 0 && w->n)
		w->level[w->n - 1].bytes += g->bytes;
	return r;
}

/*
 * Each directory once, whatever their number and depth: users nest cgroups as deep as they like.
 * The groups are sorted, so that one has all that is below it when it is left.
 */
static int check_groups(const struct memory_cgroup_files *files, struct group *g, size_t n,
			struct error *err)
{
	struct cgroup_walk w = { .files = files, .fd = -1 };
	int r;

	w.root = open(files->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (w.root < 0)
		return 0;
	qsort(g, n, sizeof(*g), compare_groups);
	r = add_level(&w, 0, err);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = go_to_group(&w, &g[i], err);
	while (r == 0 && w.n)
		r = leave_level(&w, err);
	if (w.fd >= 0)
		close(w.fd);
	close(w.root);
	free(w.level);
	return r;
}

static int unknown_headroom(int r, const char *file, struct error *err)
{
	return err_reason(err, REASON_HOST_HEADROOM,
			  err_errno(err, -r,
				    "whether there is memory for unmerging cannot be told "
				    "(--force does it all the same): %s",
				    file));
}

/* Those that need something, with their cgroups; as many as fit into g. Their number, or -errno. */
static ssize_t find_groups(const struct room_need *need, size_t n, struct group *g,
			   struct error *err)
{
	ssize_t groups = 0;

	for (size_t i = 0; i < n; i++) {
		struct memory_cgroup cgroup;
		char file[32], *path;
		int r = need[i].bytes ? memory_cgroup_of(need[i].pid, &cgroup) : 0;

		if (r < 0) {
			snprintf(file, sizeof(file), "/proc/%d/cgroup", need[i].pid);
			return unknown_headroom(r, file, err);
		}
		if (r == 0)
			continue;
		/* thousands of one container do not need as many copies of its path */
		if (groups && strcmp(g[groups - 1].path, cgroup.path) == 0) {
			g[groups - 1].bytes += need[i].bytes;
			continue;
		}
		path = strdup(cgroup.path);
		if (!path)
			return err_set(err, ENOMEM, "out of memory");
		g[groups++] = (struct group){ path, need[i].bytes };
	}
	return groups;
}

/* In bytes; -ENODATA before Linux 3.14. However many lines there are, by architecture and by options. */
static int64_t available_memory(void)
{
	int64_t kib = -ENODATA;
	char line[256];
	FILE *f = fopen("/proc/meminfo", "re");

	if (!f)
		return -errno;
	while (kib < 0 && fgets(line, sizeof(line), f)) {
		kib = proc_field(line, "MemAvailable");
		if (kib < 0)
			kib = -ENODATA;
	}
	if (kib < 0 && ferror(f))
		kib = -errno;
	fclose(f);
	return kib < 0 ? kib : kib * 1024;
}

int64_t room_available(void)
{
	int64_t available = available_memory();

	return available < 0 ? -1 : available;
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
	int64_t sum = 0, available;
	struct group *g;
	ssize_t groups;
	int r = 0;

	for (size_t i = 0; i < n; i++)
		sum += need[i].bytes;
	if (sum == 0)
		return 0;
	available = available_memory();
	if (available < 0 && available != -ENODATA)
		return unknown_headroom((int)available, "/proc/meminfo", err);
	if (available >= 0 && sum > available)
		return does_not_fit(sum, available, "the machine", err);
	g = calloc(n + 1, sizeof(*g));
	if (!g)
		return err_set(err, ENOMEM, "out of memory");
	groups = find_groups(need, n, g, err);
	r = groups < 0 ? (int)groups :
			 check_groups(memory_cgroup_files(), g, (size_t)groups, err);
	for (size_t i = 0; i < n; i++)
		free(g[i].path);
	free(g);
	return r;
}
