/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: what a running container asked for, as its runtime or engine wrote it down. */
#ifndef KSM_CONTAINER_REQUEST_H
#define KSM_CONTAINER_REQUEST_H

#include <stdbool.h>

#include "containers/identify.h"
#include "policy/policy.h"

/*
 * Look where runc, crun and LXC keep the configurations of containers that run, and decide by
 * it as the hook would have. False where nothing is found there, or it is not understood.
 * The parser is confined as in a hook: annotations are a tenant's.
 */
bool check_asked(const struct container_name *name, const struct policy_config *config,
		 struct decision *out);

#endif
