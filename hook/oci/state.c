/* SPDX-License-Identifier: Apache-2.0 */
/* The container state that an OCI runtime writes to a hook's stdin. */
#include "oci/state.h"

#include "base/text.h"
#include "policy/layout_policy.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct parse {
	const struct policy_config *config;
	struct state *state;
};

static const char name[] = "container state";

static bool names(const struct policy_rules *rules, const char *key)
{
	for (size_t i = 0; i < rules->n; i++) {
		if (strcmp(rules->rule[i].annotation, key) == 0)
			return true;
	}
	return false;
}

bool state_decides(const struct policy_config *config, const char *key)
{
	return strncmp(key, ANNOTATION_PREFIX, strlen(ANNOTATION_PREFIX)) == 0 ||
	       names(&config->allow, key) || names(&config->deny, key) ||
	       (config->shared_layout && layout_names_group(key));
}

int state_annotation(const char *text_name, struct state *out, const char *key,
		     const struct json_value *v, struct error *err)
{
	if (v->type != JSON_STRING)
		return err_set(err, EINVAL, "%s: annotation %.63s must be a string", text_name,
			       key);
	if (v->len > ANNOTATION_MAX || memchr(v->text, '\0', v->len))
		return err_set(err, EINVAL,
			       "%s: annotation %.63s is longer than %d bytes or holds a NUL",
			       text_name, key, ANNOTATION_MAX);
	if (out->n == ANNOTATIONS_MAX)
		return err_set(err, E2BIG, "%s: more than %d annotations that decide",
			       text_name, ANNOTATIONS_MAX);
	out->annotation[out->n++] = (struct annotation){ key, v->text };
	return 0;
}

static int visit(void *arg, const struct json_path *path, const struct json_value *v,
		 struct error *err)
{
	struct parse *p = arg;
	int64_t n;

	if (path->depth == 0 && v->type != JSON_OBJECT)
		return err_set(err, EINVAL, "%s: is not an object", name);
	if (json_path_is(path, "pid", NULL)) {
		if (v->type != JSON_NUMBER || parse_int(v->text, v->len, 0, INT_MAX, &n) < 0)
			return err_set(err, EINVAL, "%s: \"pid\" is not a process id (0 to %d)",
				       name, INT_MAX);
		p->state->pid = (pid_t)n;
	} else if (json_path_is(path, "id", NULL)) {
		if (v->type != JSON_STRING || v->len >= sizeof(p->state->id) ||
		    memchr(v->text, '\0', v->len))
			return err_set(err, EINVAL,
				       "%s: \"id\" is not a string of at most %zu bytes", name,
				       sizeof(p->state->id) - 1);
		memcpy(p->state->id, v->text, v->len + 1);
	} else if (json_path_is(path, "bundle", NULL)) {
		if (v->type == JSON_STRING && v->len < sizeof(p->state->bundle))
			memcpy(p->state->bundle, v->text, v->len + 1);
	} else if (json_path_is(path, "status", NULL)) {
		p->state->running = v->type == JSON_STRING && strcmp(v->text, "running") == 0;
	} else if (json_path_is(path, "annotations", NULL)) {
		if (v->type != JSON_OBJECT && v->type != JSON_NULL)
			return err_set(err, EINVAL, "%s: \"annotations\" is not an object",
				       name);
	} else if (path->depth == 2 && path->key[1] &&
		   strcmp(path->key[0], "annotations") == 0) {
		if (v->type == JSON_STRING)
			metadata_annotation(&p->state->metadata, path->key[1], v->text, v->len);
		if (state_decides(p->config, path->key[1]))
			return state_annotation(name, p->state, path->key[1], v, err);
	}
	return 0;
}

int state_parse(const char *text, size_t len, const struct policy_config *config,
		struct state *out, struct error *err)
{
	struct parse p = { .config = config, .state = out };

	*out = (struct state){ 0 };
	return json_walk(name, text, len, false, visit, &p, err);
}
