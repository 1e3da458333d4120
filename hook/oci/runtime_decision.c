/* SPDX-License-Identifier: Apache-2.0 */
/* What the runtime wrapper decides before it becomes the runtime that it stands in front of. */
#include "oci/runtime_decision.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/io.h"
#include "base/json_reader.h"
#include "base/macros.h"
#include "base/text.h"
#include "kernel/ksm.h"

#define PARSE_TIMEOUT_MS 3000

/* runc: init_process_pid in state.json (libcontainer's State); crun: pid in status */
static int visit_pid(void *arg, const struct json_path *path, const struct json_value *v,
		     struct error *err)
{
	pid_t *pid = arg;
	int64_t n;

	(void)err;
	if ((json_path_is(path, "init_process_pid", NULL) || json_path_is(path, "pid", NULL)) &&
	    v->type == JSON_NUMBER && parse_int(v->text, v->len, 1, INT_MAX, &n) == 0)
		*pid = (pid_t)n;
	return 0;
}

/* In the sandbox: what the runtime wrote down of a container that runs. */
static int read_init_pid(const struct decision_request *request,
			 const struct policy_config *policy, struct container_decision *out,
			 struct error *err)
{
	(void)policy;
	return json_scan("state", request->text, request->len, visit_pid, NULL, &out->pid, err);
}

/* 0, -ENOENT without a message */
static int map_text(int dir, const char *path, struct runtime_decision *out, struct error *err)
{
	/* mapped, not static: the other commands have no use for it */
	static char *text;
	ssize_t n;

	if (!text)
		text = mmap(NULL, JSON_SCAN_MAX + 1, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (text == MAP_FAILED) {
		text = NULL;
		return err_errno(err, errno, "memory for %u bytes", JSON_SCAN_MAX);
	}
	n = read_regular_file(dir, path, FILE_UNTRUSTED | FILE_SYMLINK, text, JSON_SCAN_MAX,
			      err);
	if (n == -ENOENT || n == -ENOTDIR)
		return -ENOENT;
	if (n < 0)
		return err_reason(err, REASON_SPEC_UNREADABLE, (int)n);
	out->text = text;
	out->len = (size_t)n;
	return 0;
}

static int read_bundle(const struct runtime_request *request, struct runtime_decision *out,
		       struct error *err)
{
	const char *dir = request->facts.bundle ? request->facts.bundle : ".";
	__cleanup(close_fd) int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) /* the runtime will say so */
		return -ENOENT;
	/* engines give it absolute, and realpath() would be paid by all */
	if (dir[0] == '/')
		snprintf(out->bundle, sizeof(out->bundle), "%s", dir);
	else if (!realpath(dir, out->bundle))
		out->bundle[0] = '\0';
	/* crun enters the bundle before it opens what --config names */
	return map_text(fd, request->facts.config ? request->facts.config : "config.json", out,
			err);
}

static int read_state_in(const struct runtime_request *request, const char *root,
			 struct runtime_decision *out, struct error *err)
{
	static const char *const names[] = { "state.json", "status" };
	char path[PATH_MAX];
	int r = -ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(names) && r == -ENOENT; i++) {
		if (snprintf(path, sizeof(path), "%s/%s/%s", root, request->facts.id,
			     names[i]) < (int)sizeof(path))
			r = map_text(AT_FDCWD, path, out, err);
	}
	return r;
}

/* Where the runtimes keep it if --root does not say. */
static int read_runtime_state(const struct runtime_request *request,
			      struct runtime_decision *out, struct error *err)
{
	static const char *const runtimes[] = { "runc", "crun" };
	const char *dirs[] = { getenv("XDG_RUNTIME_DIR"), "/run" };
	const char *id = request->facts.id;
	char root[PATH_MAX];
	int r = -ENOENT;

	if (!id || strchr(id, '/') || id[0] == '.')
		return -ENOENT;
	if (request->facts.root)
		return read_state_in(request, request->facts.root, out, err);
	for (size_t i = 0; i < ARRAY_SIZE(dirs) * ARRAY_SIZE(runtimes) && r == -ENOENT; i++) {
		const char *runtime = runtimes[i % 2], *dir = dirs[i / 2];

		if (!dir || !*dir ||
		    (request->runtime && strcmp(runtime, request->runtime) != 0))
			continue;
		if (snprintf(root, sizeof(root), "%s/%s", dir, runtime) < (int)sizeof(root))
			r = read_state_in(request, root, out, err);
	}
	return r;
}

/* Opted in by name, and nothing that could change that or would be written down. */
static bool is_plain(const struct runtime_request *request, const struct runtime_decision *d)
{
	return request->by_name && decision_config_is_empty(request->config_path) &&
	       !metadata_may_name(d->text, d->len) && !decision_may_request(d->text, d->len) &&
	       !memmem(d->text, d->len, ANNOTATION_PREFIX, strlen(ANNOTATION_PREFIX));
}

/* An exec session is what its container is, so that nothing has to be decided twice. */
static void decide_session(const struct runtime_request *request, struct container_decision *c)
{
	bool seen;
	enum ksm_flag flag = c->pid > 0 ? ksm_process_flag(c->pid, &seen) : KSM_UNKNOWN;
	const char *text = "whether its container is mergeable is not known";

	c->decision = (struct decision){ .reason = REASON_SESSION_UNKNOWN };
	if (flag == KSM_YES) {
		c->decision.reason = REASON_SESSION_MERGEABLE;
		text = "its container is mergeable";
	} else if (flag == KSM_NO) {
		c->decision.reason = REASON_SESSION_NOT_MERGEABLE;
		text = "its container is not mergeable";
	}
	c->decision.merge = flag == KSM_YES || (flag == KSM_UNKNOWN && request->by_name);
	snprintf(c->decision.text, sizeof(c->decision.text), "%s", text);
}

static void decide_exec(const struct runtime_request *request, struct runtime_decision *out)
{
	static const struct policy_config nothing;
	struct error err;

	if (read_runtime_state(request, out, &err) == 0) {
		const struct decision_request state = { .config_path = request->config_path,
							.policy = &nothing,
							.text = out->text,
							.len = out->len,
							.reader = read_init_pid,
							.timeout_ms = PARSE_TIMEOUT_MS };

		(void)decision_make(&state, &out->c, &err);
	}
	decide_session(request, &out->c);
}

static int decide_spec(const struct runtime_request *request, const struct error *unread,
		       struct runtime_decision *out, struct error *err)
{
	const struct decision_request spec = {
		.config_path = request->config_path,
		.text = out->text ? out->text : "",
		.len = out->len,
		.unread = unread,
		.reader = out->text ? decision_read_spec : NULL,
		.bundle = out->bundle,
		.id = request->facts.id,
		.requests = request->by_name,
		.by_runtime = request->by_name,
		.timeout_ms = PARSE_TIMEOUT_MS,
	};
	int r = decision_make(&spec, &out->c, err);

	out->has_spec = r == 0 && out->c.decision.reason != REASON_NONE;
	return r;
}

static int decide_create(const struct runtime_request *request, struct runtime_decision *out,
			 struct error *err)
{
	static const struct policy_config opted_in = { .by_runtime = true };
	struct error unread = { "" };
	int r = read_bundle(request, out, &unread);

	if (r == -ENOENT) /* the runtime has the better message */
		return 0;
	if (r == 0 && is_plain(request, out)) {
		policy_decide(&opted_in, &(struct policy_subject){ 0 }, &out->c.decision);
		return 0;
	}
	return decide_spec(request, &unread, out, err);
}

int runtime_read_spec(const struct runtime_request *request, struct runtime_decision *out,
		      struct error *err)
{
	return out->has_spec ? 0 : decide_spec(request, NULL, out, err);
}

/* Where the runtime is; for what is no start of a container, how much is to be logged, too. */
static bool needs_settings(const struct runtime_request *request)
{
	return decision_config_mentions(request->config_path, "\"runtimes\"") ||
	       (request->facts.command == ARGV_EXEC &&
		decision_config_mentions(request->config_path, "\"log\""));
}

int runtime_decide(const struct runtime_request *request, struct runtime_decision *out,
		   struct error *err)
{
	struct error ignored;

	*out = (struct runtime_decision){ 0 };
	if (needs_settings(request))
		(void)decision_settings(request->config_path, &out->settings, &ignored);
	out->layouts = decision_config_mentions(request->config_path, "shared_layout");
	switch (request->facts.command) {
	case ARGV_CREATE:
	case ARGV_RESTORE:
		return decide_create(request, out, err);
	case ARGV_EXEC:
		decide_exec(request, out);
		break;
	case ARGV_DELETE:
	case ARGV_OTHER:
		break;
	}
	return 0;
}
