/* SPDX-License-Identifier: Apache-2.0 */
/* Whether and how a container is made mergeable: a pure function of what was requested. */
#ifndef KSM_POLICY_H
#define KSM_POLICY_H

#include <stddef.h>

#include "policy/policy_types.h"

int policy_containers_parse(const char *text, enum policy_containers *out);
int policy_method_parse(const char *text, enum policy_method *out);

/* What the rule asks for first, for a message: an annotation, or "namespace" and the like. */
const char *policy_rule_subject(const struct policy_rule *rule);

/* "config.json", or "conf.d/50-site.json". */
const char *policy_rule_file(const struct policy_rule *rule);

/* Does all that a rule asks for hold of a container? */
enum rule_fit {
	FITS_NOT,
	FITS_MAYBE, /* what is known of it does, and something is not known */
	FITS,
};

/* With FITS_MAYBE, *unknown is the first thing that nobody tells. */
enum rule_fit policy_rule_fits(const struct policy_rule *rule,
			       const struct policy_subject *subject,
			       const struct trusted_values *trusted, const char **unknown);

/* Does a rule of "deny" that may fit deny? */
bool policy_unknown_denies(const struct policy_config *config, const struct policy_rule *rule);

/*
 * Annotations whose key is none of the subject's keys count for the rules of config, and for
 * what can be believed of it.
 */
void policy_decide(const struct policy_config *config, const struct policy_subject *subject,
		   struct decision *out);

#endif
