/* SPDX-License-Identifier: Apache-2.0 */
/* How much of a process's memory has tags (MTE of aarch64), which the kernel does not merge. */
#include "kernel/memory_tags.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/watched.h"

/* No process has more, in KiB, and the sum of all its mappings is still a number. */
#define ANONYMOUS_MAX (INT64_C(1) << 40)

static int64_t read_size(const char *text)
{
	unsigned long long n = strtoull(text, NULL, 10);

	/* a negative one is a very large one */
	return n > ANONYMOUS_MAX ? 0 : (int64_t)n;
}

void memory_tags_add(struct memory_tags *t, const char *line)
{
	if (strncmp(line, "Anonymous:", 10) == 0) {
		t->anonymous = read_size(line + 10);
		t->all += t->anonymous;
	} else if (strncmp(line, "VmFlags:", 8) == 0) {
		/* every flag has two letters and a blank behind it (show_smap_vma_flags()) */
		if (strstr(line, " mt "))
			t->tagged += t->anonymous;
		t->anonymous = 0;
	}
}

bool memory_tags_prevail(FILE *smaps)
{
	struct memory_tags t = { 0 };
	char line[512];
	bool whole = true;

	while (fgets(line, sizeof(line), smaps)) {
		watched_goes_on();
		/* the rest of a long line is a file's name, which may look like one of these */
		if (whole)
			memory_tags_add(&t, line);
		whole = strchr(line, '\n');
	}
	return t.tagged * 2 > t.all;
}

bool memory_is_tagged(pid_t pid)
{
	bool tagged = false;
	char path[32];
	FILE *f;

	if (!watched_enter(pid))
		return false;
	snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
	f = fopen(path, "re");
	if (f) {
		tagged = memory_tags_prevail(f);
		fclose(f);
	}
	watched_leave();
	return tagged;
}
