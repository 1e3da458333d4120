/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: where podman and CRI-O look for hooks, and which runtimes they are told of. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/macros.h"
#include "doctor/check_hooks.h"
#include "doctor/toml.h"

/* What the configuration of one engine comes to. */
struct engine {
	struct doctor *d;
	const char *name;
	const char *file; /* that is being read */
	struct hooks_dirs dirs;
	bool podman;
};

static void add_dir(struct hooks_dirs *dirs, const char *dir)
{
	size_t size = strlen(dir) + 1;

	if (dirs->n < HOOKS_DIRS_MAX && size <= sizeof(dirs->dir[0]))
		memcpy(dirs->dir[dirs->n++], dir, size);
}

/* A wrapper of ours that is named there: is it there? */
static void wrapper(struct engine *e, const char *path, int line)
{
	struct error what, fix;
	struct finding *f;
	int r;

	if (!check_is_ours(e->d, path))
		return;
	e->d->registered.wrapper = true;
	r = check_program(path, &what, &fix);
	if (r == 0) {
		check_add(e->d, CHECK_OK, "wrapper", NULL, "%s has the runtime %s", e->name,
			  path);
		return;
	}
	f = check_add(e->d, CHECK_BROKEN, "wrapper", "no container of that runtime can start",
		      "%s, which %s names in line %d", what.msg, e->file, line);
	check_fix_program(e->d, f, r, e->file, path, &fix);
}

static void visit(void *arg, const struct toml_path *p, const struct toml_value *v)
{
	struct engine *e = arg;
	bool hooks = e->podman ? toml_path_is(p, "engine", "hooks_dir", NULL) :
				 toml_path_is(p, "crio", "runtime", "hooks_dir", NULL);

	if (hooks && v->type == TOML_LIST) {
		if (!v->append)
			e->dirs.n = 0;
		for (size_t i = 0; i < v->n; i++)
			add_dir(&e->dirs, v->text[i]);
	} else if (hooks) {
		struct error err;

		err_set(&err, 0, "%s: hooks_dir in line %d is not understood", e->file,
			v->line);
		check_unreadable(e->d, "hook-registered", &err);
	} else if (e->podman && toml_path_is(p, "engine", "runtimes", "*", NULL) &&
		   v->type == TOML_LIST) {
		for (size_t i = 0; i < v->n; i++)
			wrapper(e, v->text[i], v->line);
	} else if (!e->podman && v->type == TOML_STRING &&
		   toml_path_is(p, "crio", "runtime", "runtimes", "*", "runtime_path", NULL)) {
		wrapper(e, v->text[0], v->line);
	}
}

static void read_file(struct engine *e, const char *path)
{
	char *text __cleanup(check_free) = NULL;
	struct error err;
	ssize_t n = check_read(path, &text, &err);

	if (n == -ENOENT)
		return;
	e->file = path;
	if (n < 0 || toml_scan(path, text, visit, e, &err) < 0)
		check_unreadable(e->d, "hook-registered", &err);
}

static void read_dir(struct engine *e, const char *dir)
{
	char **list = check_list(dir, e->podman ? ".conf" : "");

	for (size_t i = 0; list && list[i]; i++)
		read_file(e, list[i]);
	check_free_list(list);
}

void check_podman(struct doctor *d)
{
	struct engine e = { .d = d, .name = "podman", .podman = true };

	if (!check_installed("podman"))
		return;
	/* in the order of containers-config(5); podman before 6 has fewer of them */
	add_dir(&e.dirs, HOOKS_DIR);
	read_file(&e, "/usr/share/containers/containers.conf");
	read_dir(&e, "/usr/share/containers/containers.conf.d");
	read_file(&e, "/etc/containers/containers.conf");
	read_dir(&e, "/etc/containers/containers.conf.d");
	read_dir(&e, "/etc/containers/containers.rootful.conf.d");
	/* an empty list has it look in both, as it did before there was one */
	if (e.dirs.n == 0) {
		add_dir(&e.dirs, HOOKS_DIR);
		add_dir(&e.dirs, "/etc/containers/oci/hooks.d");
	}
	check_hooks(d, "podman", &e.dirs);
}

void check_crio(struct doctor *d)
{
	struct engine e = { .d = d, .name = "CRI-O" };

	if (!check_installed("crio"))
		return;
	add_dir(&e.dirs, HOOKS_DIR);
	read_file(&e, "/etc/crio/crio.conf");
	read_dir(&e, "/etc/crio/crio.conf.d");
	check_hooks(d, "CRI-O", &e.dirs);
}
