/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: does Docker have the runtime wrapper, and is that there? */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/far_files.h"
#include "base/macros.h"
#include "doctor/checks.h"
#include "doctor/docker_config.h"
#include "doctor/host_files.h"
#include "oci/daemon_json.h"

#define DAEMON_JSON "/etc/docker/daemon.json"

/* The file of the daemon that is meant, and the option for those that manage its service. */
static char daemon_json[PATH_MAX] = DAEMON_JSON;
static const char *manager = "";

/* Who is not root, and runs a rootless daemon, is told of that one. */
static void find_daemon_json(void)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	char path[PATH_MAX], socket[64];
	int n;

	snprintf(socket, sizeof(socket), "/run/user/%u/docker.sock", geteuid());
	if (config && config[0] == '/')
		n = snprintf(path, sizeof(path), "%s/docker/daemon.json", config);
	else
		n = snprintf(path, sizeof(path), "%s/.config/docker/daemon.json",
			     home ? home : "");
	if (geteuid() == 0 || n >= (int)sizeof(path) ||
	    (far_access(socket, F_OK) < 0 && far_access(path, F_OK) < 0))
		return;
	memcpy(daemon_json, path, (size_t)n + 1);
	manager = " --user";
}

static void check_docker_runtime(struct doctor *d, const struct docker_runtime *runtime)
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
			daemon_json);
		program_fix(d, f, r, named, daemon_json);
		return;
	}
	d->registered.wrapper = true;
	if (runtime->path)
		finding_add(d, FINDING_OK, ID_DOCKER_RUNTIME, NULL,
			    "Docker has the runtime %s, which is %s", runtime->name, program);
	else
		finding_add(d, FINDING_NOTE, ID_DOCKER_RUNTIME,
			    "Docker before 23.0 does not know \"runtimeType\", and starts no "
			    "container of that runtime",
			    "Docker has the runtime %s, which is %s by its options",
			    runtime->name, program);
}

/* False where dockerd does not start with it. */
static bool check_daemon_json(struct doctor *d, const struct docker_config *c)
{
	struct finding *f;
	struct error err;

	if (docker_config_check(c, daemon_json, &err) == 0)
		return true;
	f = finding_add(
		d, FINDING_BROKEN, ID_DOCKER_CONFIG,
		"dockerd does not start with that; where one before 23.0 does, containers "
		"of the runtime do not",
		"%s", err.msg);
	finding_advise(f, "correct it: ${EDITOR:-vi} %s", daemon_json);
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
	struct shell_word file;
	struct finding *f;

	f = finding_add(d, FINDING_WARNING, ID_DOCKER_RUNTIME,
			"Docker calls no hooks, so its containers become mergeable by the "
			"runtime wrapper, by attach, or not at all",
			"Docker is installed, and %s does not name the runtime wrapper",
			daemon_json);
	if (has_runtime(c, DAEMON_RUNTIME))
		finding_advise(f, "its runtime " DAEMON_RUNTIME " is another program: give the "
				  "wrapper another name there");
	else if (access(WRAPPER_PATH, X_OK) < 0)
		finding_advise(f, "install ksm-hook again, so that " WRAPPER_PATH " is there");
	else
		finding_fix(f, "%s docker-register add%s%s && systemctl%s reload docker",
			    d->command, manager[0] ? " " : "",
			    manager[0] ? shell_word(&file, daemon_json) : "", manager);
}

void check_docker(struct doctor *d)
{
	static struct docker_config c;
	char *text __cleanup(host_file_free) = NULL;
	struct finding *f;
	struct error err;
	bool any = false;
	ssize_t n;

	if (!program_is_installed("dockerd"))
		return;
	find_daemon_json();
	n = host_file_read(daemon_json, &text, &err);
	if (n < 0 && n != -ENOENT) {
		finding_unreadable(d, ID_DOCKER_CONFIG, &err);
		return;
	}
	if (n > 0 && docker_config_parse(&c, daemon_json, text, (size_t)n, &err) < 0) {
		f = finding_add(d, FINDING_BROKEN, ID_DOCKER_CONFIG,
				"dockerd does not start while it cannot read daemon.json", "%s",
				err.msg);
		finding_advise(f, "correct it: ${EDITOR:-vi} %s", daemon_json);
		return;
	}
	if (!check_daemon_json(d, &c))
		return;
	for (size_t i = 0; i < c.n; i++) {
		const char *program = docker_runtime_program(&c.runtime[i]);

		if (!program || !program_is_ours(d, program))
			continue;
		any = true;
		check_docker_runtime(d, &c.runtime[i]);
	}
	if (!any && c.n < DOCKER_RUNTIMES_MAX)
		report_no_docker_runtime(d, &c);
	else if (!any)
		finding_add(d, FINDING_NOTE, ID_DOCKER_RUNTIME,
			    "one of ours among the others would not be seen",
			    "%s has %d runtimes, or more: others were not looked at",
			    daemon_json, DOCKER_RUNTIMES_MAX);
}
