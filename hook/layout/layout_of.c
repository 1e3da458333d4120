/* SPDX-License-Identifier: Apache-2.0 */
/* Whose layout a process has: by what the kernel says of it, and not by any name. */
#include "layout/layout_of.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/proc.h"
#include "kernel/userns.h"

long layout_personality(pid_t pid, pid_t tid)
{
	char name[48], text[32];

	snprintf(name, sizeof(name), "task/%d/personality", tid);
	return proc_read(pid, name, text, sizeof(text)) > 0 ? strtol(text, NULL, 16) : -1;
}

/* The soft limit in bytes; 0 where there is none, or it cannot be read. */
static uint64_t stack_limit(pid_t pid)
{
	static const char line[] = "\nMax stack size ";
	char text[4096];
	const char *p = NULL;
	uint64_t limit = 0;

	if (proc_read(pid, "limits", text, sizeof(text)) > 0)
		p = strstr(text, line);
	return p && sscanf(p + strlen(line), "%" SCNu64, &limit) == 1 ? limit : 0;
}

bool layout_secrets_of(pid_t pid, char *name, size_t size, struct group_secrets *out)
{
	long p = layout_personality(pid, pid);
	uint64_t stack;

	if (p < 0 || !((unsigned long)p & LAYOUT_NO_RANDOMIZE))
		return false;
	stack = stack_limit(pid);
	return stack && group_of_stack(userns_owner(), stack, name, size, out) == 0;
}

bool layout_group_of(pid_t pid, char *name, size_t size)
{
	struct group_secrets secrets;

	return layout_secrets_of(pid, name, size, &secrets);
}
