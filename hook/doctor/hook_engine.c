/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: podman and CRI-O, which read hooks by the same rules. */
#include "doctor/hook_engine.h"

#include <errno.h>
#include <stdio.h>

#include "base/error.h"
#include "base/macros.h"
#include "doctor/host_files.h"

void hook_engine_read(struct doctor *d, struct engine_config *c, const char *file)
{
	char *text __cleanup(host_file_free) = NULL;
	struct error err;
	ssize_t n = host_file_read(file, &text, &err);

	if (n != -ENOENT && (n < 0 || engine_config_parse(c, file, text, &err) < 0))
		finding_unreadable(d, ID_HOOK_REGISTERED, &err);
}

void hook_engine_read_dir(struct doctor *d, struct engine_config *c, const char *dir,
			  const char *suffix)
{
	char **list = host_files_list(dir, suffix);

	for (size_t i = 0; list && list[i]; i++)
		hook_engine_read(d, c, list[i]);
	host_files_free(list);
}

static void check_wrapper(struct doctor *d, const char *engine, const struct engine_runtime *w)
{
	struct error what;
	char where[32] = "";
	struct finding *f;
	int r;

	if (!program_is_ours(d, w->path))
		return;
	d->registered.wrapper = true;
	r = program_check(w->path, &what);
	if (r == 0) {
		finding_add(d, FINDING_OK, ID_WRAPPER, NULL, "%s has the runtime %s", engine,
			    w->path);
		return;
	}
	if (w->line)
		snprintf(where, sizeof(where), " in line %d", w->line);
	f = finding_add(d, FINDING_BROKEN, ID_WRAPPER, "no container of that runtime can start",
			"%s, which %s names%s", what.msg, w->file, where);
	program_fix(d, f, r, w->path, w->line ? w->file : NULL);
}

void hook_engine_check(struct doctor *d, const struct engine_config *c)
{
	for (size_t i = 0; i < c->runtimes; i++)
		check_wrapper(d, c->engine, &c->runtime[i]);
	hook_dirs_check(d, c->engine, &c->dirs);
}
