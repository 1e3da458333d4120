/* SPDX-License-Identifier: Apache-2.0 */
/* What is decided of a container of LXC's with these settings of its environment. */
#ifndef KSM_DECIDE_LXC_H
#define KSM_DECIDE_LXC_H

#include "policy/policy.h"

static inline struct decision decide_lxc(const struct policy_config *c,
					 const struct annotation *a, size_t n)
{
	const struct policy_subject s = { .keys = &policy_environment,
					  .engine = ENGINE_LXC,
					  .name = "web-1",
					  .annotation = a,
					  .n = n };
	struct decision d;

	policy_decide(c, &s, &d);
	return d;
}

#endif
