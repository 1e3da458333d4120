/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: what is ours on this host: config.json, the library, room for records, a runtime. */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/error.h"
#include "base/far_files.h"
#include "base/json_reader.h"
#include "base/macros.h"
#include "doctor/checks.h"
#include "doctor/host_files.h"
#include "oci/config_load.h"
#include "oci/runtime_path.h"
#include "policy/config_files.h"
#include "policy/rule_fit.h"
#include "policy/stop.h"

#define CONFIG_DIR SYSCONFDIR "/ksm-hook"

/* Files that are read later take the place of its texts. */
static bool copy_text(const char **text)
{
	if (!*text)
		return true;
	*text = strdup(*text);
	return *text != NULL;
}

static void copy_rules(struct policy_rules *rules)
{
	for (size_t i = 0; i < rules->n; i++) {
		struct policy_rule *rule = &rules->rule[i];
		bool kept = copy_text(&rule->annotation) && copy_text(&rule->match) &&
			    copy_text(&rule->foreign);

		for (size_t k = 0; k < TRUSTED_KEYS; k++)
			kept = kept && copy_text(&rule->glob[k]);
		if (!kept)
			rules->n = i;
	}
}

static void copy_config(struct policy_config *c)
{
	copy_rules(&c->allow);
	copy_rules(&c->deny);
	for (size_t i = 0; i < c->runtimes; i++) {
		c->runtime[i] = strdup(c->runtime[i]);
		if (!c->runtime[i])
			c->runtimes = i;
	}
	json_release();
}

static void report_rules(struct doctor *d)
{
	const struct policy_config *c = &d->config;
	const struct policy_rule *first = c->deny.n ? c->deny.rule : c->allow.rule;
	struct finding *f;

	if (!c->deny.n && !c->allow.n)
		return;
	f = finding_add(d, FINDING_NOTE, ID_CONFIG_RULES,
			"a container that requests merging can still be refused; its log line "
			"names the rule",
			CONFIG_PATH " has %zu \"deny\" and %zu \"allow\" rules, the first for "
				    "%s",
			c->deny.n, c->allow.n, policy_rule_subject(first));
	finding_advise(f, "see " CONFIG_PATH " and ksm-hook.conf(5) if this is not intended");
}

/* Of the files that set it the last one counts, and in it one line, as people write it. */
static void fix_containers_none(struct finding *f, const struct config_files *files)
{
	static const char key[] = "\"containers\"", none[] = "\"none\"";
	const struct config_text *last = NULL;
	struct shell_word word;
	const char *p = NULL;

	for (size_t i = 0; i < files->n; i++) {
		if (strstr(files->file[i].text, key))
			last = &files->file[i];
	}
	if (last)
		p = strstr(last->text, key) + strlen(key);
	if (p && !strstr(p, key) && strncmp(p + strspn(p, " \t:"), none, strlen(none)) == 0)
		finding_fix(f, "sed -i '/%s/s/%s/\"annotated\"/' %s", key, none,
			    shell_word(&word, last->path));
	else
		finding_advise(f, "set \"containers\" to \"annotated\"");
}

static void report_containers_none(struct doctor *d, const struct config_files *files)
{
	struct finding *f;

	if (d->config.containers != CONTAINERS_NONE)
		return;
	f = finding_add(d, FINDING_WARNING, ID_CONFIG_CONTAINERS,
			"no container is made mergeable, whatever it requests",
			CONFIG_PATH " says \"containers\": \"none\"");
	f->reason = REASON_CONTAINERS_NONE;
	fix_containers_none(f, files);
}

struct config_note {
	struct doctor *d;
	size_t warnings;
};

static void note_warning(void *arg, const struct config_problem *problem)
{
	struct config_note *note = arg;
	struct finding *f;

	/* `policy check` lists all */
	if (!problem->warning || problem->advice || note->warnings++)
		return;
	f = finding_add(note->d, FINDING_WARNING, ID_CONFIG_UNKNOWN,
			"a slip of the pen, or a key of a newer version: it has no effect here",
			"%s", problem->text);
	finding_advise(f, "ksm-hook policy check names all such keys");
}

static void check_stopped(struct doctor *d)
{
	const char *place = stop_place();
	struct finding *f;

	if (!place)
		return;
	f = finding_add(d, FINDING_BROKEN, ID_STOPPED,
			"nothing is made mergeable, whatever containers request",
			"merging is stopped on this host (%s)", place);
	f->reason = REASON_HOST_STOPPED;
	finding_fix(f, "%s stop --end", d->command);
}

static bool is_link(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

/* chown -R does not follow them, and whose what they lead to should be we do not know. */
static bool config_has_links(void)
{
	char **list = host_files_list(CONFIG_DIR "/conf.d", ".json");
	bool found =
		is_link(CONFIG_DIR) || is_link(CONFIG_PATH) || is_link(CONFIG_DIR "/conf.d");

	for (size_t i = 0; list && list[i]; i++)
		found = found || is_link(list[i]);
	host_files_free(list);
	return found;
}

static void check_config(struct doctor *d)
{
	struct config_note note = { .d = d };
	struct finding *f;
	struct error err;
	int r = config_load(CONFIG_PATH, &err);
	const struct config_files *files = config_loaded();

	if (r == 0)
		r = config_files_parse(files, &d->config, NULL, NULL, &err);
	if (r < 0) {
		d->config = (struct policy_config){ 0 };
		f = finding_add(d, FINDING_BROKEN, ID_CONFIG,
				"unless all of it can be read, no container is merged, since a "
				"rule that denies one might be lost",
				"%s", err.msg);
		f->reason = err.reason;
		if (r == -EPERM && !config_has_links())
			finding_fix(f, "chown -R root:root " CONFIG_DIR
				       " && chmod -R go-w " CONFIG_DIR);
		else
			finding_advise(f,
				       "correct it; ksm-hook policy check says whether it is "
				       "right");
		return;
	}
	finding_add(d, FINDING_OK, ID_CONFIG, NULL, "%s",
		    files->n ? CONFIG_PATH " is valid" :
			       "no " CONFIG_PATH ", so the defaults apply");
	json_release();
	(void)config_files_parse(files, &d->config, note_warning, &note, &err);
	copy_config(&d->config);
	report_containers_none(d, files);
	report_rules(d);
}

static void check_preload_library(struct doctor *d)
{
	struct error what;
	bool needed = !d->kernel.prctl || d->kernel.exec == KSM_NO ||
		      d->config.method == METHOD_PRELOAD;
	struct finding *f;
	int r = program_check(PRELOAD_LIBRARY, &what);

	/* libraries need not be executable */
	if (r == 0 || r == -EACCES) {
		finding_add(d, FINDING_OK, ID_LIBRARY, NULL, PRELOAD_LIBRARY " is there");
		return;
	}
	f = finding_add(
		d, r == -ENOENT && !needed ? FINDING_NOTE : FINDING_BROKEN, ID_LIBRARY,
		needed ? "containers become mergeable by it here" :
			 "exec sessions and method \"preload\" need it; the hooks do not",
		"%s", what.msg);
	program_fix(d, f, r, PRELOAD_LIBRARY, NULL);
}

static void check_run_space(struct doctor *d)
{
	struct statvfs s;
	struct finding *f;

	if (statvfs("/run", &s) < 0)
		return;
	if (s.f_blocks == 0 || (s.f_bavail && (s.f_files == 0 || s.f_favail))) {
		finding_add(d, FINDING_OK, ID_RUN_SPACE, NULL, "/run has free space");
		return;
	}
	f = finding_add(d, FINDING_BROKEN, ID_RUN_SPACE,
			"runtimes cannot start containers, and nothing can be stored about "
			"them",
			s.f_bavail ? "/run has no free inodes" : "/run is full");
	finding_advise(f, "find /run -xdev -type f -size +1M -exec ls -l {} + lists what is "
			  "large; remove what is not needed");
}

void check_silent_places(struct doctor *d)
{
	const char *place;

	for (size_t i = 0; (place = far_silent_place(i)) != NULL; i++) {
		struct finding *f = finding_add(
			d, FINDING_WARNING, ID_HOST_FILES,
			"what is kept there, configuration or names, is not part of this "
			"report",
			"%s: its file system does not answer", place);

		f->reason = REASON_HOST_UNREADABLE;
		finding_advise(
			f, "have its server answer, or unmount it: /proc/mounts has its line");
	}
}

void check_installation(struct doctor *d)
{
	check_stopped(d);
	check_config(d);
	check_preload_library(d);
	check_run_space(d);
}

void check_runtime(struct doctor *d)
{
	static const char *const usual[] = { "runc", "crun" };
	const char *const *names = d->config.runtimes ? d->config.runtime : usual;
	size_t n = d->config.runtimes ? d->config.runtimes : ARRAY_SIZE(usual);
	char path[PATH_MAX];
	struct finding *f;
	struct error err;

	if (!d->registered.wrapper)
		return;
	/* check_silent_places() says it */
	for (size_t i = 0; i < n; i++) {
		if (names[i][0] == '/' && far_access(names[i], F_OK) == -ETIMEDOUT)
			return;
	}
	if (runtime_find(names, n, path, &err) == 0) {
		finding_add(d, FINDING_OK, ID_RUNTIME, NULL, "the wrapper's delegate is %s",
			    path);
		return;
	}
	f = finding_add(d, FINDING_BROKEN, ID_RUNTIME,
			"no container of the wrapper's can start", "%s", err.msg);
	f->reason = err.reason;
	finding_advise(f, d->config.runtimes ? "set \"runtimes\" in " CONFIG_PATH
					       " to the path of a runtime" :
					       "install one: apt-get install runc, or dnf "
					       "install runc");
}
