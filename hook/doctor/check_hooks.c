/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: directories of hooks, which podman and CRI-O read by the same rules (oci-hooks(5)). */
#include "doctor/check_hooks.h"

#include <errno.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json_reader.h"
#include "base/macros.h"

/* What a file says, as far as it matters here. */
struct hook_file {
	const char *path, *applet;
	bool version, condition; /* "1.0.0"; there is any condition, else it never runs */
	bool never, asked;       /* "always": false; one condition is met by our annotation */
	bool narrowed;           /* other conditions are to be met as well */
	bool create, poststart, precreate;
	unsigned starts; /* createRuntime and prestart */
};

static const char merge_annotation[] = ANNOTATION_PREFIX "merge";

static bool matches(const char *pattern, const char *text)
{
	regex_t re;
	bool ok;

	if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	ok = regexec(&re, text, 0, NULL, 0) == 0;
	regfree(&re);
	return ok;
}

static void condition(struct hook_file *h, const struct json_path *path,
		      const struct json_value *v)
{
	if (json_path_is(path, "when", "always", NULL)) {
		h->condition = h->asked = v->boolean;
		h->never = !v->boolean;
	} else if (json_path_is(path, "when", "annotations", "*", NULL)) {
		return; /* an array is none of its forms */
	} else if (path->depth == 3 && path->key[2] &&
		   strcmp(path->key[1], "annotations") == 0 && v->type == JSON_STRING) {
		h->condition = true;
		if (matches(path->key[2], merge_annotation) && matches(v->text, "true"))
			h->asked = true;
		else
			h->narrowed = true;
	} else if (path->depth == 2) {
		h->condition = h->condition || v->type != JSON_OBJECT;
		h->narrowed = h->narrowed || v->type != JSON_OBJECT;
	}
}

static int visit(void *arg, const struct json_path *path, const struct json_value *v,
		 struct error *err)
{
	struct hook_file *h = arg;

	(void)err;
	if (path->depth > 1 && path->key[0] && strcmp(path->key[0], "when") == 0)
		condition(h, path, v);
	if (v->type != JSON_STRING)
		return 0;
	if (json_path_is(path, "version", NULL))
		h->version = strcmp(v->text, "1.0.0") == 0;
	else if (json_path_is(path, "hook", "path", NULL))
		h->path = v->text;
	else if (json_path_is(path, "hook", "args", "*", NULL) && path->index[2] == 1)
		h->applet = v->text;
	else if (json_path_is(path, "stages", "*", NULL)) {
		bool start = strcmp(v->text, "createRuntime") == 0 ||
			     strcmp(v->text, "prestart") == 0;

		h->starts += start;
		h->create = h->create || start;
		h->poststart = h->poststart || strcmp(v->text, "poststart") == 0;
		h->precreate = h->precreate || strcmp(v->text, "precreate") == 0;
	}
	return 0;
}

/* Writes the file anew, with this program; no backslashes, which JSON would double. */
static void fix_write(const struct doctor *d, struct finding *f, const char *path)
{
	check_fix(f,
		  "mkdir -p %.*s && echo '{\"version\":\"1.0.0\",\"hook\":{\"path\":\"%s\","
		  "\"args\":[\"ksm-hook\",\"createRuntime\"],\"timeout\":10},\"when\":"
		  "{\"annotations\":{\"^io[.]ksm[.]merge$\":\".*\"}},\"stages\":"
		  "[\"createRuntime\"]}' >%s",
		  (int)(strrchr(path, '/') - path), path, d->self, path);
}

static void judge(struct doctor *d, const char *engine, const char *path,
		  const struct hook_file *h)
{
	struct error what, fix;
	struct finding *f;
	int r = check_program(h->path, &what, &fix);

	if (r < 0) {
		f = check_add(d, CHECK_BROKEN, "hook-program",
			      r == -ENOENT ? "an engine passes over a hook that is not there, "
					     "and says nothing" :
			      r == -EACCES ? "containers that ask to be merged do not start at "
					     "all" :
					     "who can write it is root when the next container "
					     "starts",
			      "%s, which %s names for %s", what.msg, path, engine);
		check_fix_program(d, f, r, path, h->path, &fix);
		return;
	}
	if (!h->condition || h->never || !h->asked) {
		f = check_add(d, CHECK_BROKEN, "hook-condition",
			      "the hook is not called for containers that carry the annotation",
			      "%s: \"when\" does not match %s=true", path, merge_annotation);
		fix_write(d, f, path);
		return;
	}
	if (h->narrowed)
		check_add(d, CHECK_NOTE, "hook-condition",
			  "conditions are all to be met: the hook is called for some of the "
			  "containers that ask",
			  "%s has further conditions in \"when\"", path);
	if (h->starts > 1) {
		f = check_add(d, CHECK_WARNING, "hook-stages",
			      "runtimes run both: every start pays for the hook twice",
			      "%s names both prestart and createRuntime", path);
		fix_write(d, f, path);
	}
	if (h->create && (!h->applet || (strcmp(h->applet, "createRuntime") != 0 &&
					 strcmp(h->applet, "prestart") != 0))) {
		f = check_add(d, CHECK_BROKEN, "hook-condition",
			      "the program is called with another task than the stage's",
			      "%s: \"args\" do not say createRuntime", path);
		fix_write(d, f, path);
		return;
	}
	d->registered.poststart |= h->poststart;
}

/* True where it registers createRuntime of ours. */
static bool file(struct doctor *d, const char *engine, const char *path, bool shared)
{
	char *text __cleanup(check_free) = NULL;
	struct hook_file h = { 0 };
	struct finding *f;
	struct error err;
	ssize_t n = check_read(path, &text, &err);
	bool ours;

	if (n < 0) {
		f = check_add(d, CHECK_BROKEN, "hook-file",
			      n == -EPERM ? "who can write it decides what root executes" :
					    "an engine that cannot read it starts nothing",
			      "%s", err.msg);
		if (n == -EPERM)
			check_fix(f, "chown root:root %s && chmod 644 %s", path, path);
		else
			check_fix(f, "mv %s %s.broken", path, path);
		return false;
	}
	json_release();
	if (json_walk(path, text, (size_t)n, false, visit, &h, &err) < 0) {
		f = check_add(d, CHECK_BROKEN, "hook-json",
			      "a file that is not JSON makes every container fail to start",
			      "%s", err.msg);
		if (strstr(path, "ksm-hook"))
			fix_write(d, f, path);
		else
			check_fix(f, "mv %s %s.broken", path, path);
		return false;
	}
	ours = h.path && check_is_ours(d, h.path);
	if (shared && h.precreate) {
		f = check_add(
			d, CHECK_BROKEN, "hook-stages",
			"podman build, buildah and CRI-O refuse the whole directory for it",
			"%s names the stage precreate", path);
		check_fix(f, "mv %s %s.not-here", path, path);
		return false;
	}
	if (ours)
		judge(d, engine, path, &h);
	return ours && h.create;
}

/* A later directory's file of the same name counts instead. */
static bool is_masked(const struct hooks_dirs *dirs, size_t i, const char *path)
{
	const char *name = strrchr(path, '/');
	char other[600];

	for (size_t k = i + 1; k < dirs->n; k++) {
		snprintf(other, sizeof(other), "%s%s", dirs->dir[k], name);
		if (access(other, F_OK) == 0)
			return true;
	}
	return false;
}

static void not_registered(struct doctor *d, const char *engine, const struct hooks_dirs *dirs)
{
	const char *dir = dirs->n ? dirs->dir[dirs->n - 1] : HOOKS_DIR;
	static const char usual[] = HOOKS_DIR "/50-ksm-hook.json";
	char path[300];
	struct finding *f;

	f = check_add(d, CHECK_BROKEN, "hook-registered",
		      "the annotation has no effect there: nobody calls the hook",
		      "%s: no hook of ours for createRuntime in %s%s", engine, dir,
		      dirs->n > 1 ? " or in the directories before it" : "");
	snprintf(path, sizeof(path), "%s/50-ksm-hook.json", dir);
	if (strcmp(dir, HOOKS_DIR) != 0 && access(usual, R_OK) == 0)
		check_fix(f, "mkdir -p %s && ln -sf %s %s", dir, usual, path);
	else
		fix_write(d, f, path);
}

void check_hooks(struct doctor *d, const char *engine, const struct hooks_dirs *dirs)
{
	size_t before = d->n, found = 0;
	char first[300] = "";

	for (size_t i = 0; i < dirs->n; i++) {
		char **list = check_list(dirs->dir[i], ".json");
		bool own = strstr(dirs->dir[i], "precreate");

		for (size_t k = 0; list && list[k]; k++) {
			if (is_masked(dirs, i, list[k]) || !file(d, engine, list[k], !own))
				continue;
			if (!found++)
				snprintf(first, sizeof(first), "%s", list[k]);
		}
		check_free_list(list);
	}
	if (found > 1)
		check_add(d, CHECK_WARNING, "hook-registered",
			  "every start pays for the hook more than once",
			  "%s: %zu files register createRuntime, %s is the first", engine,
			  found, first);
	if (found)
		d->registered.hook = true;
	else if (d->n == before || d->finding[d->n - 1].level != CHECK_BROKEN)
		not_registered(d, engine, dirs);
	if (found == 1 && d->n == before)
		check_add(d, CHECK_OK, "hook-registered", NULL, "%s calls the hook by %s%s",
			  engine, first,
			  strcmp(engine, "podman") == 0 ?
				  " (for root; users' own containers.conf is not looked at)" :
				  "");
}
