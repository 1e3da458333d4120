/* SPDX-License-Identifier: Apache-2.0 */
/* podman's names, as conmon was told them: its monitor of each container. */
#ifndef KSM_CONMON_H
#define KSM_CONMON_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Pure: the value of conmon's -n among args (each ended by NUL, as in /proc/PID/cmdline), where
 * its -c is this id. NULL: there is none. Points into args.
 */
const char *conmon_args_name(const char *args, size_t len, const char *id);

/*
 * The name of the container with this id, of which pid is a process, into out of size bytes.
 * False where it has no monitor, or one that is neither root's nor our own user's, or runs in a
 * container: only what root's podman wrote is believed, and a user's own by himself.
 */
bool conmon_name(pid_t pid, const char *id, char *out, size_t size);

/* Whose monitor has called us, by what it was told. */
struct conmon_call {
	char id[128], name[256];
};

/*
 * For a hook or a runtime that conmon starts, itself or by a runtime or a shell: the nearest
 * ancestor that is one, and of our own user. False where there is none, or its texts are longer.
 */
bool conmon_calling(struct conmon_call *out);

#endif
