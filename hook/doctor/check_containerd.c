/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: containerd's CRI plugin: is the wrapper there, and do annotations reach it? */
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/far_files.h"
#include "base/macros.h"
#include "doctor/check_cri.h"
#include "doctor/checks.h"
#include "doctor/containerd_config.h"
#include "doctor/containerd_judge.h"
#include "doctor/containerd_off.h"
#include "doctor/engine_answer.h"
#include "doctor/host_files.h"
#include "doctor/kubelet.h"

#define CONFIG_TOML "/etc/containerd/config.toml"

/* By the files alone, which is of no use where containerd has told what came of them. */
static void check_import(struct doctor *d, const struct containerd_config *c, const char *path)
{
	if (c->version >= 3 && c->root_version < 3)
		finding_add(
			d, FINDING_WARNING, ID_CONTAINERD_CONFIG,
			"containerd before 2.0 does not start with that, or drops what is in "
			"it",
			"%s has version %d, and the configuration that imports it version %d",
			path, c->version, c->root_version ? c->root_version : 1);
}

static bool read_containerd_config(struct doctor *d, struct containerd_config *c,
				   const char *path, bool answered)
{
	char *text __cleanup(host_file_free) = NULL;
	struct error err;
	ssize_t n = host_file_read(path, &text, &err);

	if (n == -ENOENT)
		return true;
	if (n < 0 || containerd_config_parse(c, path, text, &err) < 0) {
		finding_unreadable(d, ID_CONTAINERD_CONFIG, &err);
		return false;
	}
	if (!answered)
		check_import(d, c, path);
	return true;
}

static int list_matches(const char *pattern, struct far_list *out)
{
	glob_t found;

	if (glob(pattern, 0, NULL, &found) != 0)
		return 0;
	for (size_t i = 0; i < found.gl_pathc; i++)
		far_list_add(out, found.gl_pathv[i]);
	globfree(&found);
	/* a part of them would say something else than all */
	return out->truncated ? -E2BIG : 0;
}

/* Without a "*" it is a file, which has to be there. */
static bool read_import(struct doctor *d, struct containerd_config *c,
			const struct containerd_import *import, bool answered)
{
	bool pattern = strchr(import->path, '*'), whole = true;
	struct finding *f;
	struct error err;
	char *found;
	size_t size;

	if (!pattern && far_access(import->path, F_OK) < 0) {
		if (answered)
			return true;
		f = finding_add(d, FINDING_BROKEN, ID_CONTAINERD_CONFIG,
				"containerd does not start: only a pattern with a * may match "
				"nothing",
				"%s, which %s imports, is not there", import->path,
				import->from);
		finding_advise(f, "take it out of \"imports\" in %s", import->from);
		return false;
	}
	if (!pattern)
		return read_containerd_config(d, c, import->path, answered);
	if (import->relative && !answered)
		finding_add(d, FINDING_WARNING, ID_CONTAINERD_CONFIG,
			    "older releases of containerd, as 1.6, look for such a pattern in "
			    "their working directory, newer ones beside the file: an absolute "
			    "one is the same to all",
			    "%s imports by a relative pattern: %s", import->from, import->path);
	if (far_list(import->path, list_matches, &found, &size, &err) < 0) {
		finding_unreadable(d, ID_CONTAINERD_CONFIG, &err);
		return false;
	}
	for (char *path = found; path && path < found + size; path += strlen(path) + 1)
		whole = read_containerd_config(d, c, path, answered) && whole;
	free(found);
	return whole;
}

/* What is imported may import more. False where something is not understood. */
static bool read_imports(struct doctor *d, struct containerd_config *c, bool answered)
{
	bool whole = true;

	for (size_t i = 0; i < c->imports; i++)
		whole = read_import(d, c, &c->import[i], answered) && whole;
	return whole;
}

static bool is_refused_by_containerd(const struct engine_answer *a)
{
	return a->state == ANSWER_REFUSED && engine_refuses_config(ASK_CONTAINERD, a->words);
}

/* That what follows is by the files alone, or that containerd itself complains of them. */
static void report_no_answer(struct doctor *d, const struct engine_answer *a)
{
	const char *command = engine_question_command(ASK_CONTAINERD);
	char text[ENGINE_TROUBLE_MAX];

	if (is_refused_by_containerd(a))
		finding_advise(
			finding_add(d, FINDING_BROKEN, ID_CONTAINERD_CONFIG,
				    "containerd would not start with that; what runs was "
				    "started before",
				    "%s fails: %s", command, a->words),
			"correct it, and see that %s ends without an error", command);
	else if (engine_trouble(a, ASK_CONTAINERD, text))
		finding_add(d, FINDING_NOTE, ID_CONTAINERD_CONFIG, ENGINE_FILES_ALONE, "%s",
			    text);
}

/* What it says itself of its configuration, put together; NULL where it was not to be had. */
static struct containerd_config *containerd_answer(struct doctor *d)
{
	const struct engine_answer *a = &d->answer[ASK_CONTAINERD];
	static struct containerd_config in_effect;
	struct error err;

	if (a->state != ANSWER_GIVEN) {
		report_no_answer(d, a);
		return NULL;
	}
	in_effect = (struct containerd_config){ 0 };
	if (containerd_config_parse(&in_effect, engine_question_command(ASK_CONTAINERD),
				    a->text, &err) == 0)
		return &in_effect;
	finding_unreadable(d, ID_CONTAINERD_CONFIG, &err);
	return NULL;
}

static void check_containerd_runtime(struct doctor *d, const struct containerd_config *c,
				     const struct containerd_runtime *runtime,
				     enum containerd_effect effect)
{
	char path[PATH_MAX];
	const char *program = program_path(runtime->binary, path, sizeof(path));
	size_t before;
	struct error what;
	struct finding *f;
	int r = program_check(program, &what);

	if (r < 0) {
		f = finding_add(d, FINDING_BROKEN, ID_CONTAINERD_RUNTIME,
				"no pod of that runtime can start",
				"%s, which is the runtime %s of %s", what.msg, runtime->name,
				runtime->option.file);
		program_fix(d, f, r, runtime->binary,
			    runtime->option.line ? runtime->option.file : NULL);
		return;
	}
	before = d->n;
	if (!containerd_runtime_judge(d, c, runtime, effect))
		return;
	if (d->n == before)
		finding_add(d, FINDING_OK, ID_CONTAINERD_RUNTIME, NULL,
			    "containerd's runtime %s is %s", runtime->name, program);
	d->registered.wrapper = true;
	containerd_annotations_judge(d, runtime);
}

/* What the files did not tell, but containerd does. */
static bool check_only_in_effect(struct doctor *d, const struct containerd_config *files,
				 struct containerd_config *in_effect)
{
	enum cri_plugin plugin = containerd_plugin_of(in_effect->root_version);
	bool any = false;

	for (size_t i = 0; i < in_effect->n; i++) {
		struct containerd_runtime *r = &in_effect->runtime[i];
		size_t k = 0;

		if (r->plugin != plugin || !r->binary[0] || !program_is_ours(d, r->binary))
			continue;
		while (k < files->n && (strcmp(files->runtime[k].name, r->name) != 0 ||
					strcmp(files->runtime[k].binary, r->binary) != 0))
			k++;
		if (k < files->n)
			continue;
		any = true;
		/* no file was read that could be edited */
		r->table.line = r->option.line = 0;
		check_containerd_runtime(d, in_effect, r, EFFECT_TAKEN);
	}
	return any;
}

/* A runtime of ours, in a place that can have an effect. */
static bool is_ours(const struct doctor *d, const struct containerd_config *c,
		    const struct containerd_runtime *r)
{
	return r->binary[0] && program_is_ours(d, r->binary) &&
	       !containerd_runtime_is_repeated(c, r);
}

static bool has_ours(const struct doctor *d, const struct containerd_config *c)
{
	for (size_t i = 0; c && i < c->n; i++) {
		if (is_ours(d, c, &c->runtime[i]))
			return true;
	}
	return false;
}

static bool check_containerd_runtimes(struct doctor *d, struct containerd_config *c,
				      struct containerd_config *in_effect)
{
	bool any = false;

	for (size_t i = 0; i < c->n; i++) {
		struct containerd_runtime *r = &c->runtime[i];
		enum containerd_effect effect;

		if (!is_ours(d, c, r))
			continue;
		any = true;
		effect = containerd_effect_of(in_effect, r);
		/* nothing that is put in there has an effect before the rest is corrected */
		if (is_refused_by_containerd(&d->answer[ASK_CONTAINERD]))
			r->table.line = r->typed.line = 0;
		check_containerd_runtime(d, c, r, effect);
	}
	return in_effect ? check_only_in_effect(d, c, in_effect) || any : any;
}

/* What containerd itself refuses where it was asked. */
static void report_version(struct doctor *d, const struct containerd_config *c)
{
	if (d->answer[ASK_CONTAINERD].state == ANSWER_REFUSED)
		return;
	finding_advise(finding_add(d, FINDING_BROKEN, ID_CONTAINERD_CONFIG,
				   "containerd does not start with that",
				   "%s: \"version\" in line %d is not a whole number",
				   c->odd_version.file, c->odd_version.line),
		       "let it be 2, or 3 for containerd 2.0 and later");
}

static void check_read_config(struct doctor *d, struct containerd_config *c,
			      struct containerd_config *in_effect, bool whole)
{
	const struct containerd_switched nri = containerd_nri(c, in_effect);
	enum kubelet_runtime kubelet = kubelet_runtime_of_host();
	bool any;

	if (!check_cri(d, c, in_effect, has_ours(d, c) || has_ours(d, in_effect), kubelet))
		return;
	any = check_containerd_runtimes(d, c, in_effect);
	if (in_effect ? in_effect->truncated : c->truncated || c->unread)
		finding_add(
			d, FINDING_NOTE, ID_CONTAINERD_RUNTIME,
			"one of ours among the others would not be seen",
			"containerd has more than %d runtimes%s, or one of a name that is too "
			"long: others were not looked at",
			CONTAINERD_RUNTIMES_MAX, in_effect ? "" : " or imported files");
	else if (!any && (whole || in_effect))
		report_no_containerd_runtime(d, kubelet, &nri);
}

void check_containerd(struct doctor *d)
{
	static struct containerd_config c;
	struct containerd_config *in_effect;
	size_t before;
	bool whole;

	if (!program_is_installed("containerd"))
		return;
	in_effect = containerd_answer(d);
	before = d->n;
	whole = read_containerd_config(d, &c, CONFIG_TOML, in_effect);
	whole = read_imports(d, &c, in_effect) && whole;
	if (c.odd_version.line && !in_effect)
		report_version(d, &c);
	else
		check_read_config(d, &c, in_effect, whole);
	if (is_refused_by_containerd(&d->answer[ASK_CONTAINERD]))
		findings_doubt(d, before);
}
