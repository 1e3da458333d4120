/* SPDX-License-Identifier: Apache-2.0 */
/* podman's containers.conf and CRI-O's crio.conf: where hooks are, which runtimes there are. */
#include "doctor/engine_config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/macros.h"
#include "doctor/host_files.h"
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
	if (!v->append)
		dirs->n = 0;
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

void engine_config_read(struct doctor *d, struct engine_config *c, const char *file)
{
	char *text __cleanup(host_file_free) = NULL;
	struct error err;
	ssize_t n = host_file_read(file, &text, &err);

	if (n != -ENOENT && (n < 0 || engine_config_parse(c, file, text, &err) < 0))
		finding_unreadable(d, ID_HOOK_REGISTERED, &err);
}

void engine_config_read_dir(struct doctor *d, struct engine_config *c, const char *dir,
			    const char *suffix)
{
	char **list = host_files_list(dir, suffix);

	for (size_t i = 0; list && list[i]; i++)
		engine_config_read(d, c, list[i]);
	host_files_free(list);
}

static void check_wrapper(struct doctor *d, const char *engine, const struct engine_runtime *w)
{
	struct error what, fix;
	struct finding *f;
	int r;

	if (!program_is_ours(d, w->path))
		return;
	d->registered.wrapper = true;
	r = program_check(w->path, &what, &fix);
	if (r == 0) {
		finding_add(d, FINDING_OK, ID_WRAPPER, NULL, "%s has the runtime %s", engine,
			    w->path);
		return;
	}
	f = finding_add(d, FINDING_BROKEN, ID_WRAPPER, "no container of that runtime can start",
			"%s, which %s names in line %d", what.msg, w->file, w->line);
	program_fix(d, f, r, w->file, w->path, &fix);
}

void engine_config_check(struct doctor *d, const struct engine_config *c)
{
	for (size_t i = 0; i < c->runtimes; i++)
		check_wrapper(d, c->engine, &c->runtime[i]);
	hook_dirs_check(d, c->engine, &c->dirs);
}
