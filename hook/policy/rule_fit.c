/* SPDX-License-Identifier: Apache-2.0 */
/* Does a rule of "allow" or "deny" fit a container? */
#include "policy/rule_fit.h"

#include <fnmatch.h>
#include <string.h>

/* What is left of fit when this is asked for as well. */
static enum rule_fit also_fits(const struct trusted_values *trusted, enum rule_fit fit,
			       enum trusted_key key, const char *glob, const char **unknown)
{
	const char *value = trusted->value[key];

	if (!glob || fit == FITS_NOT)
		return fit;
	if (value)
		return fnmatch(glob, value, 0) == 0 ? fit : FITS_NOT;
	if (fit == FITS)
		*unknown = trusted_key_name(key);
	return FITS_MAYBE;
}

/* The name that rules had for LXC's containers before there was "name". */
static bool is_lxc_name(const struct policy_subject *subject, const char *annotation)
{
	return subject->engine == ENGINE_LXC && strcmp(annotation, "lxc.name") == 0;
}

enum rule_fit policy_rule_fits(const struct policy_rule *rule,
			       const struct policy_subject *subject,
			       const struct trusted_values *trusted, const char **unknown)
{
	enum rule_fit fit = FITS;

	if (rule->annotation && is_lxc_name(subject, rule->annotation)) {
		fit = also_fits(trusted, fit, TRUSTED_NAME, rule->match, unknown);
	} else if (rule->annotation) {
		const char *value =
			annotation_value(subject->annotation, subject->n, rule->annotation);

		if (!value && subject->unread) {
			*unknown = rule->annotation;
			fit = FITS_MAYBE;
		} else if (!value || fnmatch(rule->match, value, 0) != 0) {
			return FITS_NOT;
		}
	}
	for (size_t k = 0; k < TRUSTED_KEYS; k++)
		fit = also_fits(trusted, fit, (enum trusted_key)k, rule->glob[k], unknown);
	if (rule->foreign && fit != FITS_NOT) {
		*unknown = rule->foreign;
		return FITS_MAYBE;
	}
	return fit;
}

bool policy_unknown_denies(const struct policy_config *config, const struct policy_rule *rule)
{
	return !config->allow_unknown || rule->foreign;
}

const char *policy_rule_subject(const struct policy_rule *rule)
{
	for (size_t k = 0; k < TRUSTED_KEYS && !rule->annotation; k++) {
		if (rule->glob[k])
			return trusted_key_name((enum trusted_key)k);
	}
	return rule->annotation ? rule->annotation : rule->foreign;
}

const char *policy_rule_file(const struct policy_rule *rule)
{
	return rule->file ? rule->file : "config.json";
}
