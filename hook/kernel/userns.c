/* SPDX-License-Identifier: Apache-2.0 */
/* Our user namespace: is it the host's, and who outside of it are we? */
#include "kernel/userns.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"

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
