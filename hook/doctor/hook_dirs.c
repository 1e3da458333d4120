/* SPDX-License-Identifier: Apache-2.0 */
/* Directories of hooks, which podman and CRI-O read by the same rules (oci-hooks(5)). */
#include "doctor/hook_dirs.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/far_files.h"
#include "base/macros.h"
#include "doctor/hook_file.h"
#include "doctor/host_files.h"

void hook_dirs_add(struct hook_dirs *dirs, const char *dir)
{
	size_t size = strlen(dir) + 1;

	if (dirs->n < HOOK_DIRS_MAX && size <= sizeof(dirs->dir[0]))
		memcpy(dirs->dir[dirs->n++], dir, size);
	else
		dirs->more = true;
}

static bool hook_program_works(struct doctor *d, const char *engine, const char *path,
			       const struct hook_file *h)
{
	struct error what;
	struct finding *f;
	int r;

	if (h->program[0] != '/') {
		f = finding_add(d, FINDING_BROKEN, ID_HOOK_PROGRAM,
				"an engine looks for it in its working directory: the hook is "
				"skipped, or no container starts",
				"%s names %s for %s, which is no absolute path", path,
				h->program, engine);
		hook_file_mend(d, f, path, h, "write the program's whole path there");
		return false;
	}
	r = program_check(h->program, &what);
	if (r == 0)
		return true;
	f = finding_add(d, FINDING_BROKEN, ID_HOOK_PROGRAM,
			r == -ENOENT ?
				"engines skip a hook that is not there, without a word" :
			r == -EACCES ?
				"containers that request merging do not start at all" :
				"whoever can write to it is root when the next container "
				"starts",
			"%s, which %s names for %s", what.msg, path, engine);
	program_fix(d, f, r, h->program, path);
	return false;
}

/* What an engine refuses of it; NULL: nothing, or it skips the file as its program is not there. */
static const char *form_fault(const struct hook_file *h)
{
	if (h->form.fault[0])
		return h->form.fault;
	if (h->form.later_fault[0] && h->program && far_access(h->program, F_OK) == 0)
		return h->form.later_fault;
	return NULL;
}

/* Under a name that no engine reads, where nothing has that yet. */
static void put_aside(struct finding *f, const char *path, const char *suffix)
{
	struct shell_word from, to;
	char name[PATH_MAX];

	if (snprintf(name, sizeof(name), "%s%s", path, suffix) < (int)sizeof(name) &&
	    far_access(name, F_OK) < 0)
		finding_fix(f, "mv %s %s", shell_word(&from, path), shell_word(&to, name));
	else
		finding_advise(f, "mend it, or put it out of the directory");
}

#define OWN_NAME "50-ksm-hook.json"

/*
 * Only by the program that it names; of a file that names none, as not all of it could be read, by its
 * own name. What the directory is called says nothing.
 */
static bool is_own_file(const struct doctor *d, const char *path, const struct hook_file *h)
{
	return h->program ? program_is_ours(d, h->program) :
			    strcmp(strrchr(path, '/') + 1, OWN_NAME) == 0;
}

static bool read_hook_file(struct doctor *d, const char *path, char **text, struct hook_file *h)
{
	struct shell_word file;
	struct finding *f;
	struct error err;
	ssize_t n = host_file_read(path, text, &err);

	if (n < 0) {
		f = finding_add(d, FINDING_BROKEN, ID_HOOK_FILE,
				n == -EPERM ?
					"whoever can write to it decides what root executes" :
					"an engine that cannot read it starts no container",
				"%s", err.msg);
		if (n == -EPERM)
			finding_fix(f, "chown root:root %s && chmod 644 %s",
				    shell_word(&file, path), file.text);
		else
			put_aside(f, path, ".broken");
		return false;
	}
	if (hook_file_parse(h, path, *text, (size_t)n, &err) == 0) {
		const char *fault = form_fault(h);

		if (!fault)
			return true;
		err_set(&err, EINVAL, "%s: %s", path, fault);
	}
	f = finding_add(d, FINDING_BROKEN, ID_HOOK_JSON,
			"an engine that does not take a file in this directory starts no "
			"container at all",
			"%s", err.msg);
	if (is_own_file(d, path, h))
		hook_file_mend(d, f, path, h, "mend that in it");
	else
		put_aside(f, path, ".broken");
	return false;
}

/* True where it registers createRuntime of ours. */
static bool check_hook_file(struct doctor *d, const char *engine, const char *path, bool shared)
{
	char *text __cleanup(host_file_free) = NULL;
	struct hook_file h;
	struct finding *f;

	if (!read_hook_file(d, path, &text, &h))
		return false;
	if (shared && h.precreate) {
		f = finding_add(d, FINDING_BROKEN, ID_HOOK_STAGES,
				"podman build, buildah and CRI-O refuse the whole directory "
				"because of it",
				"%s names the stage precreate", path);
		put_aside(f, path, ".not-here");
		return false;
	}
	if (!h.program || !program_is_ours(d, h.program)) {
		if (h.hurried && h.program && far_access(h.program, F_OK) == 0)
			finding_advise(
				finding_add(d, FINDING_WARNING, ID_HOOK_TIMEOUT,
					    "runc ends such a hook at once, and starts no "
					    "container that it is called for",
					    "%s, which is not ours: \"timeout\" is not above 0",
					    path),
				"set it to a number of seconds, or take it away");
		return false;
	}
	if (hook_program_works(d, engine, path, &h) && hook_file_judge(d, path, &h))
		d->registered.poststart |= h.poststart;
	return h.create;
}

/* A later directory's file of the same name counts instead. */
static bool is_masked_by_later(const struct hook_dirs *dirs, size_t i, const char *path)
{
	const char *name = strrchr(path, '/');
	char other[600];

	for (size_t k = i + 1; k < dirs->n; k++) {
		snprintf(other, sizeof(other), "%s%s", dirs->dir[k], name);
		if (far_access(other, F_OK) == 0)
			return true;
	}
	return false;
}

static void report_no_hook(struct doctor *d, const char *engine, const struct hook_dirs *dirs)
{
	const char *dir = dirs->n ? dirs->dir[dirs->n - 1] : HOOKS_DIR;
	static const char usual[] = HOOKS_DIR "/" OWN_NAME;
	struct shell_word at, file;
	char path[300];
	struct finding *f;

	f = finding_add(d, FINDING_BROKEN, ID_HOOK_REGISTERED,
			"the annotation has no effect there, since nothing calls the hook",
			"%s: ksm-hook is not registered for createRuntime in %s%s", engine, dir,
			dirs->n > 1 ? " or in the directories before it" : "");
	snprintf(path, sizeof(path), "%s/" OWN_NAME, dir);
	if (!dirs->n)
		finding_advise(f,
			       "its hooks_dir names no directory: put " HOOKS_DIR " into it");
	else if (far_access(path, F_OK) == 0)
		finding_advise(f,
			       "%s is there and registers something else: put the hook into "
			       "another file beside it, or \"createRuntime\" into that",
			       path);
	else if (strcmp(dir, HOOKS_DIR) != 0 && far_access(usual, R_OK) == 0)
		finding_fix(f, "mkdir -p %s && ln -sf %s %s", shell_word(&at, dir), usual,
			    shell_word(&file, path));
	else
		hook_file_fix(d, f, path);
}

void hook_dirs_check(struct doctor *d, const char *engine, const struct hook_dirs *dirs)
{
	size_t before = d->n, found = 0;
	char first[300] = "";

	for (size_t i = 0; i < dirs->n; i++) {
		char **list = host_files_list(dirs->dir[i], ".json");
		bool own = strstr(dirs->dir[i], "precreate");

		for (size_t k = 0; list && list[k]; k++) {
			if (is_masked_by_later(dirs, i, list[k]) ||
			    !check_hook_file(d, engine, list[k], !own))
				continue;
			if (!found++)
				snprintf(first, sizeof(first), "%s", list[k]);
			if (!d->registered.file[0])
				snprintf(d->registered.file, sizeof(d->registered.file), "%s",
					 list[k]);
		}
		host_files_free(list);
	}
	if (found > 1)
		finding_add(d, FINDING_WARNING, ID_HOOK_REGISTERED,
			    "every start runs the hook more than once",
			    "%s: %zu files register createRuntime, %s is the first", engine,
			    found, first);
	if (found)
		d->registered.hook = true;
	else if (dirs->more)
		finding_add(d, FINDING_NOTE, ID_HOOK_REGISTERED,
			    "the hook may be registered in one that was not looked at",
			    "%s has more than %d directories of hooks, or one of a name that "
			    "is too "
			    "long",
			    engine, HOOK_DIRS_MAX);
	else if (d->n == before || d->finding[d->n - 1].level != FINDING_BROKEN)
		report_no_hook(d, engine, dirs);
	if (found == 1 && d->n == before)
		finding_add(d, FINDING_OK, ID_HOOK_REGISTERED, NULL,
			    "%s calls the hook by %s%s", engine, first,
			    strcmp(engine, "podman") == 0 ?
				    " (for root; the containers.conf of users is not read)" :
				    "");
}
