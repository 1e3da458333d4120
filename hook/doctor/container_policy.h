/* SPDX-License-Identifier: Apache-2.0 */
/* What the configuration says of the containers that run, beside what they are. */
#ifndef KSM_CONTAINER_POLICY_H
#define KSM_CONTAINER_POLICY_H

#include "policy/policy_types.h"
#include "stats/snapshot.h"

/*
 * Set for each container whether it would be merged, where "mode" is "observe", and whether it is
 * mergeable though a rule denies it; and whether the configuration is valid. What that costs, a
 * process for each container, is paid only where the configuration has such a mode or rules, and
 * of containers that they could concern. It is read anew each time.
 */
void container_policy_judge_by(const char *config, struct snapshot *s);

/* By the configuration that is installed. */
void container_policy_judge(struct snapshot *s);

/* Does this reason keep a container from being merged by the administrator's will? */
bool container_policy_denies(enum reason reason);

/*
 * Is a container that is mergeable one that may not be, by config or, if that is NULL, by the files of
 * config_path? With nothing written of it, its engine decides, and rules that ask for more deny.
 */
bool container_policy_denied(const struct container_name *name, pid_t pid,
			     const struct policy_config *config, const char *config_path,
			     struct decision *out);

#endif
