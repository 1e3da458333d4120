/* SPDX-License-Identifier: Apache-2.0 */
/* Whether and how a container is made mergeable: a pure function of what was requested. */
#ifndef KSM_POLICY_H
#define KSM_POLICY_H

#include <stddef.h>

#include "policy/policy_types.h"

int policy_containers_parse(const char *text, enum policy_containers *out);
int policy_method_parse(const char *text, enum policy_method *out);

/* Annotations whose key is none of these count for the rules of config only. */
void policy_decide_by(const struct policy_keys *keys, const struct policy_config *config,
		      const struct annotation *annotations, size_t n, struct decision *out);

/* The same by policy_annotations. */
void policy_decide(const struct policy_config *config, const struct annotation *annotations,
		   size_t n, struct decision *out);

#endif
