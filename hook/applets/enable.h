/* SPDX-License-Identifier: Apache-2.0 */
/* enable by the node's agent, in a process of its own, which keeps a lock. */
#ifndef KSM_ENABLE_H
#define KSM_ENABLE_H

#include <sys/types.h>

#include "base/error.h"

/*
 * As `ksm-hook enable` does, but for the agent: -EEXIST where somebody has run that. What an agent
 * that was killed has left is taken over, with what was found before it; so is what one has set that
 * still runs, and the last of them to end puts it back. agent is its process.
 */
int enable_for_agent(const char *profile, pid_t agent, struct error *err);

#endif
