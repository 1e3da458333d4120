/* SPDX-License-Identifier: Apache-2.0 */
/* "process" of config.json: its program, and where its environment can take a variable. */
#include "oci/spec_process.h"

#include <string.h>

/* The value of an environment variable, or NULL where the element is another one. */
static const char *variable_value(const struct json_value *v, const char *key, size_t *len)
{
	size_t n = strlen(key);

	if (v->len <= n || memcmp(v->text, key, n) != 0 || v->text[n] != '=')
		return NULL;
	*len = v->len - n - 1;
	return v->text + n + 1;
}

static bool equals(const char *value, size_t len, const char *want)
{
	return value && len == strlen(want) && memcmp(value, want, len) == 0;
}

/* ld.so's list, separated by colons or blanks */
static bool lists_library(const char *value, size_t len)
{
	const char *end = value + len;

	while (value < end) {
		const char *p = value;

		while (p < end && *p != ':' && *p != ' ')
			p++;
		if (equals(value, (size_t)(p - value), SPEC_LIBRARY))
			return true;
		value = p + 1;
	}
	return false;
}

static void visit_preload(struct spec_process *p, struct spec *s, const char *value, size_t len,
			  size_t end)
{
	if (p->preload_seen)
		spec_block(s, REASON_PRELOAD_ENVIRONMENT,
			   "LD_PRELOAD is in its environment twice");
	p->preload_seen = true;
	s->env_at = (uint32_t)(end - 1);
	if (lists_library(value, len))
		s->env = SPEC_ENV_THERE;
	else if (memmem(value, len, "ksm_preload", strlen("ksm_preload")))
		spec_block(s, REASON_PRELOAD_FOREIGN_COPY,
			   "it has a ksm_preload library of its own in LD_PRELOAD");
	else
		s->env = len ? SPEC_ENV_APPEND : SPEC_ENV_SET;
}

static void visit_env(struct spec_process *p, struct spec *s, const struct json_value *v)
{
	const char *value;
	size_t len = 0;

	if (v->type != JSON_STRING) {
		spec_block(s, REASON_PRELOAD_ENVIRONMENT,
			   "its process.env holds something that is no string");
		p->env_broken = true;
		return;
	}
	s->add = SPEC_ENV_ADD;
	s->add_at = (uint32_t)v->end;
	if (!p->preload_seen) {
		s->env = SPEC_ENV_ADD;
		s->env_at = (uint32_t)v->end;
	}
	value = variable_value(v, "LD_PRELOAD", &len);
	if (value)
		visit_preload(p, s, value, len, v->end);
	value = variable_value(v, "KSM_PRELOAD", &len);
	if (equals(value, len, "off"))
		spec_block(s, REASON_PRELOAD_OPTED_OUT, "its environment has KSM_PRELOAD=off");
	value = variable_value(v, "KSM_MERGE", &len);
	if (equals(value, len, "no"))
		spec_block(s, REASON_PRELOAD_OPTED_OUT, "its environment has KSM_MERGE=no");
	value = variable_value(v, "PATH", &len);
	if (value)
		spec_keep(s->path, sizeof(s->path), value, len);
	if (variable_value(v, "PYTHONHASHSEED", &len))
		s->python_seed = true;
	if (variable_value(v, "PERL_HASH_SEED", &len) ||
	    variable_value(v, "PERL_PERTURB_KEYS", &len))
		s->perl_seed = true;
	if (variable_value(v, "KSM_PRELOAD_V8_SEED", &len))
		s->v8_seed = true;
}

void spec_process_visit(struct spec_process *p, struct spec *s, const struct json_path *path,
			const struct json_value *v)
{
	const char *key = path->depth > 1 ? path->key[1] : NULL;

	if (path->depth == 1) {
		if (v->type != JSON_OBJECT)
			spec_block(s, REASON_PRELOAD_PROCESS, "it has no process");
		p->at = (uint32_t)v->end;
		return;
	}
	p->has_members = true;
	if (!key)
		return;
	if (strcmp(key, "env") == 0) {
		if (path->depth == 3)
			visit_env(p, s, v);
		if (path->depth != 2)
			return;
		if (v->type != JSON_ARRAY || p->env_seen) {
			spec_block(s, REASON_PRELOAD_ENVIRONMENT,
				   "its process.env is not one list");
			p->env_broken = true;
		}
		p->env_seen = true;
		s->env = s->add = SPEC_ENV_FIRST;
		s->env_at = s->add_at = (uint32_t)v->end;
	} else if (path->depth == 3 && strcmp(key, "args") == 0 && path->index[2] == 0 &&
		   v->type == JSON_STRING) {
		spec_keep(s->program, sizeof(s->program), v->text, v->len);
	} else if (path->depth == 2 && strcmp(key, "cwd") == 0 && v->type == JSON_STRING) {
		spec_keep(s->cwd, sizeof(s->cwd), v->text, v->len);
	}
}

void spec_process_end(struct spec_process *p, struct spec *s)
{
	if (!p->has_members) {
		spec_block(s, REASON_PRELOAD_PROCESS, "it has no process");
		p->env_broken = true;
	}
	if (!p->env_seen) {
		s->env = s->add = SPEC_ENV_LIST;
		s->env_at = s->add_at = p->at;
	}
	if (p->env_broken)
		s->add = SPEC_ENV_THERE;
}
