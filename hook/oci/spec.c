/* SPDX-License-Identifier: Apache-2.0 */
/* config.json of an OCI bundle: what decides about the preload, and where it would be added. */
#include "oci/spec.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "containers/cgroup_name.h"
#include "oci/spec_mounts.h"
#include "oci/spec_process.h"
#include "oci/state.h"

static const char spec_name[] = "config.json of the container";

/* The member of the root that is being read; of the others nothing is looked at. */
enum section { OTHER, ANNOTATIONS, PROCESS, MOUNTS, LINUX, ROOT, SECTIONS };

static const char *const section_names[SECTIONS] = { "",       "annotations", "process",
						     "mounts", "linux",       "root" };

struct spec_walk {
	const struct policy_config *config;
	struct spec *spec;
	struct state *state; /* of it the annotations only */
	struct profile profile;
	enum section section;
	unsigned seen; /* a bit for each section */
	struct spec_process process;
	struct spec_mounts mounts;
	bool refused;     /* by us, not for its syntax */
	size_t end;       /* behind the root's brace */
	char cgroup[128]; /* the end of cgroupsPath */
};

static void keep_valid_id(struct spec *s, const char *text, size_t len)
{
	spec_keep(s->id, sizeof(s->id), text, len);
	if (!state_is_id(s->id))
		s->id[0] = '\0';
}

/* The engine's id is the end of its cgroup: …/libpod-ID, slice:libpod:ID, …/libpod-payload-ID */
static void keep_cgroup(struct spec_walk *p, const struct json_value *v)
{
	size_t at = v->len, max = sizeof(p->cgroup) - 1, cut = at > max ? at - max : 0;
	struct spec *s = p->spec;

	spec_keep(p->cgroup, sizeof(p->cgroup), v->text + cut, at - cut);
	while (at > 0 && v->text[at - 1] != '/' && v->text[at - 1] != ':')
		at--;
	if (v->len - at > 7 && memcmp(v->text + at, "libpod-", 7) == 0)
		at += 7;
	/* --cgroups=split: Quadlet's units */
	if (v->len - at > 8 && memcmp(v->text + at, "payload-", 8) == 0)
		at += 8;
	keep_valid_id(s, v->text + at, v->len - at);
}

static int visit_annotation(struct spec_walk *p, const char *key, const struct json_value *v,
			    struct error *err)
{
	struct json_value kept = *v;
	const char *kept_key;

	if (!key || !state_decides(p->config, key))
		return 0;
	kept_key = json_keep(key, strlen(key));
	if (v->type == JSON_STRING && v->len <= ANNOTATION_MAX)
		kept.text = json_keep(v->text, v->len);
	if (!kept_key || (v->type == JSON_STRING && !kept.text))
		return err_set(err, E2BIG, "%s: too much text in its annotations", spec_name);
	return state_annotation(spec_name, p->state, kept_key, &kept, err);
}

static void enter_section(struct spec_walk *p, const char *key)
{
	p->section = OTHER;
	for (size_t i = 1; key && i < SECTIONS; i++) {
		if (strcmp(key, section_names[i]) == 0)
			p->section = (enum section)i;
	}
	if (p->section != OTHER && p->seen & 1u << p->section)
		spec_block(p->spec, REASON_SPEC_INVALID, "its config.json has \"%s\" twice",
			   key);
	if (p->section == PROCESS && p->seen & 1u << PROCESS)
		p->process.env_broken = true;
	p->seen |= 1u << p->section;
}

static bool below(const struct json_path *path, const char *key)
{
	return json_path_has(path, 1, key);
}

static int visit_value(struct spec_walk *p, const struct json_path *path,
		       const struct json_value *v, struct error *err)
{
	struct spec *s = p->spec;

	if (path->depth == 0 && v->type != JSON_OBJECT)
		return err_set(err, EINVAL, "%s: is not an object", spec_name);
	if (path->depth == 1)
		enter_section(p, path->key[0]);
	switch (p->section) {
	case ANNOTATIONS:
		if (path->depth == 1 && v->type != JSON_OBJECT && v->type != JSON_NULL)
			return err_set(err, EINVAL, "%s: \"annotations\" is not an object",
				       spec_name);
		if (path->depth == 2)
			return visit_annotation(p, path->key[1], v, err);
		break;
	case PROCESS:
		spec_process_visit(&p->process, s, path, v);
		break;
	case MOUNTS:
		spec_mounts_visit(&p->mounts, s, path, v);
		break;
	case LINUX:
		if (below(path, "seccomp"))
			profile_visit(&p->profile, path, v);
		else if (path->depth == 2 && below(path, "cgroupsPath") &&
			 v->type == JSON_STRING)
			keep_cgroup(p, v);
		break;
	case ROOT:
		if (path->depth == 2 && below(path, "path") && v->type == JSON_STRING)
			spec_keep(s->root, sizeof(s->root), v->text, v->len);
		break;
	default:
		break;
	}
	return 0;
}

static int spec_visit(void *arg, const struct json_path *path, const struct json_value *v,
		      struct error *err)
{
	struct spec_walk *p = arg;
	int r = visit_value(p, path, v, err);

	p->refused = r < 0;
	return r;
}

static int spec_leave(void *arg, const struct json_path *path, size_t end, struct error *err)
{
	struct spec_walk *p = arg;

	(void)err;
	if (path->depth == 0)
		p->end = end;
	else if (p->section == MOUNTS && path->depth == 2)
		spec_mounts_leave(&p->mounts, p->spec, end);
	else if (p->section == LINUX && below(path, "seccomp"))
		profile_leave(&p->profile, path);
	return 0;
}

static void conclude(struct spec_walk *p)
{
	spec_process_end(&p->process, p->spec);
	spec_mounts_end(&p->mounts, p->spec);
	for (int i = 0; i < PROFILE_CALLS; i++)
		p->spec->profile[i] = profile_answer(&p->profile, (enum profile_call)i);
}

int spec_parse(const char *text, size_t len, const struct spec_origin *origin,
	       const struct policy_config *config, struct spec *out, struct metadata *names,
	       struct decision *decision, bool *syntax, struct error *err)
{
	static struct state state;
	struct spec_walk p = { .config = config, .spec = out, .state = &state };
	struct policy_subject subject = { .engine = origin->engine,
					  .image_id = origin->image_id,
					  .project = origin->project };
	int r;

	*out = (struct spec){ .mount = SPEC_MOUNT_ADD };
	state.n = 0;
	*err = (struct error){ "" };
	r = json_scan(spec_name, text, len, spec_visit, spec_leave, &p, err);
	*syntax = r == -EINVAL && !p.refused;
	if (r < 0)
		return err_reason(err, REASON_SPEC_INVALID, r);
	/* yajl overlooks a string or a word that is begun behind the end */
	while (p.end < len && strchr(" \t\r\n", text[p.end]) && text[p.end])
		p.end++;
	if (p.end < len) {
		*syntax = true;
		return err_reason(err, REASON_SPEC_TRUNCATED,
				  err_set(err, EINVAL, "%s: there is more after its end",
					  spec_name));
	}
	conclude(&p);
	subject.annotation = state.annotation;
	subject.n = state.n;
	if (subject.engine == ENGINE_UNKNOWN && origin->bundle && origin->id)
		subject.engine =
			engine_of_bundle(origin->bundle, origin->id,
					 cgroups_path_is_of(p.cgroup, engine_name(ENGINE_CRIO),
							    origin->id));
	if (origin->id)
		subject.name =
			state_monitored_name(origin->monitor, subject.engine, origin->id);
	if (names)
		state_names(&subject, names);
	policy_decide(config, &subject, decision);
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
