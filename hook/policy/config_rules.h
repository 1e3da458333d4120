/* SPDX-License-Identifier: Apache-2.0 */
/* Of policy/config.c: the rules of "allow" and "deny". */
#ifndef KSM_CONFIG_RULES_H
#define KSM_CONFIG_RULES_H

#include "policy/config_problems.h"

/* A value at or below the key of a list: added to it, or refused. */
void config_visit_rules(struct config_walk *p, struct policy_rules *rules,
			const struct json_path *path, const struct json_value *v);

/* At the file's end: has each rule from the one numbered before on what it needs? */
void config_check_complete(struct config_walk *p, const char *list,
			   const struct policy_rules *rules, size_t before);

#endif
