/* SPDX-License-Identifier: Apache-2.0 */
/* Whether and how a container is made mergeable: a pure function of what was requested. */
#ifndef KSM_POLICY_H
#define KSM_POLICY_H

#include <stddef.h>

#include "policy/policy_types.h"

int policy_containers_parse(const char *text, enum policy_containers *out);
int policy_method_parse(const char *text, enum policy_method *out);

/*
 * Annotations whose key is none of the subject's keys count for the rules of config, and for
 * what can be believed of it.
 */
void policy_decide(const struct policy_config *config, const struct policy_subject *subject,
		   struct decision *out);

#endif
