/* SPDX-License-Identifier: Apache-2.0 */
/* What `ksm-hook policy explain` shows, for a reader and as JSON. */
#ifndef KSM_POLICY_PRINT_H
#define KSM_POLICY_PRINT_H

#include "base/error.h"
#include "base/json_writer.h"
#include "policy/explain.h"

void policy_print_value(const struct explanation *e, enum trusted_key key);
void policy_print_rule(const struct explained_rule *rule);
/* That merging is stopped on this host, and what the decision would be otherwise. */
void policy_print_stopped(const struct error *stopped, const struct decision *otherwise);
void policy_print_decision(const struct decision *d);
void policy_write_value(struct json_out *json, const struct explanation *e,
			enum trusted_key key);
void policy_write_rule(struct json_out *json, const struct explained_rule *rule);
void policy_write_stopped(struct json_out *json, const struct error *stopped,
			  const struct decision *otherwise);
void policy_write_decision(struct json_out *json, const char *key, const struct decision *d);

#endif
