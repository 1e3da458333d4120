/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: the runtimes of Docker's daemon.json, and what dockerd does not start with. */
#include "doctor/docker_config.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/json_reader.h"
#include "base/macros.h"
#include "doctor/docker_info.h"
#include "doctor/docker_keys.h"

/* That of the name, as a new one: of what is given twice the last counts. NULL: no room. */
static struct docker_runtime *take_docker_runtime(struct docker_config *c, const char *name)
{
	struct docker_runtime *r = c->runtime;

	while (r < c->runtime + c->n && strcmp(r->name, name) != 0)
		r++;
	if (r == c->runtime + DOCKER_RUNTIMES_MAX)
		return NULL;
	if (r == c->runtime + c->n)
		c->n++;
	*r = (struct docker_runtime){ .name = name };
	return r;
}

/* Go's decoder takes the keys of a struct in any case (encoding/json), and so does its BinaryName. */
static bool is_key(const struct json_path *p, size_t level, const char *key)
{
	return level < p->depth && p->key[level] && strcasecmp(p->key[level], key) == 0;
}

static void take_runtime_value(struct docker_runtime *r, const struct json_path *p,
			       const struct json_value *v)
{
	const char *text = v->type == JSON_STRING && v->text[0] ? v->text : NULL;

	if (p->depth == 3 && is_key(p, 2, "path"))
		r->path = text;
	else if (p->depth == 3 && is_key(p, 2, "runtimeType"))
		r->type = text;
	else if (p->depth == 4 && is_key(p, 2, "options") && is_key(p, 3, "BinaryName"))
		r->binary = text;
	if (p->depth == 4 && is_key(p, 2, "options"))
		r->options = true;
	if (p->depth == 4 && is_key(p, 2, "runtimeArgs") && !p->key[3])
		r->args = true;
}

static void note_type(struct docker_config *c, const struct json_path *p, const char *type)
{
	size_t level = p->depth;

	if (c->mistyped || !type)
		return;
	/* of an element, its list */
	while (level > 0 && !p->key[level - 1])
		level--;
	c->mistyped = level ? p->key[level - 1] : "the whole";
	c->element = level != p->depth;
	c->type = type;
}

/* Of a runtime, below "runtimes" and its name; null is no value at all. */
static const char *runtime_wants(const struct json_path *p, const struct json_value *v)
{
	if (v->type == JSON_NULL)
		return NULL;
	if (p->depth == 2 || (p->depth == 3 && is_key(p, 2, "options")))
		return v->type == JSON_OBJECT ? NULL : "an object";
	if ((p->depth == 3 && (is_key(p, 2, "path") || is_key(p, 2, "runtimeType"))) ||
	    (p->depth == 4 && is_key(p, 2, "runtimeArgs")))
		return v->type == JSON_STRING ? NULL : "a string";
	if (p->depth == 3 && is_key(p, 2, "runtimeArgs"))
		return v->type == JSON_ARRAY ? NULL : "a list";
	return NULL;
}

/* One that dockerd looks for among its options; of an object that is no option, each that it holds. */
static void check_option_key(struct docker_config *c, const struct json_path *p,
			     const struct json_value *v)
{
	const char *name = p->key[p->depth - 1];
	const struct docker_key *key = name ? docker_key_find(name) : NULL;

	if (!name || !p->key[0] || p->depth > 2 ||
	    (p->depth == 2 && docker_key_is_whole(p->key[0])) ||
	    (p->depth == 1 && v->type == JSON_OBJECT && !docker_key_is_whole(name)))
		return;
	if (!key && !c->unknown)
		c->unknown = name;
	if (key && key->later && !c->later)
		c->later = name;
}

/* What dockerd decodes into a type of its own, and fails at another. */
static void check_value_type(struct docker_config *c, const struct json_path *p,
			     const struct json_value *v)
{
	const struct docker_key *key =
		p->depth && p->key[0] ? docker_key_find(p->key[0]) : NULL;

	if (p->depth == 0)
		note_type(c, p,
			  v->type == JSON_OBJECT || v->type == JSON_NULL ? NULL : "an object");
	else if (p->depth > 1 && json_path_has(p, 0, "runtimes"))
		note_type(c, p, runtime_wants(p, v));
	else if (key)
		note_type(c, p, docker_key_wants(key, p, v));
}

static int visit_daemon_json(void *arg, const struct json_path *p, const struct json_value *v,
			     struct error *err)
{
	struct docker_config *c = arg;

	(void)err;
	if (p->depth)
		check_option_key(c, p, v);
	check_value_type(c, p, v);
	c->hosts = c->hosts || json_path_is(p, "hosts", NULL);
	if (json_path_is(p, "default-runtime", NULL) && v->type == JSON_STRING)
		c->default_runtime = v->text;
	if (json_path_is(p, "hosts", "*", NULL) && v->type == JSON_STRING && !c->socket)
		c->socket = docker_host_socket(v->text);
	/* each is decoded into the same map, which null empties */
	if (json_path_is(p, "runtimes", NULL) && v->type == JSON_NULL)
		c->n = 0;
	if (p->depth < 2 || !json_path_has(p, 0, "runtimes") || !p->key[1])
		return 0;
	if (p->depth == 2) {
		(void)take_docker_runtime(c, p->key[1]);
		return 0;
	}
	for (size_t i = 0; i < c->n; i++) {
		if (strcmp(c->runtime[i].name, p->key[1]) == 0)
			take_runtime_value(&c->runtime[i], p, v);
	}
	return 0;
}

int docker_config_parse(struct docker_config *c, const char *file, const char *text, size_t len,
			struct error *err)
{
	/* what editors of other systems put in front; dockerd skips it since 23.0 */
	static const char mark[] = "\xef\xbb\xbf";

	*c = (struct docker_config){ 0 };
	json_release();
	if (len >= sizeof(mark) - 1 && memcmp(text, mark, sizeof(mark) - 1) == 0) {
		text += sizeof(mark) - 1;
		len -= sizeof(mark) - 1;
		c->marked = true;
	}
	/* nothing but white space is an empty configuration */
	if (len > 0 && strspn(text, " \t\r\n") == len)
		return 0;
	return json_walk(file, text, len, false, visit_daemon_json, c, err);
}

static const char *runtime_fault(const struct docker_runtime *r)
{
	if (strcmp(r->name, "runc") == 0 || strcmp(r->name, "io.containerd.runc.v2") == 0)
		return "has a name that is dockerd's own";
	if (!r->path && !r->type)
		return "has neither \"path\" nor \"runtimeType\"";
	if (r->path && r->type)
		return "has both \"path\" and \"runtimeType\"";
	if (r->path && r->options)
		return "has \"options\", which go with \"runtimeType\" only";
	if (r->type && r->args)
		return "has \"runtimeArgs\", which go with \"path\" only";
	return NULL;
}

/* Of the file's form, which dockerd judges itself where it can be asked. */
static int check_form(const struct docker_config *c, const char *file,
		      enum docker_judged judged, struct error *err)
{
	bool old = judged == DOCKER_BEFORE_23;

	if (judged == DOCKER_ASKED)
		return 0;
	if (c->mistyped)
		return err_set(err, EINVAL, "%s: %s%s is not %s", file,
			       c->element ? "something in " : "", c->mistyped, c->type);
	if (old && c->marked)
		return err_set(err, EINVAL, "%s: begins with a byte order mark", file);
	if (c->unknown || (old && c->later)) {
		err_set(err, EINVAL, "%s: dockerd has no option \"%s\"", file,
			c->unknown ? c->unknown : c->later);
		return old ? -EINVAL : 1;
	}
	return 0;
}

int docker_config_check(const struct docker_config *c, const char *file,
			enum docker_judged judged, struct error *err)
{
	/* a shim may be named by its type or its path */
	bool known = !c->default_runtime || !c->default_runtime[0] ||
		     strcmp(c->default_runtime, "runc") == 0 ||
		     strpbrk(c->default_runtime, "./") || c->n == DOCKER_RUNTIMES_MAX;
	int r = check_form(c, file, judged, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < c->n; i++) {
		const char *fault = runtime_fault(&c->runtime[i]);

		if (fault)
			return err_set(err, EINVAL, "%s: the runtime %s %s", file,
				       c->runtime[i].name, fault);
		known = known || strcmp(c->runtime[i].name, c->default_runtime) == 0;
	}
	if (!known)
		return err_set(err, EINVAL,
			       "%s: there is no runtime %s, which is the default one", file,
			       c->default_runtime);
	return r;
}

const char *docker_runtime_program(const struct docker_runtime *r)
{
	return r->path ? r->path : r->binary;
}
