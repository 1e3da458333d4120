/* SPDX-License-Identifier: Apache-2.0 */
/* Does a rule of "allow" or "deny" fit a container? */
#ifndef KSM_RULE_FIT_H
#define KSM_RULE_FIT_H

#include <stdbool.h>

#include "policy/policy_types.h"

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

#endif
