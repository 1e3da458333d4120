/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: the runtimes of Docker's daemon.json, and what dockerd does not start with. */
#include "doctor/docker_config.h"

#include <errno.h>
#include <string.h>

#include "base/json_reader.h"
#include "base/macros.h"
#include "doctor/docker_info.h"

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

static void take_runtime_value(struct docker_runtime *r, const struct json_path *p,
			       const struct json_value *v)
{
	const char *text = v->type == JSON_STRING && v->text[0] ? v->text : NULL;

	if (json_path_is(p, "runtimes", r->name, "path", NULL))
		r->path = text;
	else if (json_path_is(p, "runtimes", r->name, "runtimeType", NULL))
		r->type = text;
	else if (json_path_is(p, "runtimes", r->name, "options", "BinaryName", NULL))
		r->binary = text;
	if (p->depth == 4 && json_path_has(p, 2, "options"))
		r->options = true;
	if (json_path_is(p, "runtimes", r->name, "runtimeArgs", "*", NULL))
		r->args = true;
}

/* What dockerd decodes into a type of its own, and fails at another; null is none. */
static void check_value_type(struct docker_config *c, const struct json_path *p,
			     const struct json_value *v)
{
	static const struct {
		const char *type, *key[3]; /* "*": any */
		enum json_type is;
	} wanted[] = {
		{ "an object", { NULL }, JSON_OBJECT },
		{ "a string", { "default-runtime" }, JSON_STRING },
		{ "an object", { "runtimes" }, JSON_OBJECT },
		{ "an object", { "runtimes", "*" }, JSON_OBJECT },
		{ "a string", { "runtimes", "*", "path" }, JSON_STRING },
		{ "a string", { "runtimes", "*", "runtimeType" }, JSON_STRING },
		{ "a list", { "runtimes", "*", "runtimeArgs" }, JSON_ARRAY },
		{ "an object", { "runtimes", "*", "options" }, JSON_OBJECT },
	};

	for (size_t i = 0; i < ARRAY_SIZE(wanted) && !c->mistyped; i++) {
		size_t depth = 0;

		while (depth < ARRAY_SIZE(wanted[i].key) && wanted[i].key[depth] &&
		       depth < p->depth && p->key[depth] &&
		       (wanted[i].key[depth][0] == '*' ||
			strcmp(wanted[i].key[depth], p->key[depth]) == 0))
			depth++;
		if (depth != p->depth ||
		    (depth < ARRAY_SIZE(wanted[i].key) && wanted[i].key[depth]) ||
		    v->type == wanted[i].is || v->type == JSON_NULL)
			continue;
		c->mistyped = depth ? p->key[depth - 1] : "the whole";
		c->type = wanted[i].type;
	}
}

static int visit_daemon_json(void *arg, const struct json_path *p, const struct json_value *v,
			     struct error *err)
{
	struct docker_config *c = arg;

	(void)err;
	check_value_type(c, p, v);
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

int docker_config_check(const struct docker_config *c, const char *file, struct error *err)
{
	/* a shim may be named by its type or its path */
	bool known = !c->default_runtime || !c->default_runtime[0] ||
		     strcmp(c->default_runtime, "runc") == 0 ||
		     strpbrk(c->default_runtime, "./") || c->n == DOCKER_RUNTIMES_MAX;

	if (c->mistyped)
		return err_set(err, EINVAL, "%s: %s is not %s", file, c->mistyped, c->type);
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
	return 0;
}

const char *docker_runtime_program(const struct docker_runtime *r)
{
	return r->path ? r->path : r->binary;
}
