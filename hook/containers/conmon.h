/* SPDX-License-Identifier: Apache-2.0 */
/* podman's and CRI-O's names, as conmon was told them: their monitor of each container. */
#ifndef KSM_CONMON_H
#define KSM_CONMON_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * What it was told of its container. CRI-O's names are k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT: of
 * Kubernetes' 63, 253, 63 and 36 bytes, and a number.
 */
struct conmon_args {
	char id[128], name[512];
	bool podmans; /* it executes podman's cleanup in the end, which CRI-O has none do */
};

/*
 * Pure: the values of its first -c and -n, among args (each ended by NUL, as in
 * /proc/PID/cmdline). False where one is missing, empty or longer.
 */
bool conmon_args_parse(const char *args, size_t len, struct conmon_args *out);

/*
 * Of the monitor of the container with this id, of which pid is a process. False where it has
 * none, or one that is neither root's nor our own user's, or runs in a container: only what
 * root's podman wrote is believed, and a user's own by himself.
 */
bool conmon_of(pid_t pid, const char *id, struct conmon_args *out);

/*
 * For a hook or a runtime that conmon starts, itself or by a runtime or a shell: of the nearest
 * ancestor that is one, if it is of our own user. False where there is none.
 */
bool conmon_calling(struct conmon_args *out);

#endif
