/* SPDX-License-Identifier: Apache-2.0 */
/* economize: disable merging for a container that was looked at. */
#ifndef KSM_ECONOMIZE_DISABLE_H
#define KSM_ECONOMIZE_DISABLE_H

#include "applets/economize_target.h"
#include "base/error.h"

/*
 * As detach does, to all processes of its cgroup, and what they have forked
 * meanwhile. 0; or -errno with err:
 * there is no memory for the copies (REASON_HOST_HEADROOM), it has ended or is another one by now
 * (REASON_TARGET_ENDED), or a process was not to be changed.
 */
int economize_disable(const struct economize_target *t, struct economize_change *out,
		      struct error *err);

#endif
