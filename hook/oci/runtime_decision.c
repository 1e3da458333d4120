/* SPDX-License-Identifier: Apache-2.0 */
/* What the runtime wrapper decides before it becomes the real runtime. */
#include "applets/runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/fault_injection.h"
#include "base/io.h"
#include "base/json_reader.h"
#include "base/macros.h"
#include "base/text.h"
#include "kernel/ksm.h"
#include "kernel/sandbox.h"
#include "layout/layout.h"
#include "oci/spec.h"
#include "oci/state.h"
#include "policy/layout_policy.h"

#define PARSE_TIMEOUT_MS 3000

_Static_assert(sizeof(struct runtime_answer) <= PIPE_BUF, "the answer must fit one pipe write");

/* config.json of the bundle, or the runtime's state of a container that runs */
static char *text;
static char config_text[CONFIG_MAX + 1];
static size_t text_len, config_len;
static unsigned owner;

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

static int no_leave(void *arg, const struct json_path *path, size_t end, struct error *err)
{
	(void)arg;
	(void)path;
	(void)end;
	(void)err;
	return 0;
}

static void parse_bundle(const struct policy_config *config, struct runtime_answer *a)
{
	static struct spec spec;
	struct error err;
	bool syntax;

	fault_in_parser(a, sizeof(*a));
	if (spec_parse(text, text_len, config, &spec, &a->v.metadata, &a->v.decision, &syntax,
		       &err) < 0) {
		if (!a->v.err.msg[0])
			a->v.err = err;
		return;
	}
	/* what nobody wants cannot be required */
	a->v.decision.required = a->v.decision.required && a->v.decision.merge;
}

/* In the confined process. */
static void parse(const void *arg, void *answer)
{
	static struct policy_config config;
	const struct runtime_input *in = arg;
	struct runtime_answer *a = answer;
	struct error err;

	if (config_parse(in->config_path, config_text, config_len, &config, &a->v.err) < 0)
		config = (struct policy_config){ 0 };
	config.chosen = in->chosen;
	config.owner = owner;
	a->v.log_given = config.log_given;
	a->v.log = config.log;
	a->v.decision.required = config.required;
	for (size_t i = 0; i < config.runtimes; i++)
		snprintf(a->runtime[i], sizeof(a->runtime[i]), "%s", config.runtime[i]);
	a->runtimes = config.runtimes;
	if (text_len == 0)
		return;
	if (in->facts.command == ARGV_EXEC)
		(void)json_scan("state", text, text_len, visit_pid, no_leave, &a->v.pid, &err);
	else
		parse_bundle(&config, a);
}

/* Nothing that the parser sends is taken for granted. */
static int check(struct runtime_answer *a, struct error *err)
{
	hook_clean(a->v.err.msg, sizeof(a->v.err.msg));
	if ((unsigned)a->v.err.reason >= REASON_COUNT)
		a->v.err.reason = REASON_NONE;
	for (size_t i = 0; i < POLICY_RUNTIMES_MAX; i++)
		hook_clean(a->runtime[i], sizeof(a->runtime[i]));
	metadata_clean(&a->v.metadata);
	if (!hook_check_decision(&a->v.decision) || *(const unsigned char *)&a->layouts > 1 ||
	    a->runtimes > POLICY_RUNTIMES_MAX || *(const unsigned char *)&a->v.log_given > 1 ||
	    a->v.pid < 0 || (unsigned)a->v.log > LOG_LEVEL_DEBUG)
		return err_set(err, EPROTO, "the parser answered nonsense");
	return 0;
}

static int parse_confined(const struct runtime_input *in, struct runtime_answer *a,
			  struct error *err)
{
	int r;

	*a = (struct runtime_answer){ 0 };
	r = json_reserve(text_len > config_len ? text_len : config_len, err);
	if (r == 0)
		r = confine_call(parse, in, a, sizeof(*a), PARSE_TIMEOUT_MS, err);
	if (r == 0)
		r = check(a, err);
	if (r < 0)
		*a = (struct runtime_answer){ 0 };
	return r;
}

/* 0, -ENOENT without a message */
static int read_text(int dir, const char *path, struct error *err)
{
	__cleanup(close_fd) int fd =
		openat(dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	ssize_t n;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return -ENOENT;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(err, errno, "%s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "%s: not a regular file", path);
	/* mapped, not static: the other applets have no use for it */
	if (!text) {
		text = mmap(NULL, JSON_SCAN_MAX + 1, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (text == MAP_FAILED) {
			text = NULL;
			return err_errno(err, errno, "memory for %u bytes", JSON_SCAN_MAX);
		}
	}
	n = read_all(fd, text, JSON_SCAN_MAX, 0);
	if (n == -EFBIG)
		return err_set(err, EFBIG, "%s: longer than %u bytes", path, JSON_SCAN_MAX);
	if (n < 0)
		return err_errno(err, (int)-n, "%s", path);
	text_len = (size_t)n;
	return 0;
}

static int read_bundle(const struct runtime_input *in, struct error *err)
{
	const char *dir = in->facts.bundle ? in->facts.bundle : ".";
	__cleanup(close_fd) int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) /* the runtime will say so */
		return -ENOENT;
	/* crun enters the bundle before it opens what --config names */
	return read_text(fd, in->facts.config ? in->facts.config : "config.json", err);
}

static int read_state_in(const struct runtime_input *in, const char *root, struct error *err)
{
	static const char *const names[] = { "state.json", "status" };
	char path[PATH_MAX];
	int r = -ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(names) && r == -ENOENT; i++) {
		if (snprintf(path, sizeof(path), "%s/%s/%s", root, in->facts.id, names[i]) <
		    (int)sizeof(path))
			r = read_text(AT_FDCWD, path, err);
	}
	return r;
}

/* Where the runtimes keep it if --root does not say. */
static int read_state(const struct runtime_input *in, struct error *err)
{
	static const char *const runtimes[] = { "runc", "crun" };
	const char *dirs[] = { getenv("XDG_RUNTIME_DIR"), "/run" };
	const char *id = in->facts.id;
	char root[PATH_MAX];
	int r = -ENOENT;

	if (!id || strchr(id, '/') || id[0] == '.')
		return -ENOENT;
	if (in->facts.root)
		return read_state_in(in, in->facts.root, err);
	for (size_t i = 0; i < ARRAY_SIZE(dirs) * ARRAY_SIZE(runtimes) && r == -ENOENT; i++) {
		const char *runtime = runtimes[i % 2], *dir = dirs[i / 2];

		if (!dir || !*dir || (in->runtime && strcmp(runtime, in->runtime) != 0))
			continue;
		if (snprintf(root, sizeof(root), "%s/%s", dir, runtime) < (int)sizeof(root))
			r = read_state_in(in, root, err);
	}
	return r;
}

/* What most containers of most hosts are, told without parsing: 1 yes, 0 no, -1 parse it. */
static int at_a_glance(const struct runtime_input *in)
{
	if (!in->chosen)
		return hook_may_ask(text, text_len, config_text, config_len) ? -1 : 0;
	if (config_len == 0 && !metadata_may_name(text, text_len) &&
	    !hook_may_ask(text, text_len, "", 0) &&
	    !memmem(text, text_len, ANNOTATION_PREFIX, strlen(ANNOTATION_PREFIX)))
		return 1;
	return -1;
}

static bool names_runtimes(void)
{
	return memmem(config_text, config_len, "\"runtimes\"", 10) ||
	       memmem(config_text, config_len, "\\u", 2);
}

/* An exec session is what its container is, so that nothing has to be decided twice. */
static void judge_exec(const struct runtime_input *in, struct hook_verdict *v)
{
	bool seen;
	enum ksm_flag flag = v->pid > 0 ? ksm_process_flag(v->pid, &seen) : KSM_UNKNOWN;

	v->decision.merge = flag == KSM_YES || (flag == KSM_UNKNOWN && in->chosen);
	v->decision.required = false;
	v->decision.reason = flag == KSM_YES ? REASON_SESSION_MERGEABLE :
			     flag == KSM_NO  ? REASON_SESSION_NOT_MERGEABLE :
					       REASON_SESSION_UNKNOWN;
	snprintf(v->decision.text, sizeof(v->decision.text), "%s",
		 flag == KSM_YES ? "its container is mergeable" :
		 flag == KSM_NO  ? "its container is not mergeable" :
				   "whether its container is mergeable is not known");
}

/* Only what the file says; for what concerns no container, or none that can be read. */
static void read_runtimes(const struct runtime_input *in, struct runtime_answer *a)
{
	struct error err;

	text_len = 0;
	if (names_runtimes())
		(void)parse_confined(in, a, &err);
	a->v.err.msg[0] = '\0';
}

static void decide_exec(const struct runtime_input *in, struct runtime_answer *a)
{
	struct error err;

	if (read_state(in, &err) < 0 || parse_confined(in, a, &err) < 0)
		read_runtimes(in, a);
	judge_exec(in, &a->v);
}

/*
 * A config.json that cannot be read says nothing, and neither does a bundle: merging is
 * required where the other one says so. The first error counts.
 */
static int decide_create(const struct runtime_input *in, struct runtime_answer *a, int r,
			 struct error *err)
{
	struct error second;
	int t = read_bundle(in, r < 0 ? &second : err), glance;

	if (t == -ENOENT) { /* the runtime has the better message */
		read_runtimes(in, a);
		return 0;
	}
	if (r == 0)
		r = t;
	glance = r == 0 ? at_a_glance(in) : -1;
	if (glance >= 0) {
		read_runtimes(in, a);
		a->v.decision = (struct decision){ 0 };
		if (glance)
			policy_decide(&(struct policy_config){ .chosen = true }, NULL, 0,
				      &a->v.decision);
		return 0;
	}
	owner = layout_owner(config_text, config_len);
	t = parse_confined(in, a, r < 0 ? &second : err);
	if (t < 0 && text_len > 0) {
		text_len = 0;
		(void)parse_confined(in, a, &second);
	}
	if (r == 0)
		r = t;
	if (r == 0 && a->v.err.msg[0]) {
		*err = a->v.err;
		r = -EINVAL;
	}
	layout_reconsider(&a->v.decision, text, text_len);
	return r;
}

static int decide(const struct runtime_input *in, struct runtime_answer *a, int r,
		  struct error *err)
{
	switch (in->facts.command) {
	case ARGV_CREATE:
	case ARGV_RESTORE:
		return decide_create(in, a, r, err);
	case ARGV_EXEC:
		decide_exec(in, a);
		break;
	case ARGV_DELETE:
	case ARGV_OTHER:
		read_runtimes(in, a);
		break;
	}
	return 0;
}

int runtime_decide(const struct runtime_input *in, struct runtime_answer *out,
		   struct error *err)
{
	ssize_t n = config_read(in->config_path, config_text, err);
	int r;

	*out = (struct runtime_answer){ 0 };
	config_len = n < 0 ? 0 : (size_t)n;
	r = decide(in, out, n < 0 ? (int)n : 0, err);
	out->layouts = memmem(config_text, config_len, "shared_layout", 13) != NULL;
	return r;
}
