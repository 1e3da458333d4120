/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: what is ours on this host: config.json, the library, room for records, a runtime. */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/error.h"
#include "base/json_reader.h"
#include "base/macros.h"
#include "doctor/checks.h"
#include "doctor/host_files.h"
#include "oci/runtime_path.h"
#include "policy/config_files.h"
#include "policy/stop.h"

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
	finding_fix(f, "see " CONFIG_PATH " and ksm-hook.conf(5) if this is not intended");
}

static void report_containers_none(struct doctor *d)
{
	struct finding *f;

	if (d->config.containers != CONTAINERS_NONE)
		return;
	f = finding_add(d, FINDING_WARNING, ID_CONFIG_CONTAINERS,
			"no container is made mergeable, whatever it requests",
			CONFIG_PATH " says \"containers\": \"none\"");
	f->reason = REASON_CONTAINERS_NONE;
	finding_fix(f, "sed -i '/\"containers\"/s/\"none\"/\"annotated\"/' " CONFIG_PATH);
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
	if (!problem->warning || note->warnings++)
		return;
	f = finding_add(note->d, FINDING_WARNING, ID_CONFIG_UNKNOWN,
			"a slip of the pen, or a key of a newer version: it has no effect here",
			"%s", problem->text);
	finding_fix(f, "ksm-hook policy check");
}

static void check_stopped(struct doctor *d)
{
	struct finding *f;

	if (!stop_is_set())
		return;
	f = finding_add(d, FINDING_BROKEN, ID_STOPPED,
			"nothing is made mergeable, whatever containers request",
			"merging is stopped on this host (" STOP_PATH ")");
	f->reason = REASON_HOST_STOPPED;
	finding_fix(f, "%s stop --end", d->command);
}

static void check_config(struct doctor *d)
{
	static struct config_files files;
	struct config_note note = { .d = d };
	struct finding *f;
	struct error err;
	int r = config_files_read(CONFIG_PATH, &files, NULL, NULL, &err);

	if (r == 0)
		r = config_files_parse(&files, &d->config, NULL, NULL, &err);
	if (r < 0) {
		d->config = (struct policy_config){ 0 };
		f = finding_add(d, FINDING_BROKEN, ID_CONFIG,
				"unless all of it can be read, no container is merged, since a "
				"rule that denies one might be lost",
				"%s", err.msg);
		f->reason = err.reason;
		if (r == -EPERM)
			finding_fix(f, "chown -R root:root " SYSCONFDIR "/ksm-hook"
				       " && chmod -R go-w " SYSCONFDIR "/ksm-hook");
		else if (r == -EINVAL && files.n == 1 &&
			 strcmp(files.file[0].path, CONFIG_PATH) == 0)
			finding_fix(f, "${EDITOR:-vi} " CONFIG_PATH);
		else
			finding_fix(f, "ksm-hook policy check; correct the files it names");
		return;
	}
	finding_add(d, FINDING_OK, ID_CONFIG, NULL, "%s",
		    files.n ? CONFIG_PATH " is valid" :
			      "no " CONFIG_PATH ", so the defaults apply");
	json_release();
	(void)config_files_parse(&files, &d->config, note_warning, &note, &err);
	copy_config(&d->config);
	report_containers_none(d);
	report_rules(d);
}

static void check_preload_library(struct doctor *d)
{
	struct error what, fix;
	bool needed = !d->kernel.prctl || d->kernel.exec == KSM_NO ||
		      d->config.method == METHOD_PRELOAD;
	struct finding *f;
	int r = program_check(PRELOAD_LIBRARY, &what, &fix);

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
	finding_fix(f, "%s", fix.msg);
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
	finding_fix(f, "find /run -xdev -type f -size +1M -exec ls -l {} +; remove what is not "
		       "needed");
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
	if (runtime_find(names, n, path, &err) == 0) {
		finding_add(d, FINDING_OK, ID_RUNTIME, NULL, "the wrapper's delegate is %s",
			    path);
		return;
	}
	f = finding_add(d, FINDING_BROKEN, ID_RUNTIME,
			"no container of the wrapper's can start", "%s", err.msg);
	f->reason = err.reason;
	finding_fix(f, d->config.runtimes ? "set \"runtimes\" in " CONFIG_PATH
					    " to the path of a runtime" :
					    "apt-get install runc || dnf install runc");
}
