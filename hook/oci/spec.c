/* SPDX-License-Identifier: Apache-2.0 */
/* config.json of an OCI bundle: what decides about the preload, and where it would be added. */
#include "oci/spec.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "oci/state.h"

static const char name[] = "config.json of the container";

/* The member of the root that is being read; of the others nothing is looked at. */
enum section { OTHER, ANNOTATIONS, PROCESS, MOUNTS, LINUX, ROOT, HOSTNAME, SECTIONS };

static const char *const section_names[SECTIONS] = { "",        "annotations", "process",
						     "mounts",  "linux",       "root",
						     "hostname" };

struct parse {
	const struct policy_config *config;
	struct spec *spec;
	struct metadata *names;
	struct state *state; /* of it the annotations only */
	struct profile profile;
	enum section section;
	unsigned seen; /* a bit for each section */
	/* process */
	uint32_t process_at; /* behind its brace */
	bool process_has_members, env_seen, env_broken, preload_seen;
	/* mounts */
	bool is_dev, is_tmpfs, is_library; /* the one that is being read */
	bool dev_is_tmpfs;
	bool refused; /* by us, not for its syntax */
	size_t end;   /* behind the root's brace */
};

static bool text_is(const struct json_value *v, const char *want)
{
	return v->type == JSON_STRING && v->len == strlen(want) &&
	       memcmp(v->text, want, v->len) == 0;
}

/* The first obstacle counts. */
#define OBSTACLE(spec, ...)                                                                \
	do {                                                                               \
		if (!(spec)->obstacle[0])                                                  \
			snprintf((spec)->obstacle, sizeof((spec)->obstacle), __VA_ARGS__); \
	} while (0)

/* Left empty when it does not fit. */
static void take(char *out, size_t size, const char *text, size_t len)
{
	if (len >= size || memchr(text, '\0', len))
		len = 0;
	memcpy(out, text, len);
	out[len] = '\0';
}

/* The value of an environment variable, or NULL where the element is another one. */
static const char *variable(const struct json_value *v, const char *key, size_t *len)
{
	size_t n = strlen(key);

	if (v->len <= n || memcmp(v->text, key, n) != 0 || v->text[n] != '=')
		return NULL;
	*len = v->len - n - 1;
	return v->text + n + 1;
}

static bool is(const char *value, size_t len, const char *want)
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
		if (is(value, (size_t)(p - value), SPEC_LIBRARY))
			return true;
		value = p + 1;
	}
	return false;
}

static void visit_preload(struct parse *p, const char *value, size_t len, size_t end)
{
	struct spec *s = p->spec;

	if (p->preload_seen)
		OBSTACLE(s, "LD_PRELOAD is in its environment twice");
	p->preload_seen = true;
	s->env_at = (uint32_t)(end - 1);
	if (lists_library(value, len))
		s->env = SPEC_ENV_THERE;
	else if (memmem(value, len, "ksm_preload", strlen("ksm_preload")))
		OBSTACLE(s, "it has a ksm_preload library of its own in LD_PRELOAD");
	else
		s->env = len ? SPEC_ENV_APPEND : SPEC_ENV_SET;
}

static void visit_env(struct parse *p, const struct json_value *v)
{
	struct spec *s = p->spec;
	const char *value;
	size_t len = 0;

	if (v->type != JSON_STRING) {
		OBSTACLE(s, "its process.env holds something that is no string");
		p->env_broken = true;
		return;
	}
	s->add = SPEC_ENV_ADD;
	s->add_at = (uint32_t)v->end;
	if (!p->preload_seen) {
		s->env = SPEC_ENV_ADD;
		s->env_at = (uint32_t)v->end;
	}
	value = variable(v, "LD_PRELOAD", &len);
	if (value)
		visit_preload(p, value, len, v->end);
	value = variable(v, "KSM_PRELOAD", &len);
	if (is(value, len, "off"))
		OBSTACLE(s, "its environment has KSM_PRELOAD=off");
	value = variable(v, "KSM_MERGE", &len);
	if (is(value, len, "no"))
		OBSTACLE(s, "its environment has KSM_MERGE=no");
	value = variable(v, "PATH", &len);
	if (value)
		take(s->path, sizeof(s->path), value, len);
	if (variable(v, "PYTHONHASHSEED", &len))
		s->python_seed = true;
	if (variable(v, "PERL_HASH_SEED", &len) || variable(v, "PERL_PERTURB_KEYS", &len))
		s->perl_seed = true;
}

static void visit_process(struct parse *p, const struct json_path *path,
			  const struct json_value *v)
{
	struct spec *s = p->spec;
	const char *key = path->depth > 1 ? path->key[1] : NULL;

	if (path->depth == 1) {
		if (v->type != JSON_OBJECT)
			OBSTACLE(s, "it has no process");
		p->process_at = (uint32_t)v->end;
		return;
	}
	p->process_has_members = true;
	if (!key)
		return;
	if (strcmp(key, "env") == 0) {
		if (path->depth == 3)
			visit_env(p, v);
		if (path->depth != 2)
			return;
		if (v->type != JSON_ARRAY || p->env_seen) {
			OBSTACLE(s, "its process.env is not one list");
			p->env_broken = true;
		}
		p->env_seen = true;
		s->env = s->add = SPEC_ENV_FIRST;
		s->env_at = s->add_at = (uint32_t)v->end;
	} else if (path->depth == 3 && strcmp(key, "args") == 0 && path->index[2] == 0 &&
		   v->type == JSON_STRING) {
		take(s->program, sizeof(s->program), v->text, v->len);
	}
}

/* Another spelling of a path, as engines write it and as they do not. */
static bool is_path(const struct json_value *v, const char *want)
{
	char clean[96];
	size_t n = 0;

	for (size_t i = 0; v->type == JSON_STRING && i < v->len;) {
		size_t len = 0;

		while (i < v->len && v->text[i] == '/')
			i++;
		while (i + len < v->len && v->text[i + len] != '/')
			len++;
		if (len == 2 && memcmp(v->text + i, "..", 2) == 0) {
			while (n > 0 && clean[--n] != '/')
				;
		} else if (len > 0 && !(len == 1 && v->text[i] == '.')) {
			if (n + 1 + len > sizeof(clean))
				return false;
			clean[n++] = '/';
			memcpy(clean + n, v->text + i, len);
			n += len;
		}
		i += len;
	}
	return is(clean, n, want);
}

static void visit_mounts(struct parse *p, const struct json_path *path,
			 const struct json_value *v)
{
	struct spec *s = p->spec;
	const char *key = path->depth == 3 ? path->key[2] : NULL;

	if (path->depth == 1 && v->type != JSON_ARRAY)
		OBSTACLE(s, "its \"mounts\" is not a list");
	if (path->depth == 2) {
		p->is_dev = p->is_tmpfs = p->is_library = false;
	} else if (key && strcmp(key, "destination") == 0) {
		p->is_dev = is_path(v, "/dev");
		p->is_library = is_path(v, SPEC_LIBRARY);
	} else if (key && strcmp(key, "type") == 0) {
		p->is_tmpfs = text_is(v, "tmpfs");
	}
	if (p->is_library)
		s->mount = SPEC_MOUNT_THERE;
}

static void mount_ends(struct parse *p, size_t end)
{
	if (!p->is_dev)
		return;
	/* the last one covers those before it */
	p->dev_is_tmpfs = p->is_tmpfs;
	p->spec->mount_at = (uint32_t)end;
}

/* The engine's id is the end of its cgroup: …/libpod-ID, slice:libpod:ID */
static void take_id(struct spec *s, const struct json_value *v)
{
	size_t at = v->len;

	while (at > 0 && v->text[at - 1] != '/' && v->text[at - 1] != ':')
		at--;
	if (v->len - at > 7 && memcmp(v->text + at, "libpod-", 7) == 0)
		at += 7;
	take(s->id, sizeof(s->id), v->text + at, v->len - at);
}

static int visit_annotation(struct parse *p, const char *key, const struct json_value *v,
			    struct error *err)
{
	struct json_value kept = *v;
	const char *kept_key;

	if (p->names && key && v->type == JSON_STRING)
		metadata_annotation(p->names, key, v->text, v->len);
	if (!key || !state_decides(p->config, key))
		return 0;
	kept_key = json_keep(key, strlen(key));
	if (v->type == JSON_STRING && v->len <= ANNOTATION_MAX)
		kept.text = json_keep(v->text, v->len);
	if (!kept_key || (v->type == JSON_STRING && !kept.text))
		return err_set(err, E2BIG, "%s: too much text in its annotations", name);
	return state_annotation(name, p->state, kept_key, &kept, err);
}

static void enter_section(struct parse *p, const char *key)
{
	p->section = OTHER;
	for (size_t i = 1; key && i < SECTIONS; i++) {
		if (strcmp(key, section_names[i]) == 0)
			p->section = (enum section)i;
	}
	if (p->section != OTHER && p->seen & 1u << p->section)
		OBSTACLE(p->spec, "its config.json has \"%s\" twice", key);
	if (p->section == PROCESS && p->seen & 1u << PROCESS)
		p->env_broken = true;
	p->seen |= 1u << p->section;
}

static bool below(const struct json_path *path, const char *key)
{
	return path->depth > 1 && path->key[1] && strcmp(path->key[1], key) == 0;
}

static int look(struct parse *p, const struct json_path *path, const struct json_value *v,
		struct error *err)
{
	struct spec *s = p->spec;

	if (path->depth == 0 && v->type != JSON_OBJECT)
		return err_set(err, EINVAL, "%s: is not an object", name);
	if (path->depth == 1)
		enter_section(p, path->key[0]);
	switch (p->section) {
	case ANNOTATIONS:
		if (path->depth == 1 && v->type != JSON_OBJECT && v->type != JSON_NULL)
			return err_set(err, EINVAL, "%s: \"annotations\" is not an object",
				       name);
		if (path->depth == 2)
			return visit_annotation(p, path->key[1], v, err);
		break;
	case PROCESS:
		visit_process(p, path, v);
		break;
	case MOUNTS:
		visit_mounts(p, path, v);
		break;
	case LINUX:
		if (below(path, "seccomp"))
			profile_visit(&p->profile, path, v);
		else if (path->depth == 2 && below(path, "cgroupsPath") &&
			 v->type == JSON_STRING)
			take_id(s, v);
		break;
	case ROOT:
		if (path->depth == 2 && below(path, "path") && v->type == JSON_STRING)
			take(s->root, sizeof(s->root), v->text, v->len);
		break;
	case HOSTNAME:
		if (v->type == JSON_STRING && !s->id[0])
			take(s->id, sizeof(s->id), v->text, v->len);
		break;
	default:
		break;
	}
	return 0;
}

static int visit(void *arg, const struct json_path *path, const struct json_value *v,
		 struct error *err)
{
	struct parse *p = arg;
	int r = look(p, path, v, err);

	p->refused = r < 0;
	return r;
}

static int leave(void *arg, const struct json_path *path, size_t end, struct error *err)
{
	struct parse *p = arg;

	(void)err;
	if (path->depth == 0)
		p->end = end;
	else if (p->section == MOUNTS && path->depth == 2)
		mount_ends(p, end);
	else if (p->section == LINUX && below(path, "seccomp"))
		profile_leave(&p->profile, path);
	return 0;
}

/* What can be said only at the end. */
static void conclude(struct parse *p)
{
	struct spec *s = p->spec;

	if (!(p->seen & 1u << PROCESS) || !p->process_has_members) {
		OBSTACLE(s, "it has no process");
		p->env_broken = true;
	}
	if (!p->env_seen) {
		s->env = s->add = SPEC_ENV_LIST;
		s->env_at = s->add_at = p->process_at;
	}
	if (p->env_broken)
		s->add = SPEC_ENV_THERE;
	if (s->mount == SPEC_MOUNT_ADD && !p->dev_is_tmpfs)
		OBSTACLE(s, "its /dev is not a tmpfs of its own, and a mount point elsewhere "
			    "would stay in the image");
	for (int i = 0; i < PROFILE_CALLS; i++)
		s->profile[i] = profile_answer(&p->profile, (enum profile_call)i);
}

int spec_parse(const char *text, size_t len, const struct policy_config *config,
	       struct spec *out, struct metadata *names, struct decision *decision,
	       bool *syntax, struct error *err)
{
	static struct state state;
	struct parse p = { .config = config, .spec = out, .names = names, .state = &state };
	int r;

	*out = (struct spec){ .mount = SPEC_MOUNT_ADD };
	state.n = 0;
	err->msg[0] = '\0';
	r = json_scan(name, text, len, visit, leave, &p, err);
	*syntax = r == -EINVAL && !p.refused;
	if (r < 0)
		return r;
	/* yajl overlooks a string or a word that is begun behind the end */
	while (p.end < len && strchr(" \t\r\n", text[p.end]) && text[p.end])
		p.end++;
	if (p.end < len) {
		*syntax = true;
		return err_set(err, EINVAL, "%s: there is more behind its end", name);
	}
	conclude(&p);
	policy_decide(config, state.annotation, state.n, decision);
	return 0;
}

bool spec_is_whole(const char *text, size_t len)
{
	const char *end = text + len;
	size_t depth = 0;
	bool any = false;

	for (const char *p = text; p < end; p++) {
		switch (*p) {
		case '{':
		case '[':
			any = true;
			depth++;
			break;
		case '}':
		case ']':
			if (depth-- == 0)
				return false;
			break;
		case '"':
			while (++p < end && *p != '"')
				p += *p == '\\';
			if (p >= end)
				return false;
			break;
		default:
			break;
		}
	}
	return any && depth == 0;
}
