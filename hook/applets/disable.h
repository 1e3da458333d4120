/* SPDX-License-Identifier: Apache-2.0 */
/* disable by the node's agent, in a process of its own, which keeps a lock. */
#ifndef KSM_DISABLE_H
#define KSM_DISABLE_H

#include <sys/types.h>

#include "base/error.h"

/*
 * Put back what enable_for_agent() has set, and nobody else has touched since, unless another agent
 * for which it was set still runs. 0 or -errno.
 */
int disable_for_agent(pid_t agent, struct error *err);

#endif
