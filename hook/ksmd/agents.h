/* SPDX-License-Identifier: Apache-2.0 */
/* The agents of a node that have had ksmd set: the last one to end sets it back. */
#ifndef KSM_AGENTS_H
#define KSM_AGENTS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "ksmd/settings.h"

/*
 * Add this process, and forget those that have ended without a word. -errno where it has ended
 * itself, or where there are too many. *other: one of those that are there already, or 0.
 */
int ksmd_agents_add(struct ksmd_enabled *t, pid_t agent, pid_t *other, struct error *err);

/*
 * Take this process out, and forget those that have ended. False: it was not in. *other: one of those
 * that are left, or 0.
 */
bool ksmd_agents_remove(struct ksmd_enabled *t, pid_t agent, pid_t *other);

#endif
