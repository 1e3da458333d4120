/* SPDX-License-Identifier: Apache-2.0 */
/* What is mounted on a process's root directory: the host's own, or another one. */
#ifndef KSM_ROOT_MOUNT_H
#define KSM_ROOT_MOUNT_H

#include <sys/types.h>

enum root_kind {
	ROOT_HOSTS,
	ROOT_OWN,
	ROOT_NOEXEC, /* its own, from which no program can be started */
};

/* Pure: from the texts of a process's mountinfo and of the host's. */
enum root_kind root_kind_of(const char *mountinfo, const char *ours);

/*
 * The same for a process, by what is mounted and not by what is there: a file system of a tenant's may never answer.
 * ROOT_OWN where it is not shown.
 */
enum root_kind root_of_process(pid_t pid);

#endif
