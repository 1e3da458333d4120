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
#include "kernel/ksm.h"

#define PARSE_TIMEOUT_MS 1000

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
	return map_text(request->facts.config ? AT_FDCWD : fd,
			request->facts.config ? request->facts.config : "config.json", out,
			err);
}

/* Opted in by name, and nothing that could change that or would be written down. */
static bool is_plain(const struct runtime_request *request, const struct runtime_decision *d)
{
	return request->by_name && decision_config_is_empty(request->config_path) &&
	       !metadata_may_name(d->text, d->len) && !decision_may_request(d->text, d->len) &&
	       !memmem(d->text, d->len, ANNOTATION_PREFIX, strlen(ANNOTATION_PREFIX));
}

/*
 * An exec session is what its container is, so that nothing has to be decided twice. The init
 * is asked, and what it says counts if it was there all the while.
 */
static void decide_session(const struct runtime_request *request, struct runtime_decision *out)
{
	struct decision *d = &out->c.decision;
	struct error err;
	bool seen;
	enum ksm_flag flag = KSM_UNKNOWN;

	*d = (struct decision){ .reason = REASON_SESSION_UNKNOWN };
	if (session_find_init(&request->facts, request->runtime, &out->init, &err) == 0) {
		flag = ksm_process_flag(out->init.pid, &seen);
		if (!session_init_lives(&out->init)) {
			flag = KSM_UNKNOWN;
			(void)err_set(&err, ESRCH, "it has ended");
		} else if (flag == KSM_UNKNOWN) {
			(void)err_set(&err, ENODATA, "the kernel does not say");
		}
	}
	if (flag == KSM_UNKNOWN)
		snprintf(d->text, sizeof(d->text),
			 "whether its container is mergeable is not known: %.*s",
			 (int)sizeof(d->text) / 2, err.msg);
	else if (flag == KSM_YES)
		snprintf(d->text, sizeof(d->text), "its container is mergeable");
	else
		snprintf(d->text, sizeof(d->text), "its container is not mergeable");
	if (flag != KSM_UNKNOWN)
		d->reason = flag == KSM_YES ? REASON_SESSION_MERGEABLE :
					      REASON_SESSION_NOT_MERGEABLE;
	d->merge = flag == KSM_YES || (flag == KSM_UNKNOWN && request->by_name);
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
	struct error unread;
	int r = read_bundle(request, out, &unread);

	if (r == -ENOENT) /* the runtime has the better message */
		return 0;
	if (r == 0 && is_plain(request, out)) {
		policy_decide(&opted_in, &(struct policy_subject){ 0 }, &out->c.decision);
		return 0;
	}
	return decide_spec(request, r < 0 ? &unread : NULL, out, err);
}

int runtime_read_spec(const struct runtime_request *request, struct runtime_decision *out,
		      struct error *err)
{
	return out->has_spec ? 0 : decide_spec(request, NULL, out, err);
}

void runtime_settings(struct runtime_request *request)
{
	bool runtimes = decision_config_mentions(request->config_path, "\"runtimes\"");
	bool log = request->facts.command == ARGV_EXEC && !runtimes &&
		   decision_config_mentions(request->config_path, "\"log\"");
	struct error ignored;

	if (log || (runtimes && request->facts.command == ARGV_OTHER))
		(void)decision_settings(request->config_path, &request->settings, &ignored);
}

int runtime_decide(const struct runtime_request *request, struct runtime_decision *out,
		   struct error *err)
{
	*out = (struct runtime_decision){ .init = { .pidfd = -1 } };
	out->layouts = decision_config_mentions(request->config_path, "shared_layout");
	switch (request->facts.command) {
	case ARGV_CREATE:
	case ARGV_RESTORE:
		return decide_create(request, out, err);
	case ARGV_EXEC:
		decide_session(request, out);
		break;
	case ARGV_DELETE:
	case ARGV_OTHER:
		break;
	}
	return 0;
}
