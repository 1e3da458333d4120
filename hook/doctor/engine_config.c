/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: containers.conf and crio.conf: the directories of hooks, and the runtimes. */
#include "doctor/engine_config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "doctor/toml.h"

struct engine_scan {
	struct engine_config *config;
	const char *file;
	int bad_line; /* of a hooks_dir that is no list of strings; 0 if there is none */
};

static bool is_hooks_dir(const struct engine_config *c, const struct toml_path *p)
{
	return c->dialect == CONTAINERS_CONF ?
		       toml_path_is(p, "engine", "hooks_dir", NULL) :
		       toml_path_is(p, "crio", "runtime", "hooks_dir", NULL);
}

static bool is_runtime(const struct engine_config *c, const struct toml_path *p,
		       const struct toml_value *v)
{
	return c->dialect == CONTAINERS_CONF ?
		       v->type == TOML_LIST &&
			       toml_path_is(p, "engine", "runtimes", "*", NULL) :
		       v->type == TOML_STRING && toml_path_is(p, "crio", "runtime", "runtimes",
							      "*", "runtime_path", NULL);
}

static void take_hooks_dir(struct engine_scan *s, const struct toml_value *v)
{
	struct hook_dirs *dirs = &s->config->dirs;

	if (v->type != TOML_LIST) {
		s->bad_line = v->line;
		return;
	}
	if (!v->append) {
		dirs->n = 0;
		dirs->more = false;
	}
	for (size_t i = 0; i < v->n; i++)
		hook_dirs_add(dirs, v->text[i]);
}

static void take_runtime(struct engine_scan *s, const char *path, int line)
{
	struct engine_config *c = s->config;
	struct engine_runtime *r = &c->runtime[c->runtimes];

	if (c->runtimes == ENGINE_RUNTIMES_MAX)
		return;
	r->line = line;
	if (snprintf(r->path, sizeof(r->path), "%s", path) < (int)sizeof(r->path) &&
	    snprintf(r->file, sizeof(r->file), "%s", s->file) < (int)sizeof(r->file))
		c->runtimes++;
}

static void visit_engine_config(void *arg, const struct toml_path *p,
				const struct toml_value *v)
{
	struct engine_scan *s = arg;

	if (is_hooks_dir(s->config, p))
		take_hooks_dir(s, v);
	else if (is_runtime(s->config, p, v))
		for (size_t i = 0; i < v->n; i++)
			take_runtime(s, v->text[i], v->line);
}

int engine_config_parse(struct engine_config *c, const char *file, char *text,
			struct error *err)
{
	struct engine_scan s = { .config = c, .file = file };
	int r = toml_scan(file, text, visit_engine_config, &s, err);

	if (r == 0 && s.bad_line)
		r = err_set(err, EINVAL, "%s: hooks_dir in line %d is not understood", file,
			    s.bad_line);
	return r;
}

void engine_config_locate(struct engine_config *c, const struct engine_config *files)
{
	for (size_t i = 0; i < c->runtimes; i++) {
		struct engine_runtime *r = &c->runtime[i];

		r->line = 0;
		for (size_t k = 0; k < files->runtimes; k++) {
			if (strcmp(files->runtime[k].path, r->path) == 0)
				*r = files->runtime[k];
		}
	}
}
