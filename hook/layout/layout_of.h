/* SPDX-License-Identifier: Apache-2.0 */
/* Whose layout a process has: by what the kernel says of it, and not by any name. */
#ifndef KSM_LAYOUT_OF_H
#define KSM_LAYOUT_OF_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "layout/group.h"

/* linux/personality.h, which musl lacks */
#define LAYOUT_NO_RANDOMIZE 0x0040000ul

/* A thread's personality(2), of those of pid under /proc; -1 when it has ended. */
long layout_personality(pid_t pid, pid_t tid);

/*
 * The group whose layout the process has: it is not randomized, and its stack limit is the
 * group's secret, which only a member knows. Its name into name, if that is not NULL. False
 * where its layout is its own.
 */
bool layout_secrets_of(pid_t pid, char *name, size_t size, struct group_secrets *out);

/* The same for those who want the name alone. */
bool layout_group_of(pid_t pid, char *name, size_t size);

#endif
