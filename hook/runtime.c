/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime wrapper: set the mark where it is wanted, then become the real OCI runtime. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "applets.h"
#include "argv.h"
#include "config.h"
#include "confine.h"
#include "fault.h"
#include "hook.h"
#include "json.h"
#include "ksm.h"
#include "log.h"
#include "method.h"
#include "probe.h"
#include "real.h"
#include "spec.h"
#include "state.h"

#define PARSE_TIMEOUT_MS 3000

/* Under a name of its own it was chosen for merging; in a runtime's place it was not. */
static const struct role {
	const char *name;
	const char *runtime; /* NULL: the first of "runtimes" */
	bool chosen;
} roles[] = {
	{ "runtime", NULL, true }, { "ksm-runc", "runc", true }, { "ksm-crun", "crun", true },
	{ "runc", "runc", false }, { "crun", "crun", false },
};

/* config.json of the bundle, or the runtime's state of a container that runs */
static char text[JSON_SCAN_MAX + 1];
static char config_text[CONFIG_MAX + 1];

struct input {
	const struct role *role;
	const char *config_path;
	struct argv_facts facts;
	size_t text_len, config_len;
};

/* What the confined parser hands over. */
struct answer {
	struct hook_verdict v; /* its pid is that of the init, for exec */
	char runtime[POLICY_RUNTIMES_MAX][CONFIG_RUNTIME_MAX + 1];
	size_t runtimes;
};

_Static_assert(sizeof(struct answer) <= PIPE_BUF, "the answer must fit one pipe write");

static const struct role *find_role(const char *argv0, bool as_applet)
{
	const char *slash = strrchr(argv0, '/'), *name = slash ? slash + 1 : argv0;

	for (size_t i = as_applet ? 0 : 1; i < ARRAY_SIZE(roles); i++) {
		if (strcmp(roles[i].name, name) == 0)
			return &roles[i];
	}
	return NULL;
}

bool runtime_is_name(const char *argv0)
{
	return find_role(argv0, false) != NULL;
}

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

static void parse_bundle(const struct input *in, const struct policy_config *config,
			 struct answer *a)
{
	static struct spec spec;
	struct error err;
	bool syntax;

	fault_in_parser(a, sizeof(*a));
	if (spec_parse(text, in->text_len, config, &spec, &a->v.decision, &syntax, &err) < 0) {
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
	const struct input *in = arg;
	struct answer *a = answer;
	struct error err;

	if (config_parse(in->config_path, config_text, in->config_len, &config, &a->v.err) < 0)
		config = (struct policy_config){ 0 };
	config.chosen = in->role->chosen;
	a->v.log_given = config.log_given;
	a->v.log = config.log;
	a->v.decision.required = config.required;
	for (size_t i = 0; i < config.runtimes; i++)
		snprintf(a->runtime[i], sizeof(a->runtime[i]), "%s", config.runtime[i]);
	a->runtimes = config.runtimes;
	if (in->text_len == 0)
		return;
	if (in->facts.command == ARGV_CREATE)
		parse_bundle(in, &config, a);
	else
		(void)json_scan("state", text, in->text_len, visit_pid, no_leave, &a->v.pid,
				&err);
}

/* Nothing that the parser sends is taken for granted. */
static int check(struct answer *a, struct error *err)
{
	hook_clean(a->v.err.msg, sizeof(a->v.err.msg));
	for (size_t i = 0; i < POLICY_RUNTIMES_MAX; i++)
		hook_clean(a->runtime[i], sizeof(a->runtime[i]));
	if (!hook_check_decision(&a->v.decision) || a->runtimes > POLICY_RUNTIMES_MAX ||
	    *(const unsigned char *)&a->v.log_given > 1 || a->v.pid < 0 ||
	    (unsigned)a->v.log > LOG_LEVEL_DEBUG)
		return err_set(err, EPROTO, "the parser answered nonsense");
	return 0;
}

static int parse_confined(const struct input *in, struct answer *a, struct error *err)
{
	int r;

	*a = (struct answer){ 0 };
	r = confine_call(parse, in, a, sizeof(*a), PARSE_TIMEOUT_MS, err);
	if (r == 0)
		r = check(a, err);
	if (r < 0)
		*a = (struct answer){ 0 };
	return r;
}

/* 0, -ENOENT without a message */
static int read_text(struct input *in, int dir, const char *path, struct error *err)
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
	n = read_all(fd, text, JSON_SCAN_MAX, 0);
	if (n == -EFBIG)
		return err_set(err, EFBIG, "%s: longer than %u bytes", path, JSON_SCAN_MAX);
	if (n < 0)
		return err_errno(err, (int)-n, "%s", path);
	in->text_len = (size_t)n;
	return 0;
}

static int read_bundle(struct input *in, struct error *err)
{
	const char *dir = in->facts.bundle ? in->facts.bundle : ".";
	__cleanup(close_fd) int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) /* the runtime will say so */
		return -ENOENT;
	/* crun enters the bundle before it opens what --config names */
	return read_text(in, fd, in->facts.config ? in->facts.config : "config.json", err);
}

static int read_state_in(struct input *in, const char *root, struct error *err)
{
	static const char *const names[] = { "state.json", "status" };
	char path[PATH_MAX];
	int r = -ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(names) && r == -ENOENT; i++) {
		if (snprintf(path, sizeof(path), "%s/%s/%s", root, in->facts.id, names[i]) <
		    (int)sizeof(path))
			r = read_text(in, AT_FDCWD, path, err);
	}
	return r;
}

/* Where the runtimes keep it if --root does not say. */
static int read_state(struct input *in, struct error *err)
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

		if (!dir || !*dir || (in->role->runtime && strcmp(runtime, in->role->runtime)))
			continue;
		if (snprintf(root, sizeof(root), "%s/%s", dir, runtime) < (int)sizeof(root))
			r = read_state_in(in, root, err);
	}
	return r;
}

/* What most containers of most hosts are, told without parsing: 1 yes, 0 no, -1 parse it. */
static int at_a_glance(const struct input *in)
{
	if (in->facts.command == ARGV_OTHER)
		return 0;
	if (in->facts.command == ARGV_EXEC)
		return -1;
	if (!in->role->chosen)
		return hook_may_ask(text, in->text_len, config_text, in->config_len) ? -1 : 0;
	if (in->config_len == 0 && !hook_may_ask(text, in->text_len, "", 0) &&
	    !memmem(text, in->text_len, ANNOTATION_PREFIX, strlen(ANNOTATION_PREFIX)))
		return 1;
	return -1;
}

static bool names_runtimes(const struct input *in)
{
	return memmem(config_text, in->config_len, "\"runtimes\"", 10) ||
	       memmem(config_text, in->config_len, "\\u", 2);
}

/* An exec session is what its container is, so that nothing has to be decided twice. */
static void decide_exec(const struct input *in, struct hook_verdict *v)
{
	bool seen;
	enum ksm_flag flag = v->pid > 0 ? ksm_process_flag(v->pid, &seen) : KSM_UNKNOWN;

	v->decision.merge = flag == KSM_YES || (flag == KSM_UNKNOWN && in->role->chosen);
	/* the container is there already, and so is what became of it */
	v->decision.required = false;
	snprintf(v->decision.reason, sizeof(v->decision.reason), "%s",
		 flag == KSM_YES ? "its container is mergeable" :
		 flag == KSM_NO  ? "its container is not mergeable" :
				   "whether its container is mergeable is not known");
}

/*
 * Read and decide. A config.json that cannot be read says nothing, and neither does a bundle:
 * merging is required where the other one says so.
 */
static int decide(struct input *in, struct answer *a, struct error *err)
{
	bool deciding = in->facts.command != ARGV_OTHER;
	struct error second;
	ssize_t n = config_read(in->config_path, config_text, err);
	int r = n < 0 ? (int)n : 0, t = 0, glance;

	in->config_len = n < 0 ? 0 : (size_t)n;
	if (deciding) {
		t = in->facts.command == ARGV_EXEC ? read_state(in, r < 0 ? &second : err) :
						     read_bundle(in, r < 0 ? &second : err);
		/* the runtime has the better message */
		if (t == -ENOENT && in->facts.command == ARGV_CREATE)
			deciding = false;
	}
	glance = deciding && r == 0 && t == 0 ? at_a_glance(in) : deciding ? -1 : 0;
	if (glance >= 0) {
		a->v.decision.merge = glance;
		snprintf(a->v.decision.reason, sizeof(a->v.decision.reason), "%s",
			 glance ? "its runtime is ksm-hook's by choice" : "");
	}
	if (glance < 0 || names_runtimes(in)) {
		int p = parse_confined(in, a, r < 0 || t < 0 ? &second : err);

		if (p < 0 && in->text_len > 0) {
			in->text_len = 0;
			(void)parse_confined(in, a, &second);
		}
		if (glance >= 0)
			a->v.decision.merge = glance;
		else if (r == 0 && t == 0)
			r = p;
	}
	if (in->facts.command == ARGV_EXEC)
		decide_exec(in, &a->v);
	if (!deciding || in->facts.command == ARGV_EXEC)
		return 0;
	if (r == 0 && t < 0)
		r = t;
	if (r == 0 && glance < 0 && a->v.err.msg[0]) {
		*err = a->v.err;
		r = -EINVAL;
	}
	return r;
}

/* 0 go on, 1 the container is refused */
static int merge(struct hook_verdict *v)
{
	struct error err;
	int status, r;

	if (method_injects(v, &status) == HOOK_DONE)
		return status;
	r = ksm_merge_self();
	if (r == -EINVAL)
		err_set(&err, EINVAL,
			"this kernel has no prctl(PR_SET_MEMORY_MERGE): Linux 6.4 with "
			"CONFIG_KSM is needed");
	else if (r < 0)
		err_errno(&err, -r, "prctl(PR_SET_MEMORY_MERGE)");
	else if (probe_way() == PROBE_EACH_EXEC)
		r = err_set(&err, ENOTSUP,
			    "this kernel loses the mark at exec; register the poststart hook");
	return r < 0 ? hook_failed(v, &err) : 0;
}

/* 0 go on, 1 the container is refused */
static int make_mergeable(struct input *in, struct answer *a)
{
	struct hook_verdict *v = &a->v;
	struct error err;
	int r;

	confine_before_exec();
	r = decide(in, a, &err);
	if (v->log_given)
		log_set_level(v->log);
	if (in->facts.id)
		log_set_subject(in->facts.id, 0);
	if (r < 0)
		return hook_failed(v, &err);
	if (v->decision.warning[0])
		log_warning("%s", v->decision.warning);
	if (v->decision.reason[0])
		log_info("%s: %s", v->decision.merge ? "merge" : "leave alone",
			 v->decision.reason);
	if (!v->decision.merge)
		return 0;
	snprintf(v->bundle, sizeof(v->bundle), "%s", in->facts.bundle ? in->facts.bundle : ".");
	return merge(v);
}

static bool has_name(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');

	return strcmp(slash ? slash + 1 : path, name) == 0;
}

/* Where this stands for one runtime, of "runtimes" only those of its name count. */
static int find(const struct input *in, const struct answer *a, char path[PATH_MAX],
		struct error *err)
{
	static const char *const defaults[] = { "runc", "crun" };
	const char *names[POLICY_RUNTIMES_MAX];
	size_t n = 0;

	for (size_t i = 0; i < a->runtimes; i++) {
		if (!in->role->runtime || has_name(a->runtime[i], in->role->runtime))
			names[n++] = a->runtime[i];
	}
	if (n > 0)
		return real_find(names, n, path, err);
	if (in->role->runtime)
		return real_find(&in->role->runtime, 1, path, err);
	return real_find(defaults, ARRAY_SIZE(defaults), path, err);
}

/* crun's --log may name something that is no file */
static void use_log(const struct argv_facts *f)
{
	const char *path = f->log;

	if (path && strncmp(path, "file:", 5) == 0)
		path += 5;
	else if (path &&
		 (strncmp(path, "syslog:", 7) == 0 || strncmp(path, "journald:", 9) == 0))
		path = "/dev/null"; /* syslog has it anyway */
	log_set_runtime_log(path, f->log_json);
}

int applet_runtime(int argc, char **argv)
{
	static struct answer a;
	struct input in = { .role = find_role(argv[0], true), .config_path = CONFIG_PATH };
	char path[PATH_MAX];
	struct error err;

	(void)argc;
	log_init("runtime", true);
	/* as an applet it has options of its own; under a runtime's name all are the runtime's */
	if (in.role == &roles[0] && argv[1] && strcmp(argv[1], "--help") == 0) {
		applet_usage(argv[0]);
		return 0;
	}
	if (in.role == &roles[0] && argv[1] && strcmp(argv[1], "--config") == 0) {
		if (!argv[2]) {
			log_error("--config needs a file");
			return 2;
		}
		in.config_path = argv[2];
		argv += 2;
	}
	argv_parse(argv + 1, &in.facts);
	use_log(&in.facts);
	if (make_mergeable(&in, &a) != 0)
		return 1;
	if (find(&in, &a, path, &err) < 0) {
		log_error("%s", err.msg);
		return 1;
	}
	argv[0] = path;
	execv(path, argv);
	log_error("%s: %s", path, strerror(errno));
	return 1;
}
