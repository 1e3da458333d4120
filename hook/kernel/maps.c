/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/maps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/watched.h"

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

/* Behind the offset: device, inode, and a name that may be missing. */
static const char *mapping_name(const char *at)
{
	for (int i = 0; i < 2; i++) {
		at += strcspn(at, " ");
		at += strspn(at, " ");
	}
	return at;
}

bool maps_line_parse(const char *line, struct maps_line *out)
{
	const char *at = read_address(line, '-', &out->start);

	if (at)
		at = read_address(at, ' ', &out->end);
	if (!at || out->end <= out->start || out->end > MAPS_ADDRESS_END)
		return false;
	out->is_private = strspn(at, "rwxp-") == 4 && at[3] == 'p';
	if (!out->is_private && !(strspn(at, "rwx-") == 3 && at[3] == 's'))
		return false;
	out->offset = 0;
	at = at[4] == ' ' ? read_address(at + 5, ' ', &out->offset) : NULL;
	out->name = at ? mapping_name(at) : NULL;
	return true;
}

int maps_each_line(pid_t pid, bool (*fn)(void *arg, const char *line), void *arg)
{
	bool whole = true, goes_on = true;
	char path[32], line[1024];
	int r = 0;
	FILE *f;

	if (!watched_enter(pid))
		return -1;
	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	f = fopen(path, "re");
	while (f && goes_on && fgets(line, sizeof(line), f)) {
		size_t len = strcspn(line, "\n");
		bool begins = whole;

		watched_goes_on();
		/* the rest of a long line is a file's name, which may look like one of these */
		whole = line[len] == '\n';
		line[len] = '\0';
		if (begins)
			goes_on = fn(arg, line);
	}
	if (!f || ferror(f))
		r = -1;
	if (f)
		fclose(f);
	watched_leave();
	return r;
}
