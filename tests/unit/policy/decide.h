/* SPDX-License-Identifier: Apache-2.0 */
/* What is decided of a container with these annotations. */
#ifndef KSM_DECIDE_H
#define KSM_DECIDE_H

#include <string.h>

#include "policy/policy.h"

static inline struct decision decide(const struct policy_config *c, const struct annotation *a,
				     size_t n)
{
	struct decision d;

	memset(&d, 0xff, sizeof(d)); /* every field is set, whatever was there */
	policy_decide(c, &(struct policy_subject){ .annotation = a, .n = n }, &d);
	return d;
}

#endif
