/* SPDX-License-Identifier: Apache-2.0 */
/* Is there memory for the copies that unmerging makes? */
#ifndef KSM_MEMORY_HEADROOM_H
#define KSM_MEMORY_HEADROOM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

struct room_need {
	pid_t pid;
	int64_t bytes;
};

/*
 * The machine's available memory and, as far as they can be read, the limits of the memory
 * cgroups of these processes (v1 and v2, with those above them). 0, or -ENOMEM with err.
 */
int room_check(const struct room_need *need, size_t n, struct error *err);

/* The same for a command with --force, which the message then names. */
int room_check_or_force(const struct room_need *need, size_t n, struct error *err);

/* The machine's available memory in bytes; -1 where the kernel does not say. */
int64_t room_available(void);

#endif
