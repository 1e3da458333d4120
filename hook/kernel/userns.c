/* SPDX-License-Identifier: Apache-2.0 */
/* Our user namespace: is it the host's, and who outside of it are we? */
#include "kernel/userns.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/macros.h"

/* A line of the map (user_namespaces(7)). */
struct uid_range {
	unsigned inside, outside, count;
};

/* The line that root is in. */
static bool find_root(struct uid_range *r)
{
	char map[12 << 10]; /* 340 lines of 33 bytes at most */

	if (read_kernel_file("/proc/self/uid_map", map, sizeof(map)) <= 0)
		return false;
	for (const char *line = map; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (sscanf(line, "%u %u %u", &r->inside, &r->outside, &r->count) == 3 &&
		    r->inside == 0)
			return true;
	}
	return false;
}

bool userns_is_initial(void)
{
	struct uid_range r;

	return find_root(&r) && r.outside == 0 && r.count == UINT32_MAX;
}

uid_t userns_owner(void)
{
	struct uid_range r;

	return geteuid() == 0 && find_root(&r) ? r.outside : geteuid();
}

static int open_ns(const char *pid, const char *kind)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%s/ns/%s", pid, kind);
	return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

static bool is_same_ns(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

/*
 * The user namespace of the outermost pid namespace below ours that the process is in: from that
 * it gets out by nothing, while everybody may make himself another user namespace.
 */
static int userns_of_pids(const char *pid)
{
	__cleanup(close_fd) int ours = open_ns("self", "pid"), ns = open_ns(pid, "pid");

	if (ours < 0 || ns < 0)
		return -1;
	if (is_same_ns(ns, ours))
		return open_ns(pid, "user");
	for (;;) {
		int parent = ioctl(ns, NS_GET_PARENT);

		if (parent < 0 || is_same_ns(parent, ours)) {
			close_fd(&parent);
			return ioctl(ns, NS_GET_USERNS);
		}
		close(ns);
		ns = parent;
	}
}

uid_t userns_owner_of(pid_t pid)
{
	__cleanup(close_fd) int ours = open_ns("self", "user"), theirs = -1;
	char number[16];
	uid_t owner;

	snprintf(number, sizeof(number), "%d", pid);
	theirs = userns_of_pids(number);
	if (theirs < 0 || ours < 0 || is_same_ns(theirs, ours) ||
	    ioctl(theirs, NS_GET_OWNER_UID, &owner) < 0)
		return userns_owner();
	return owner;
}
