/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: what is ours on this host: config.json, the library, a place for records, a runtime. */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/error.h"
#include "base/json_reader.h"
#include "base/macros.h"
#include "doctor/findings.h"
#include "oci/runtime_path.h"
#include "policy/config.h"

/* Files that are read later take the place of its texts. */
static void keep_rules(struct policy_rules *rules)
{
	for (size_t i = 0; i < rules->n; i++) {
		rules->rule[i].annotation = strdup(rules->rule[i].annotation);
		rules->rule[i].match = strdup(rules->rule[i].match);
		if (!rules->rule[i].annotation || !rules->rule[i].match)
			rules->n = i;
	}
}

static void keep(struct policy_config *c)
{
	keep_rules(&c->allow);
	keep_rules(&c->deny);
	for (size_t i = 0; i < c->runtimes; i++) {
		c->runtime[i] = strdup(c->runtime[i]);
		if (!c->runtime[i])
			c->runtimes = i;
	}
	json_release();
}

static void rules(struct doctor *d)
{
	const struct policy_config *c = &d->config;
	const struct policy_rule *first = c->deny.n ? c->deny.rule : c->allow.rule;
	struct finding *f;

	if (!c->deny.n && !c->allow.n)
		return;
	f = check_add(
		d, CHECK_NOTE, "config-rules",
		"a container that asks can still be left alone; its log line says by which "
		"rule",
		"config.json has %zu \"deny\" and %zu \"allow\" rules, as for %s=%s", c->deny.n,
		c->allow.n, first->annotation, first->match);
	check_fix(f, "see " CONFIG_PATH " and ksm-hook.conf(5), if that is not meant");
}

static void none(struct doctor *d)
{
	struct finding *f;

	if (d->config.containers != CONTAINERS_NONE)
		return;
	f = check_add(d, CHECK_WARNING, "config-containers",
		      "no container is made mergeable, whatever it asks for",
		      "config.json says \"containers\": \"none\"");
	check_fix(f, "sed -i '/\"containers\"/s/\"none\"/\"annotated\"/' " CONFIG_PATH);
}

void check_config(struct doctor *d)
{
	static char text[CONFIG_MAX + 1];
	struct finding *f;
	struct error err;
	ssize_t n = config_read(CONFIG_PATH, text, &err);

	if (n < 0 || config_parse(CONFIG_PATH, text, (size_t)n, &d->config, &err) < 0) {
		d->config = (struct policy_config){ 0 };
		f = check_add(
			d, CHECK_BROKEN, "config",
			"while it cannot be read as a whole, no container is merged: a rule "
			"that denies one might be lost",
			"%s", err.msg);
		if (n == -EPERM)
			check_fix(f,
				  "chown root:root " CONFIG_PATH " && chmod 644 " CONFIG_PATH);
		else
			check_fix(f, "${EDITOR:-vi} " CONFIG_PATH);
		return;
	}
	check_add(d, CHECK_OK, "config", NULL, "%s",
		  n ? CONFIG_PATH " is as it should be" :
		      "no " CONFIG_PATH ": the defaults hold");
	keep(&d->config);
	none(d);
	rules(d);
}

static void library(struct doctor *d)
{
	struct error what, fix;
	bool needed = !d->kernel.prctl || d->kernel.exec == KSM_NO ||
		      d->config.method == METHOD_PRELOAD;
	struct finding *f;
	int r = check_program(PRELOAD_LIBRARY, &what, &fix);

	/* libraries need no run bit */
	if (r == 0 || r == -EACCES) {
		check_add(d, CHECK_OK, "library", NULL, PRELOAD_LIBRARY " is there");
		return;
	}
	f = check_add(d, r == -ENOENT && !needed ? CHECK_NOTE : CHECK_BROKEN, "library",
		      needed ? "containers are to be marked by it here" :
			       "exec sessions and method \"preload\" need it; the hooks do not",
		      "%s", what.msg);
	check_fix(f, "%s", fix.msg);
}

static void run_space(struct doctor *d)
{
	struct statvfs s;
	struct finding *f;

	if (statvfs("/run", &s) < 0)
		return;
	if (s.f_blocks == 0 || (s.f_bavail && (s.f_files == 0 || s.f_favail))) {
		check_add(d, CHECK_OK, "run-space", NULL, "/run has room");
		return;
	}
	f = check_add(
		d, CHECK_BROKEN, "run-space",
		"runtimes cannot start containers, and what is remembered of them is lost",
		s.f_bavail ? "/run has no inode left" : "/run is full");
	check_fix(f, "find /run -xdev -type f -size +1M -exec ls -l {} +; remove what is not "
		     "needed");
}

void check_host(struct doctor *d)
{
	library(d);
	run_space(d);
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
	if (real_find(names, n, path, &err) == 0) {
		check_add(d, CHECK_OK, "runtime", NULL, "the wrapper becomes %s", path);
		return;
	}
	f = check_add(d, CHECK_BROKEN, "runtime", "no container of the wrapper's can start",
		      "%s", err.msg);
	check_fix(f, d->config.runtimes ? "set \"runtimes\" in " CONFIG_PATH
					  " to the path of a runtime" :
					  "apt-get install runc || dnf install runc");
}
