/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: does Docker have the runtime wrapper, and is that there? */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/macros.h"
#include "base/reason.h"
#include "doctor/checks.h"
#include "doctor/docker_config.h"
#include "doctor/docker_daemon.h"
#include "doctor/engine_answer.h"
#include "doctor/host_files.h"
#include "oci/daemon_json.h"

/* Read again what changed, without a stop of what runs. */
static void fix_by_reload(struct doctor *d, struct finding *f)
{
	char reload[DOCKER_RELOAD_MAX];

	finding_fix(f, "%s", docker_reload_command(d->docker, reload));
}

/* It is there, in the file: is it what dockerd starts? False where it is not. */
static bool check_loaded(struct doctor *d, const struct docker_config *c,
			 const struct docker_runtime *runtime,
			 const struct docker_loaded *loaded)
{
	size_t at = docker_loaded_find(loaded, runtime->name);
	const char *path = at < loaded->n ? loaded->runtime[at].path : "";
	struct finding *f;

	if (at == loaded->n && !loaded->truncated) {
		f = finding_add(
			d, FINDING_BROKEN, ID_DOCKER_RUNTIME,
			"containers of that runtime cannot start; others are not affected",
			"dockerd (process %d) has not loaded the runtime %s, which %s has",
			d->docker->pid, runtime->name, d->docker->file);
	} else if (path[0] && runtime->path && strcmp(path, runtime->path) != 0) {
		f = finding_add(
			d, FINDING_WARNING, ID_DOCKER_RUNTIME,
			"containers of that runtime are started by the program of before",
			"dockerd (process %d) has loaded %s as the runtime %s, for which %s "
			"has %s",
			d->docker->pid, path, runtime->name, d->docker->file, runtime->path);
	} else if (c->default_runtime && strcmp(c->default_runtime, runtime->name) == 0 &&
		   loaded->default_runtime[0] &&
		   strcmp(loaded->default_runtime, runtime->name) != 0) {
		f = finding_add(
			d, FINDING_WARNING, ID_DOCKER_RUNTIME,
			"containers that name no runtime are started by that",
			"dockerd (process %d) has loaded %s as its default runtime, for "
			"which %s has %s",
			d->docker->pid, loaded->default_runtime, d->docker->file,
			runtime->name);
	} else {
		return true;
	}
	f->reason = REASON_HOST_NOT_RELOADED;
	fix_by_reload(d, f);
	return false;
}

/* loaded is NULL where it is not known. */
static void check_docker_runtime(struct doctor *d, const struct docker_config *c,
				 const struct docker_runtime *runtime,
				 const struct docker_loaded *loaded)
{
	const char *named = docker_runtime_program(runtime), *program;
	char path[PATH_MAX];
	struct error what;
	struct finding *f;
	int r;

	program = program_path(named, path, sizeof(path));
	r = program_check(program, &what);
	if (r < 0) {
		f = finding_add(
			d, FINDING_BROKEN, ID_DOCKER_RUNTIME,
			"containers of that runtime cannot start; others are not affected",
			"%s, which is the runtime %s of %s", what.msg, runtime->name,
			d->docker->file);
		program_fix(d, f, r, named, d->docker->file);
		return;
	}
	d->registered.wrapper = true;
	if (loaded && !check_loaded(d, c, runtime, loaded))
		return;
	/* one that can be asked is of 23.0 or later */
	if (runtime->path || d->answer[ASK_DOCKERD].state == ANSWER_GIVEN)
		finding_add(d, FINDING_OK, ID_DOCKER_RUNTIME, NULL,
			    "Docker has the runtime %s, which is %s", runtime->name, program);
	else
		finding_add(d, FINDING_NOTE, ID_DOCKER_RUNTIME,
			    "Docker before 23.0 does not know \"runtimeType\", and starts no "
			    "container of that runtime",
			    "Docker has the runtime %s, which is %s by its options",
			    runtime->name, program);
}

/* How dockerd itself judges the file; one that it refuses is broken, whatever we make of it. */
static enum docker_judged ask_dockerd(struct doctor *d, bool *refused)
{
	const struct engine_answer *a = &d->answer[ASK_DOCKERD];
	char text[ENGINE_TROUBLE_MAX];
	struct finding *f;

	if (a->state == ANSWER_GIVEN)
		return DOCKER_ASKED;
	if (a->state == ANSWER_REFUSED && engine_lacks_command(a->words))
		return DOCKER_BEFORE_23;
	*refused = a->state == ANSWER_REFUSED && engine_refuses_config(ASK_DOCKERD, a->words);
	if (*refused) {
		f = finding_add(d, FINDING_BROKEN, ID_DOCKER_CONFIG,
				"dockerd does not start with that", "%s fails: %s",
				engine_question_command(ASK_DOCKERD), a->words);
		finding_advise(f, "correct it: ${EDITOR:-vi} %s", d->docker->file);
	} else if (engine_trouble(a, ASK_DOCKERD, text)) {
		finding_add(d, FINDING_NOTE, ID_DOCKER_CONFIG,
			    "what follows is by our rules, not by dockerd's", "%s", text);
	}
	return DOCKER_UNASKED;
}

/* False where dockerd does not start with it. */
static bool check_daemon_json(struct doctor *d, const struct docker_config *c,
			      enum docker_judged judged)
{
	struct finding *f;
	struct error err;
	int r = docker_config_check(c, d->docker->file, judged, &err);

	if (r != 0) {
		f = finding_add(d, r < 0 ? FINDING_BROKEN : FINDING_WARNING, ID_DOCKER_CONFIG,
				r < 0 ? "dockerd does not start with that; where one before "
					"23.0 does, containers of the runtime do not" :
					"dockerd does not start with that, unless it is newer "
					"than the releases that we know, up to 29",
				"%s", err.msg);
		finding_advise(f, "correct it: ${EDITOR:-vi} %s", d->docker->file);
		return r > 0;
	}
	/* each is well by itself (findConfigurationConflicts() of daemon/config) */
	if (!c->hosts || !d->docker->args.hosts)
		return true;
	f = finding_add(d, FINDING_BROKEN, ID_DOCKER_CONFIG,
			"dockerd does not start again with the option and the file",
			"dockerd (process %d) has the option -H, and %s has \"hosts\" too",
			d->docker->pid, d->docker->file);
	finding_advise(f, "take one of the two away");
	return false;
}

/* docker-register's default. */
#define WRAPPER_PATH SBINDIR "/" DAEMON_RUNTIME

static bool has_runtime(const struct docker_config *c, const char *name)
{
	for (size_t i = 0; i < c->n; i++) {
		if (strcmp(c->runtime[i].name, name) == 0)
			return true;
	}
	return false;
}

static void report_no_docker_runtime(struct doctor *d, const struct docker_config *c)
{
	bool usual = strcmp(d->docker->file, DOCKER_DAEMON_JSON) == 0;
	char reload[DOCKER_RELOAD_MAX];
	struct shell_word file;
	struct finding *f;

	f = finding_add(d, FINDING_WARNING, ID_DOCKER_RUNTIME,
			"Docker calls no hooks, so its containers become mergeable by the "
			"runtime wrapper, by attach, or not at all",
			"Docker is installed, and %s does not name the runtime wrapper",
			d->docker->file);
	docker_reload_command(d->docker, reload);
	if (has_runtime(c, DAEMON_RUNTIME))
		finding_advise(f, "its runtime " DAEMON_RUNTIME " is another program: give the "
				  "wrapper another name there");
	else if (access(WRAPPER_PATH, X_OK) < 0)
		finding_advise(f, "install ksm-hook again, so that " WRAPPER_PATH " is there");
	else
		finding_fix(f, "%s docker-register add%s%s%s%s", d->command, usual ? "" : " ",
			    usual ? "" : shell_word(&file, d->docker->file),
			    reload[0] ? " && " : "", reload);
}

/* NULL where it is not known, as a note says, or no dockerd runs. */
static const struct docker_loaded *find_loaded(struct doctor *d)
{
	static struct docker_loaded loaded;
	struct error err;
	int r = docker_daemon_loaded(d->docker, &loaded, &err);

	if (r == 0)
		return &loaded;
	if (r != -ENODATA)
		finding_add(
			d, FINDING_NOTE, ID_DOCKER_RUNTIME,
			"whether it has read daemon.json since that was changed is not known",
			"dockerd (process %d) does not say at %s what it has loaded: %s",
			d->docker->pid, d->docker->socket, err.msg);
	return NULL;
}

/* Those of options of its command line, which no file has. */
static bool check_added_runtimes(struct doctor *d, const struct docker_config *c,
				 const struct docker_loaded *loaded)
{
	bool any = false;

	for (size_t i = 0; d->docker->args.runtimes && i < loaded->n; i++) {
		const struct docker_runtime runtime = { .name = loaded->runtime[i].name,
							.path = loaded->runtime[i].path };
		size_t k = 0;

		while (k < c->n && strcmp(c->runtime[k].name, runtime.name) != 0)
			k++;
		if (k < c->n || !program_is_ours(d, runtime.path))
			continue;
		any = true;
		check_docker_runtime(d, c, &runtime, loaded);
	}
	return any;
}

/* Those of the file, and of the dockerd that runs. */
static void check_docker_runtimes(struct doctor *d, const struct docker_config *c)
{
	const struct docker_loaded *loaded = find_loaded(d);
	bool any = false;

	for (size_t i = 0; i < c->n; i++) {
		const char *program = docker_runtime_program(&c->runtime[i]);

		if (!program || !program_is_ours(d, program))
			continue;
		any = true;
		check_docker_runtime(d, c, &c->runtime[i], loaded);
	}
	if (loaded)
		any = check_added_runtimes(d, c, loaded) || any;
	if (!any && c->n < DOCKER_RUNTIMES_MAX)
		report_no_docker_runtime(d, c);
	else if (!any)
		finding_add(d, FINDING_NOTE, ID_DOCKER_RUNTIME,
			    "one of ours among the others would not be seen",
			    "%s has %d runtimes, or more: others were not looked at",
			    d->docker->file, DOCKER_RUNTIMES_MAX);
}

void check_docker(struct doctor *d)
{
	static struct docker_config c;
	char *text __cleanup(host_file_free) = NULL;
	enum docker_judged judged;
	bool refused = false;
	struct finding *f;
	struct error err;
	ssize_t n;

	if (!program_is_installed("dockerd"))
		return;
	n = host_file_read(d->docker->file, &text, &err);
	if (n < 0 && n != -ENOENT) {
		finding_unreadable(d, ID_DOCKER_CONFIG, &err);
		return;
	}
	judged = ask_dockerd(d, &refused);
	if (refused)
		return;
	if (n > 0 && docker_config_parse(&c, d->docker->file, text, (size_t)n, &err) < 0) {
		/* UTF-16, which 23.0 and later read, say */
		if (judged == DOCKER_ASKED) {
			finding_unreadable(d, ID_DOCKER_CONFIG, &err);
			return;
		}
		f = finding_add(d, FINDING_BROKEN, ID_DOCKER_CONFIG,
				"dockerd does not start while it cannot read daemon.json", "%s",
				err.msg);
		finding_advise(f, "correct it: ${EDITOR:-vi} %s", d->docker->file);
		return;
	}
	if (check_daemon_json(d, &c, judged))
		check_docker_runtimes(d, &c);
}
