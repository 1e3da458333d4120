/* SPDX-License-Identifier: Apache-2.0 */
/* Other KSM tuning daemons, known by the names of their processes. */
#include "ksmd/other_tuners.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/macros.h"
#include "containers/identify.h"
#include "kernel/proc.h"

static const char *const tuners[] = { "ksmtuned", "uksmd", "momd", "kata-ksm-throttler" };

/* what the kernel keeps of a name (TASK_COMM_LEN) */
#define COMM_LEN 15

/*
 * Anybody may call a process so; a daemon that can write to /sys is root's through and through. A
 * set-user-ID program under a symlink of a user's choice is not: it may wait for a password.
 */
static bool is_roots(pid_t pid)
{
	unsigned uid[4] = { 1, 1, 1, 1 };
	struct stat exe, theirs, ours;
	char text[64], path[48];

	if (proc_status_line(pid, "Uid", text, sizeof(text)) < 0 ||
	    sscanf(text, "%u %u %u %u", &uid[0], &uid[1], &uid[2], &uid[3]) != 4 ||
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
	struct other_tuner *found = arg;
	struct container_name in;
	struct proc_stat st;
	char comm[32];

	if (proc_read(pid, "comm", comm, sizeof(comm)) <= 0)
		return 0;
	comm[strcspn(comm, "\n")] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(tuners); i++) {
		/* what a container calls its processes says nothing of the host */
		if (strncmp(comm, tuners[i], COMM_LEN) == 0 && !container_of(pid, &in) &&
		    proc_stat(pid, &st) == 0 && st.state != 'Z' && is_roots(pid)) {
			*found = (struct other_tuner){ .name = tuners[i], .pid = pid };
			return 1;
		}
	}
	return 0;
}

/* mom's unit is momd or mom-vdsm, ksmtuned's ksmtuned or qemu-kvm, as distributions like it. */
static void find_stop(struct other_tuner *t)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-_.@";
	static const char suffix[] = ".service";
	static const size_t unit_max = 128;
	struct container_name in = { "", "" };
	size_t len;

	container_host_name(t->pid, &in);
	len = strlen(in.id);
	if (len < sizeof(suffix) || len >= unit_max || in.id[strspn(in.id, plain)] ||
	    strcmp(in.id + len + 1 - sizeof(suffix), suffix) != 0)
		snprintf(t->stop, sizeof(t->stop), "kill %d", t->pid);
	else
		snprintf(t->stop, sizeof(t->stop), "systemctl disable --now %.*s",
			 (int)(len + 1 - sizeof(suffix)), in.id);
}

bool other_tuner_find(struct other_tuner *out)
{
	*out = (struct other_tuner){ 0 };
	if (proc_for_each(is_other_tuner, out) <= 0)
		return false;
	find_stop(out);
	return true;
}
