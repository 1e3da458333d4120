/* SPDX-License-Identifier: Apache-2.0 */
/* Other KSM tuning daemons, known by the names of their processes. */
#include "ksmd/other_tuners.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/macros.h"
#include "containers/identify.h"
#include "kernel/proc.h"

static const char *const tuners[] = { "ksmtuned", "uksmd" };

struct tuner_search {
	const char *name;
	pid_t pid;
};

/*
 * Anybody may call a process so; a daemon that can write to /sys is root's through and through. A
 * set-user-ID program under a symlink of a user's choice is not: it may wait for a password.
 */
static bool is_roots(pid_t pid)
{
	unsigned uid[4] = { 1, 1, 1, 1 };
	struct stat exe, theirs, ours;
	char text[4096], path[48];
	const char *line;

	/* the line is among the first, and a newline in the name above it is escaped */
	if (proc_read_head(pid, "status", text, sizeof(text)) <= 0)
		return false;
	line = strstr(text, "\nUid:");
	if (!line ||
	    sscanf(line, " Uid: %u %u %u %u", &uid[0], &uid[1], &uid[2], &uid[3]) != 4 ||
	    (uid[0] | uid[1] | uid[2] | uid[3]) != 0)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/ns/pid", pid);
	if (stat(path, &theirs) < 0 || stat("/proc/self/ns/pid", &ours) < 0 ||
	    theirs.st_ino != ours.st_ino)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	return stat(path, &exe) == 0 && exe.st_uid == 0 &&
	       !(exe.st_mode & (S_ISUID | S_ISGID | S_IWGRP | S_IWOTH));
}

static int is_other_tuner(pid_t pid, void *arg)
{
	struct tuner_search *found = arg;
	struct container_name in;
	struct proc_stat st;
	char comm[32];

	if (proc_read(pid, "comm", comm, sizeof(comm)) <= 0)
		return 0;
	comm[strcspn(comm, "\n")] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(tuners); i++) {
		/* what a container calls its processes says nothing of the host */
		if (strcmp(comm, tuners[i]) == 0 && !container_of(pid, &in) &&
		    proc_stat(pid, &st) == 0 && st.state != 'Z' && is_roots(pid)) {
			*found = (struct tuner_search){ tuners[i], pid };
			return 1;
		}
	}
	return 0;
}

const char *other_tuner_find(pid_t *pid)
{
	struct tuner_search found = { 0 };

	(void)proc_for_each(is_other_tuner, &found);
	*pid = found.pid;
	return found.name;
}
