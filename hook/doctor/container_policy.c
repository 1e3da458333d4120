/* SPDX-License-Identifier: Apache-2.0 */
/* What the configuration says of the containers that run, beside what they are. */
#include "doctor/container_policy.h"

#include <string.h>

#include "doctor/container_request.h"
#include "oci/config_load.h"
#include "oci/decision.h"
#include "policy/stop.h"

bool container_policy_denies(enum reason reason)
{
	return reason == REASON_DENIED_BY_RULE || reason == REASON_DENIED_UNKNOWN ||
	       reason == REASON_NOT_ALLOWED || reason == REASON_CONTAINERS_NONE;
}

bool container_policy_denied(const struct container_name *name, pid_t pid,
			     const struct policy_config *config, const char *config_path,
			     struct decision *out)
{
	struct container_decision c;
	struct error ignored;

	if (!check_asked(name, pid, config, config_path, out)) {
		if (check_by_engine(name, pid, config, config_path, &c, &ignored) < 0)
			return false;
		*out = c.decision;
	}
	return container_policy_denies(out->reason);
}

void container_policy_judge_by(const char *config, struct snapshot *s)
{
	struct decision_settings settings;
	struct decision d;
	struct error ignored;
	bool observes, rules;

	config_forget();
	s->stopped = stop_is_set();
	s->config_broken =
		!decision_config_is_empty(config) &&
		(decision_settings(config, &settings, &ignored) < 0 || settings.failed);
	observes = !s->config_broken && decision_config_mentions(config, "observe");
	rules = !s->config_broken && (decision_config_mentions(config, "deny") ||
				      decision_config_mentions(config, "allow") ||
				      decision_config_mentions(config, "none"));
	for (size_t i = 0; i < s->n && (observes || rules); i++) {
		struct container_stats *c = &s->container[i];

		/* the host's own, which no rule is about */
		if (strcmp(c->name.engine, "host") == 0)
			continue;
		if (c->mergeable && rules &&
		    container_policy_denied(&c->name, c->pid, NULL, config, &d))
			c->against = c->mergeable;
		if (!c->mergeable && observes &&
		    check_asked(&c->name, c->pid, NULL, config, &d))
			c->would = d.would;
	}
}

void container_policy_judge(struct snapshot *s)
{
	container_policy_judge_by(CONFIG_PATH, s);
}
