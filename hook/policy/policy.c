/* SPDX-License-Identifier: Apache-2.0 */
/* Whether and how a container is made mergeable: a pure function of what was asked. */
#include "policy/policy.h"

#include "base/macros.h"
#include "base/text.h"
#include "policy/layout_policy.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

static const char *const containers_names[] = { "annotated", "all", "none" };
const struct policy_words policy_annotations = {
	.kind = "annotation ",
	.merge = ANNOTATION_PREFIX "merge",
	.required = ANNOTATION_PREFIX "required",
	.method = ANNOTATION_PREFIX "method",
	.layout = ANNOTATION_PREFIX "layout",
	.group = ANNOTATION_PREFIX "group",
	.yes = "true",
	.no = "false",
};

const struct policy_words policy_environment = {
	.kind = "",
	.merge = "KSM_MERGE",
	.required = "KSM_REQUIRED",
	.layout = "KSM_LAYOUT",
	.group = "KSM_GROUP",
	.yes = "yes",
	.no = "no",
};

static const char *const method_names[] = { "auto", "inject", "preload" };

static int parse_name(const char *text, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(text, names[i]) == 0)
			return (int)i;
	}
	return -EINVAL;
}

int policy_containers_parse(const char *text, enum policy_containers *out)
{
	int i = parse_name(text, containers_names, ARRAY_SIZE(containers_names));

	if (i < 0)
		return i;
	*out = (enum policy_containers)i;
	return 0;
}

int policy_method_parse(const char *text, enum policy_method *out)
{
	int i = parse_name(text, method_names, ARRAY_SIZE(method_names));

	if (i < 0)
		return i;
	*out = (enum policy_method)i;
	return 0;
}

const char *policy_value(const struct annotation *a, size_t n, const char *key)
{
	const char *value = NULL;

	/* the last of several, as Go's decoder has it */
	for (size_t i = 0; i < n; i++) {
		if (strcmp(a[i].key, key) == 0)
			value = a[i].value;
	}
	return value;
}

static const struct policy_rule *match(const struct policy_rules *rules,
				       const struct annotation *a, size_t n)
{
	for (size_t i = 0; i < rules->n; i++) {
		const char *value = policy_value(a, n, rules->rule[i].annotation);

		if (value && fnmatch(rules->rule[i].match, value, 0) == 0)
			return &rules->rule[i];
	}
	return NULL;
}

void policy_misunderstood(struct decision *d, const char *kind, const char *key,
			  const char *value, const char *expected)
{
	size_t len = strlen(d->warning);

	snprintf(d->warning + len, sizeof(d->warning) - len,
		 "%s%s%s=\"%.47s\" is none of %s and counts as not given", len ? "; " : "",
		 kind, key, value, expected);
}

/* 1 yes, 0 no, -1 not given or not understood */
static int truth(struct decision *d, const struct policy_words *w, const struct annotation *a,
		 size_t n, const char *key)
{
	const char *value = policy_value(a, n, key);
	char expected[16];

	if (!value)
		return -1;
	if (strcmp(value, w->yes) == 0)
		return 1;
	if (strcmp(value, w->no) == 0)
		return 0;
	snprintf(expected, sizeof(expected), "%s, %s", w->yes, w->no);
	policy_misunderstood(d, w->kind, key, value, expected);
	return -1;
}

static bool decide_merge(const struct policy_words *w, const struct policy_config *c,
			 const struct annotation *a, size_t n, int asked, struct decision *d)
{
	const struct policy_rule *rule = match(&c->deny, a, n);

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
	if (asked == 0) {
		BECAUSE(OPTED_OUT, "%s%s=%s", w->kind, w->merge, w->no);
		return false;
	}
	if (asked < 0 && !c->chosen && c->containers != CONTAINERS_ALL) {
		BECAUSE(NOT_REQUESTED, "no %s%s=%s", w->kind, w->merge, w->yes);
		return false;
	}
	if (c->allow.n && !match(&c->allow, a, n)) {
		BECAUSE(NOT_ALLOWED, "no \"allow\" rule of config.json matches");
		return false;
	}
	if (asked > 0)
		BECAUSE(REQUESTED, "%s%s=%s", w->kind, w->merge, w->yes);
	else if (c->chosen)
		BECAUSE(RUNTIME_REQUESTS, "its runtime is ksm-hook's by choice");
	else
		BECAUSE(CONTAINERS_ALL, "config.json says \"containers\": \"all\"");
#undef BECAUSE
	return true;
}

void policy_decide_by(const struct policy_words *w, const struct policy_config *config,
		      const struct annotation *annotations, size_t n, struct decision *out)
{
	const char *method;
	int required;

	*out = (struct decision){ .method = config->method };
	out->merge = decide_merge(w, config, annotations, n,
				  truth(out, w, annotations, n, w->merge), out);

	required = truth(out, w, annotations, n, w->required);
	out->required = required < 0 ? config->required : required;

	method = w->method ? policy_value(annotations, n, w->method) : NULL;
	if (method && policy_method_parse(method, &out->method) < 0)
		policy_misunderstood(out, w->kind, w->method, method, "auto, inject, preload");
	if (w->layout)
		layout_decide(w, config, annotations, n, out);
}

void policy_decide(const struct policy_config *config, const struct annotation *annotations,
		   size_t n, struct decision *out)
{
	policy_decide_by(&policy_annotations, config, annotations, n, out);
}
