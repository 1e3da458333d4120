/* SPDX-License-Identifier: Apache-2.0 */
/* The container state that an OCI runtime writes to a hook's stdin. */
#include "oci/state.h"

#include "base/text.h"
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "policy/layout_policy.h"

struct state_walk {
	const struct policy_config *config;
	struct state *state;
};

static const char state_name[] = "container state";

static bool has_rule_for(const struct policy_rules *rules, const char *key)
{
	for (size_t i = 0; i < rules->n; i++) {
		const char *annotation = rules->rule[i].annotation;

		if (annotation && strcmp(annotation, key) == 0)
			return true;
	}
	return false;
}

bool state_decides(const struct policy_config *config, const char *key)
{
	return strncmp(key, ANNOTATION_PREFIX, strlen(ANNOTATION_PREFIX)) == 0 ||
	       has_rule_for(&config->allow, key) || has_rule_for(&config->deny, key) ||
	       annotation_is_engines(key);
}

int state_annotation(const char *text_name, struct state *out, const char *key,
		     const struct json_value *v, struct error *err)
{
	bool fits = v->type == JSON_STRING && v->len <= ANNOTATION_MAX &&
		    !memchr(v->text, '\0', v->len);

	if (!fits && annotation_is_engines(key))
		return 0;
	if (v->type != JSON_STRING)
		return err_set(err, EINVAL, "%s: annotation %.63s must be a string", text_name,
			       key);
	if (!fits)
		return err_set(err, EINVAL,
			       "%s: annotation %.63s is longer than %d bytes or holds a NUL",
			       text_name, key, ANNOTATION_MAX);
	if (out->n == ANNOTATIONS_MAX)
		return err_set(err, E2BIG, "%s: more than %d annotations that decide",
			       text_name, ANNOTATIONS_MAX);
	out->annotation[out->n++] = (struct annotation){ key, v->text };
	return 0;
}

static int state_visit(void *arg, const struct json_path *path, const struct json_value *v,
		       struct error *err)
{
	struct state_walk *p = arg;
	int64_t n;

	if (path->depth == 0 && v->type != JSON_OBJECT)
		return err_set(err, EINVAL, "%s: is not an object", state_name);
	if (json_path_is(path, "pid", NULL)) {
		if (v->type != JSON_NUMBER || parse_int(v->text, v->len, 0, INT_MAX, &n) < 0)
			return err_set(err, EINVAL, "%s: \"pid\" is not a process id (0 to %d)",
				       state_name, INT_MAX);
		p->state->pid = (pid_t)n;
	} else if (json_path_is(path, "id", NULL)) {
		if (v->type != JSON_STRING || v->len >= sizeof(p->state->id) ||
		    memchr(v->text, '\0', v->len))
			return err_set(err, EINVAL,
				       "%s: \"id\" is not a string of at most %zu bytes",
				       state_name, sizeof(p->state->id) - 1);
		memcpy(p->state->id, v->text, v->len + 1);
		if (v->len && !state_is_id(p->state->id))
			return err_set(err, EINVAL, "%s: \"id\" is no name of a container",
				       state_name);
	} else if (json_path_is(path, "bundle", NULL)) {
		if (v->type == JSON_STRING && v->len < sizeof(p->state->bundle) &&
		    v->text[0] == '/')
			memcpy(p->state->bundle, v->text, v->len + 1);
	} else if (json_path_is(path, "status", NULL)) {
		p->state->running = v->type == JSON_STRING && strcmp(v->text, "running") == 0;
	} else if (json_path_is(path, "annotations", NULL)) {
		if (v->type != JSON_OBJECT && v->type != JSON_NULL)
			return err_set(err, EINVAL, "%s: \"annotations\" is not an object",
				       state_name);
	} else if (path->depth == 2 && path->key[1] && json_path_has(path, 0, "annotations")) {
		if (state_decides(p->config, path->key[1]))
			return state_annotation(state_name, p->state, path->key[1], v, err);
	}
	return 0;
}

const char *state_monitored_name(const struct conmon_args *monitor,
				 enum container_engine engine, const char *id)
{
	bool monitors = engine == ENGINE_PODMAN || engine == ENGINE_CRIO;

	return monitor && monitors && strcmp(monitor->id, id) == 0 ? monitor->name : NULL;
}

void state_names(const struct policy_subject *subject, struct metadata *out)
{
	static const enum trusted_key keys[METADATA_FIELDS] = {
		[METADATA_POD] = TRUSTED_POD,
		[METADATA_NAMESPACE] = TRUSTED_NAMESPACE,
		[METADATA_CONTAINER] = TRUSTED_CONTAINER,
		[METADATA_IMAGE] = TRUSTED_IMAGE,
	};
	struct trusted_values trusted;

	trusted_values_find(subject, 0, &trusted);
	*out = (struct metadata){ 0 };
	for (size_t i = 0; i < METADATA_FIELDS; i++) {
		const char *value = trusted.value[keys[i]];

		if (i == METADATA_CONTAINER && !value)
			value = trusted.value[TRUSTED_NAME];
		if (value)
			metadata_set_raw(out, (enum metadata_field)i, value);
	}
}

bool state_is_id(const char *id)
{
	for (const char *p = id; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f || *p == '/')
			return false;
	}
	return id[0] && strcmp(id, ".") != 0 && strcmp(id, "..") != 0;
}

int state_parse(const char *text, size_t len, const struct policy_config *config,
		struct state *out, struct error *err)
{
	struct state_walk p = { .config = config, .state = out };
	int r;

	*out = (struct state){ 0 };
	r = json_walk(state_name, text, len, false, state_visit, &p, err);
	return r < 0 ? err_reason(err, REASON_STATE_INVALID, r) : 0;
}
