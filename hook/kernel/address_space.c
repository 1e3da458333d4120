/* SPDX-License-Identifier: Apache-2.0 */
/* Address space that a process has no memory in, where ksmd of some kernels looks at each page. */
#include "kernel/address_space.h"

#include <stdio.h>
#include <unistd.h>

#include "kernel/maps.h"
#include "kernel/proc.h"

int64_t private_mapping_bytes(const char *line)
{
	struct maps_line m;

	return maps_line_parse(line, &m) && m.is_private ? (int64_t)(m.end - m.start) : 0;
}

static bool add_private(void *arg, const char *line)
{
	int64_t *sum = arg;

	*sum += private_mapping_bytes(line);
	return *sum < (int64_t)MAPS_ADDRESS_END;
}

/* All that is private; -1 where its mappings cannot be read. */
static int64_t private_bytes(pid_t pid)
{
	int64_t sum = 0;

	return maps_each_line(pid, add_private, &sum) < 0 ? -1 : sum;
}

bool address_space_is_sparse(pid_t pid, int64_t max)
{
	int64_t page = sysconf(_SC_PAGESIZE), some;
	long size, resident, shared;
	char text[128];

	if (proc_read(pid, "statm", text, sizeof(text)) <= 0 ||
	    sscanf(text, "%ld %ld %ld", &size, &resident, &shared) != 3 ||
	    (size - resident) * page <= max)
		return false;
	some = private_bytes(pid);
	return some < 0 || some - (resident - shared) * page > max;
}
