/* SPDX-License-Identifier: Apache-2.0 */
/* Whether and how a container is made mergeable: a pure function of what was requested. */
#include "policy/policy.h"

#include "base/macros.h"
#include "base/text.h"
#include "policy/layout_policy.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

static const char *const containers_names[] = { "annotated", "all", "none" };
static const char *const method_names[] = { "auto", "inject", "preload" };

static int find_name(const char *text, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(text, names[i]) == 0)
			return (int)i;
	}
	return -EINVAL;
}

int policy_containers_parse(const char *text, enum policy_containers *out)
{
	int i = find_name(text, containers_names, ARRAY_SIZE(containers_names));

	if (i < 0)
		return i;
	*out = (enum policy_containers)i;
	return 0;
}

int policy_method_parse(const char *text, enum policy_method *out)
{
	int i = find_name(text, method_names, ARRAY_SIZE(method_names));

	if (i < 0)
		return i;
	*out = (enum policy_method)i;
	return 0;
}

static const struct policy_rule *matching_rule(const struct policy_rules *rules,
					       const struct annotation *a, size_t n)
{
	for (size_t i = 0; i < rules->n; i++) {
		const char *value = annotation_value(a, n, rules->rule[i].annotation);

		if (value && fnmatch(rules->rule[i].match, value, 0) == 0)
			return &rules->rule[i];
	}
	return NULL;
}

/* 1 yes, 0 no, -1 not given or not understood */
static int requested_truth(struct decision *d, const struct policy_keys *keys,
			   const struct annotation *a, size_t n, const char *key)
{
	const char *value = annotation_value(a, n, key);
	char expected[16];

	if (!value)
		return -1;
	if (strcmp(value, keys->yes) == 0)
		return 1;
	if (strcmp(value, keys->no) == 0)
		return 0;
	snprintf(expected, sizeof(expected), "%s, %s", keys->yes, keys->no);
	annotation_misunderstood(d->warning, sizeof(d->warning), keys->kind, key, value,
				 expected);
	return -1;
}

static bool decide_merge(const struct policy_keys *keys, const struct policy_config *c,
			 const struct annotation *a, size_t n, int requested,
			 struct decision *d)
{
	const struct policy_rule *rule = matching_rule(&c->deny, a, n);

#define BECAUSE(code, ...)                                       \
	do {                                                     \
		d->reason = REASON_##code;                       \
		snprintf(d->text, sizeof(d->text), __VA_ARGS__); \
	} while (0)

	if (c->containers == CONTAINERS_NONE) {
		BECAUSE(CONTAINERS_NONE, "config.json says \"containers\": \"none\"");
		return false;
	}
	if (rule) {
		BECAUSE(DENIED_BY_RULE, "denied by the rule for %s in config.json",
			rule->annotation);
		return false;
	}
	if (requested == 0) {
		BECAUSE(OPTED_OUT, "%s%s=%s", keys->kind, keys->merge, keys->no);
		return false;
	}
	if (requested < 0 && !c->by_runtime && c->containers != CONTAINERS_ALL) {
		BECAUSE(NOT_REQUESTED, "no %s%s=%s", keys->kind, keys->merge, keys->yes);
		return false;
	}
	if (c->allow.n && !matching_rule(&c->allow, a, n)) {
		BECAUSE(NOT_ALLOWED, "no \"allow\" rule of config.json matches");
		return false;
	}
	if (requested > 0)
		BECAUSE(REQUESTED, "%s%s=%s", keys->kind, keys->merge, keys->yes);
	else if (c->by_runtime)
		BECAUSE(RUNTIME_REQUESTS, "its runtime is ksm-hook's by choice");
	else
		BECAUSE(CONTAINERS_ALL, "config.json says \"containers\": \"all\"");
#undef BECAUSE
	return true;
}

void policy_decide_by(const struct policy_keys *keys, const struct policy_config *config,
		      const struct annotation *annotations, size_t n, struct decision *out)
{
	const char *method;
	int required;

	*out = (struct decision){ .method = config->method };
	out->merge = decide_merge(keys, config, annotations, n,
				  requested_truth(out, keys, annotations, n, keys->merge), out);

	required = requested_truth(out, keys, annotations, n, keys->required);
	out->required = required < 0 ? config->required : required;

	method = keys->method ? annotation_value(annotations, n, keys->method) : NULL;
	if (method && policy_method_parse(method, &out->method) < 0)
		annotation_misunderstood(out->warning, sizeof(out->warning), keys->kind,
					 keys->method, method, "auto, inject, preload");
	if (keys->layout)
		layout_decide(keys, config, annotations, n, out);
}

void policy_decide(const struct policy_config *config, const struct annotation *annotations,
		   size_t n, struct decision *out)
{
	policy_decide_by(&policy_annotations, config, annotations, n, out);
}
