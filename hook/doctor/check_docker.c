/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: is Docker told of the runtime wrapper, and is that there? */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json_reader.h"
#include "base/macros.h"
#include "doctor/findings.h"

#define DAEMON_JSON "/etc/docker/daemon.json"

struct daemon {
	struct doctor *d;
	bool any;
};

static int visit(void *arg, const struct json_path *p, const struct json_value *v,
		 struct error *err)
{
	struct daemon *daemon = arg;
	struct error what, fix;
	struct finding *f;
	int r;

	(void)err;
	/* runtimes, the name that it is chosen by, path; a "*" would be an array's element */
	if (v->type != JSON_STRING || p->depth != 3 || !p->key[0] || !p->key[1] || !p->key[2] ||
	    strcmp(p->key[0], "runtimes") != 0 || strcmp(p->key[2], "path") != 0 ||
	    !check_is_ours(daemon->d, v->text))
		return 0;
	daemon->any = true;
	r = check_program(v->text, &what, &fix);
	if (r == 0) {
		check_add(daemon->d, CHECK_OK, "docker-runtime", NULL,
			  "Docker has the runtime %s, which is %s", p->key[1], v->text);
		daemon->d->registered.wrapper = true;
		return 0;
	}
	f = check_add(daemon->d, CHECK_BROKEN, "docker-runtime",
		      "containers of that runtime cannot start; others are not affected",
		      "%s, which is the runtime %s of " DAEMON_JSON, what.msg, p->key[1]);
	check_fix_program(daemon->d, f, r, DAEMON_JSON, v->text, &fix);
	return 0;
}

/* Installed with us, wherever that is; false where it is not. */
static bool find_register(const struct doctor *d, char *out, size_t size)
{
	static const char file[] = "share/ksm-hook/docker-register";
	const char *slash = strrchr(d->self, '/');
	int bin = slash ? (int)(slash - d->self) : 0;

	snprintf(out, size, "%.*s/../%s", bin, d->self, file);
	if (access(out, X_OK) == 0)
		return true;
	snprintf(out, size, "/usr/%s", file);
	if (access(out, X_OK) == 0)
		return true;
	snprintf(out, size, "/usr/local/%s", file);
	return access(out, X_OK) == 0;
}

static void not_registered(struct doctor *d)
{
	char tool[PATH_MAX + 64];
	struct finding *f;

	f = check_add(d, CHECK_WARNING, "docker-runtime",
		      "Docker calls no hooks: its containers become mergeable by the runtime "
		      "wrapper, by attach, or not at all",
		      "Docker is installed, and " DAEMON_JSON " has no runtime of ours");
	if (find_register(d, tool, sizeof(tool)))
		check_fix(f, "%s add && systemctl reload docker", tool);
	else
		check_fix(f, "make install-docker && systemctl reload docker");
}

void check_docker(struct doctor *d)
{
	struct daemon daemon = { .d = d };
	char *text __cleanup(check_free) = NULL;
	struct finding *f;
	struct error err;
	ssize_t n;

	if (!check_installed("dockerd"))
		return;
	n = check_read(DAEMON_JSON, &text, &err);
	if (n < 0 && n != -ENOENT) {
		check_unreadable(d, "docker-config", &err);
		return;
	}
	json_release();
	if (n > 0 && json_walk(DAEMON_JSON, text, (size_t)n, false, visit, &daemon, &err) < 0) {
		f = check_add(d, CHECK_BROKEN, "docker-config",
			      "dockerd does not start with a daemon.json that it cannot read",
			      "%s", err.msg);
		check_fix(f, "${EDITOR:-vi} " DAEMON_JSON);
		return;
	}
	if (!daemon.any)
		not_registered(d);
}
