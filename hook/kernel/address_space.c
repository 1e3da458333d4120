/* SPDX-License-Identifier: Apache-2.0 */
/* Address space that a process has no memory in, where ksmd of some kernels looks at each page. */
#include "kernel/address_space.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/proc.h"
#include "kernel/watched.h"

/* No process has addresses above it; what the kernel shows there is its own. */
#define ADDRESS_MAX ((uint64_t)1 << 57)

/* Digits as %lx prints them, and the character behind; NULL where that is another one. */
static const char *read_address(const char *at, char behind, uint64_t *out)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = strspn(at, digits);

	if (n == 0 || n > 16 || at[n] != behind)
		return NULL;
	*out = strtoull(at, NULL, 16);
	return at + n + 1;
}

int64_t private_mapping_bytes(const char *line)
{
	uint64_t begin, end;

	line = read_address(line, '-', &begin);
	if (line)
		line = read_address(line, ' ', &end);
	if (!line || strspn(line, "rwxp-") != 4 || line[3] != 'p' || end <= begin ||
	    end > ADDRESS_MAX)
		return 0;
	return (int64_t)(end - begin);
}

/* All that is private; -1 where its mappings cannot be read. */
static int64_t private_bytes(pid_t pid)
{
	char path[32], line[256];
	bool whole = true;
	int64_t sum = 0;
	FILE *f;

	if (!watched_enter(pid))
		return -1;
	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		watched_goes_on();
		/* the rest of a long line is a file's name, which may look like one of these */
		if (whole && sum < (int64_t)ADDRESS_MAX)
			sum += private_mapping_bytes(line);
		whole = strchr(line, '\n');
	}
	if (f)
		fclose(f);
	watched_leave();
	return f ? sum : -1;
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
