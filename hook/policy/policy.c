/* SPDX-License-Identifier: Apache-2.0 */
/* Whether and how a container is made mergeable: a pure function of what was requested. */
#include "policy/policy.h"

#include "base/macros.h"
#include "base/text.h"
#include "policy/layout_policy.h"
#include "policy/rule_fit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A key of ours, "/container." and a name of Kubernetes (RFC 1123: at most 253). */
#define REQUEST_KEY_MAX 300

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

/* What is known while it is decided. */
struct deciding {
	const struct policy_config *config;
	const struct policy_keys *keys;
	const struct policy_subject *subject;
	struct trusted_values trusted;
	struct decision *out;
};

/*
 * The first rule that fits, or else, with unknown, the first one of which that cannot be told and
 * which counts all the same.
 */
static const struct policy_rule *
matching_rule(const struct deciding *d, const struct policy_rules *rules, const char **unknown)
{
	const struct policy_rule *maybe = NULL;

	for (size_t i = 0; i < rules->n; i++) {
		const char *key = NULL;
		enum rule_fit fit =
			policy_rule_fits(&rules->rule[i], d->subject, &d->trusted, &key);

		if (fit == FITS) {
			if (unknown)
				*unknown = NULL;
			return &rules->rule[i];
		}
		if (fit == FITS_MAYBE && unknown && !maybe &&
		    policy_unknown_denies(d->config, &rules->rule[i])) {
			maybe = &rules->rule[i];
			*unknown = key;
		}
	}
	return maybe;
}

/* Behind a key of ours: the name of a container of the pod. NULL: none, or of another key. */
static const char *name_behind(const char *annotation, const char *key)
{
	static const char infix[] = "/container.";
	size_t prefix = strlen(key);

	if (strncmp(annotation, key, prefix) != 0 ||
	    strncmp(annotation + prefix, infix, sizeof(infix) - 1) != 0)
		return NULL;
	return annotation + prefix + sizeof(infix) - 1;
}

/*
 * Where nobody says what a container is called, whichever is named may be this one: podman at
 * precreate, Docker. Not a pod's pause container, whose engine would name it.
 */
static bool may_be_any(const struct deciding *d)
{
	return d->keys->of_pods && !d->subject->name && !d->trusted.value[TRUSTED_CONTAINER] &&
	       !trusted_source(d->subject->engine, TRUSTED_CONTAINER);
}

/*
 * The name in KEY/container.NAME that means this container. podman does not tell it, but calls
 * the container NAME or POD-NAME: of several that fit, the longest. It only finds what the
 * container says of itself, so that nobody else is concerned if that was the wrong one.
 */
static const char *addressed_name(const struct deciding *d, const char *key)
{
	const struct policy_subject *s = d->subject;
	const char *best = NULL, *whole = s->name;
	size_t longest = 0;

	if (s->engine != ENGINE_PODMAN || !whole)
		return d->trusted.value[TRUSTED_CONTAINER];
	for (size_t i = 0; i < s->n; i++) {
		const char *name = name_behind(s->annotation[i].key, key), *tail;
		size_t len = name ? strlen(name) : 0;

		if (len <= longest || len > strlen(whole))
			continue;
		tail = whole + strlen(whole) - len;
		if (strcmp(tail, name) != 0 || (tail > whole && tail[-1] != '-'))
			continue;
		best = name;
		longest = len;
	}
	return best;
}

/* Whom that is for is not known, so that it has to hold for this one as well. */
static const char *refused_by_any(const struct deciding *d, const char *key, const char *no,
				  char *found, size_t size)
{
	const struct annotation *a = d->subject->annotation;

	for (size_t i = 0; may_be_any(d) && i < d->subject->n; i++) {
		if (name_behind(a[i].key, key) && strcmp(a[i].value, no) == 0) {
			snprintf(found, size, "%s", a[i].key);
			return a[i].value;
		}
	}
	return NULL;
}

/*
 * What the container says for a key: for this container of the pod by its name, for all of the
 * pod's, or without either. found, of size bytes, becomes the one that was. no is the value that
 * asks for nothing; NULL where there is none.
 */
static const char *requested_value(const struct deciding *d, const char *key, const char *no,
				   char *found, size_t size)
{
	const struct annotation *a = d->subject->annotation;
	const char *container = addressed_name(d, key);
	const char *value = no ? refused_by_any(d, key, no, found, size) : NULL;
	size_t n = d->subject->n;

	if (!value && d->keys->of_pods && container &&
	    snprintf(found, size, "%s/container.%s", key, container) < (int)size)
		value = annotation_value(a, n, found);
	if (!value && d->keys->of_pods) {
		snprintf(found, size, "%s/pod", key);
		value = annotation_value(a, n, found);
	}
	if (!value) {
		snprintf(found, size, "%s", key);
		value = annotation_value(a, n, key);
	}
	return value;
}

/* 1 yes, 0 no, -1 not given or not understood; found, of REQUEST_KEY_MAX bytes, says by what */
static int requested_truth(const struct deciding *d, const char *key, char *found)
{
	const char *value = requested_value(d, key, d->keys->no, found, REQUEST_KEY_MAX);
	char expected[16];

	if (!value)
		return -1;
	if (strcmp(value, d->keys->yes) == 0)
		return 1;
	if (strcmp(value, d->keys->no) == 0)
		return 0;
	snprintf(expected, sizeof(expected), "%s, %s", d->keys->yes, d->keys->no);
	annotation_misunderstood(d->out->warning, sizeof(d->out->warning), d->keys->kind, found,
				 value, expected);
	return -1;
}

static void decide_layout(struct deciding *d)
{
	char layout[REQUEST_KEY_MAX], group[REQUEST_KEY_MAX];
	const struct policy_subject *s = d->subject;
	struct layout_request request = {
		.kind = d->keys->kind,
		.layout =
			requested_value(d, d->keys->layout, "private", layout, sizeof(layout)),
		.layout_key = layout,
		.group = requested_value(d, d->keys->group, NULL, group, sizeof(group)),
		.group_key = group,
		.image_id = s->image_id,
		.project = s->project,
		.orchestrated = engine_is_orchestrated(s->engine) ||
				(s->engine == ENGINE_UNKNOWN &&
				 annotation_has_orchestrator(s->annotation, s->n)),
	};

	char v8[REQUEST_KEY_MAX];
	const char *v8_value =
		d->keys->v8 ? requested_value(d, d->keys->v8, "private", v8, sizeof(v8)) : NULL;

	layout_decide(&request, d->config, &d->trusted, d->out);
	if (v8_value)
		layout_decide_v8(d->keys->kind, v8, v8_value, d->config, d->out);
}

/* Does the administrator, or the container, want none of it? */
static bool decide_no_economy(struct deciding *d)
{
	char found[REQUEST_KEY_MAX];
	const char *value = requested_value(d, d->keys->economy, "off", found, sizeof(found));

	if (value && strcmp(value, "off") == 0)
		return true;
	if (value && strcmp(value, "on") != 0)
		annotation_misunderstood(d->out->warning, sizeof(d->out->warning),
					 d->keys->kind, found, value, "on, off");
	return d->config->no_economy;
}

/* requested: 1 yes, 0 no, -1 neither; by the key that was found */
static bool decide_merge(struct deciding *deciding, int requested, const char *found)
{
	const struct policy_config *c = deciding->config;
	const struct policy_keys *keys = deciding->keys;
	struct decision *d = deciding->out;
	const char *unknown = NULL;
	const struct policy_rule *rule = matching_rule(deciding, &c->deny, &unknown);

#define BECAUSE(code, ...)                                       \
	do {                                                     \
		d->reason = REASON_##code;                       \
		snprintf(d->text, sizeof(d->text), __VA_ARGS__); \
	} while (0)

	if (c->containers == CONTAINERS_NONE) {
		BECAUSE(CONTAINERS_NONE, "config.json says \"containers\": \"none\"");
		return false;
	}
	if (rule && unknown && unknown == rule->foreign) {
		BECAUSE(DENIED_UNKNOWN,
			"denied by the rule for %s in %s: its \"%.31s\" is not understood",
			policy_rule_subject(rule), policy_rule_file(rule), unknown);
		return false;
	}
	if (rule && unknown && unknown == rule->annotation) {
		BECAUSE(DENIED_UNKNOWN,
			"denied by the rule for %s in %s: its annotations are not known",
			policy_rule_subject(rule), policy_rule_file(rule));
		return false;
	}
	if (rule && unknown) {
		BECAUSE(DENIED_UNKNOWN,
			"denied by the rule for %s in %s: %s does not say the %s, see "
			"\"unknown\" in ksm-hook.conf(5)",
			policy_rule_subject(rule), policy_rule_file(rule),
			deciding->subject->engine ? engine_name(deciding->subject->engine) :
						    "its engine, which is not known,",
			unknown);
		return false;
	}
	if (rule) {
		BECAUSE(DENIED_BY_RULE, "denied by the rule for %s in %s",
			policy_rule_subject(rule), policy_rule_file(rule));
		return false;
	}
	if (requested == 0) {
		BECAUSE(OPTED_OUT, "%s%.100s=%s", keys->kind, found, keys->no);
		return false;
	}
	if (requested < 0 && !c->by_runtime && c->containers != CONTAINERS_ALL) {
		BECAUSE(NOT_REQUESTED, "no %s%s=%s", keys->kind, keys->merge, keys->yes);
		return false;
	}
	if (c->allow.n && !matching_rule(deciding, &c->allow, NULL)) {
		BECAUSE(NOT_ALLOWED, "no \"allow\" rule of config.json matches");
		return false;
	}
	if (requested > 0)
		BECAUSE(REQUESTED, "%s%.100s=%s", keys->kind, found, keys->yes);
	else if (c->by_runtime)
		BECAUSE(RUNTIME_REQUESTS, "its runtime is ksm-hook's by choice");
	else
		BECAUSE(CONTAINERS_ALL, "config.json says \"containers\": \"all\"");
#undef BECAUSE
	return true;
}

/* What of the configuration was not understood, beside what the container said. */
static void add_warning(struct decision *d, const char *warning)
{
	size_t len = strlen(d->warning);

	if (*warning)
		snprintf(d->warning + len, sizeof(d->warning) - len, "%s%s", len ? "; " : "",
			 warning);
}

void policy_decide(const struct policy_config *config, const struct policy_subject *subject,
		   struct decision *out)
{
	struct deciding d = { .config = config, .subject = subject, .out = out };
	char found[REQUEST_KEY_MAX];
	const char *method;
	int requested, required;

	d.keys = subject->keys ? subject->keys : &policy_annotations;
	trusted_values_find(subject, config->owner, &d.trusted);
	*out = (struct decision){ .method = config->method };
	requested = requested_truth(&d, d.keys->merge, found);
	out->merge = decide_merge(&d, requested, found);
	out->audit = config->audit;
	out->would = out->merge && config->observe;
	out->merge = out->merge && !config->observe;

	required = requested_truth(&d, d.keys->required, found);
	out->required = required < 0 ? config->required : required;

	method = d.keys->method ?
			 requested_value(&d, d.keys->method, NULL, found, sizeof(found)) :
			 NULL;
	if (method && policy_method_parse(method, &out->method) < 0)
		annotation_misunderstood(out->warning, sizeof(out->warning), d.keys->kind,
					 found, method, "auto, inject, preload");
	out->no_economy = decide_no_economy(&d);
	decide_layout(&d);
	add_warning(out, config->warning);
}
