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
		(decision_settings(config, &settings, &ignored) < 0 || settings.err.msg[0]);
	observes = !s->config_broken && decision_config_mentions(config, "observe");
	rules = !s->config_broken && (decision_config_mentions(config, "deny") ||
				      decision_config_mentions(config, "allow") ||
				      decision_config_mentions(config, "none"));
	for (size_t i = 0; i < s->n && (observes || rules); i++) {
		struct container_stats *c = &s->container[i];

		/* the host's own, which no rule is about */
		if (strcmp(c->name.engine, "host") == 0 || !(c->mergeable ? rules : observes) ||
		    !check_asked(&c->name, c->pid, NULL, config, &d))
			continue;
		c->would = d.would && c->mergeable == 0;
		c->against = container_policy_denies(d.reason) ? c->mergeable : 0;
	}
}

void container_policy_judge(struct snapshot *s)
{
	container_policy_judge_by(CONFIG_PATH, s);
}
