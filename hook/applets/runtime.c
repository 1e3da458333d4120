/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime wrapper: set the mark where it is wanted, then become the real OCI runtime. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "applets/applets.h"
#include "applets/runtime.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/options.h"
#include "kernel/ksm.h"
#include "kernel/ksm_probe.h"
#include "kernel/sandbox.h"
#include "ksmd/boost.h"
#include "layout/layout.h"
#include "oci/runtime_path.h"
#include "policy/config.h"

/* Under a name of its own it was chosen for merging; in a runtime's place it was not. */
static const struct role {
	const char *name;
	const char *runtime; /* NULL: the first of "runtimes" */
	bool chosen;
} roles[] = {
	{ "runtime", NULL, true }, { "ksm-runc", "runc", true }, { "ksm-crun", "crun", true },
	{ "runc", "runc", false }, { "crun", "crun", false },
};

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

/* The method that this kernel needs, or that was asked for. */
static int use_method(const struct runtime_input *in, const struct hook_verdict *v,
		      struct error *err)
{
	enum policy_method method = v->decision.method;
	enum probe_way way = probe_way();
	bool preload =
		method == METHOD_PRELOAD || (method == METHOD_AUTO && way != PROBE_INHERIT);
	int r = 0;

	if (way == PROBE_NO_KSM)
		return err_set(err, ENOSYS, "this kernel has no KSM (CONFIG_KSM)");
	if (way == PROBE_MADVISE && !preload)
		return err_set(err, EINVAL, "this kernel has no prctl(PR_SET_MEMORY_MERGE)");
	if (way != PROBE_MADVISE && method != METHOD_PRELOAD) {
		r = ksm_merge_self();
		if (r < 0)
			return err_errno(err, -r, "prctl(PR_SET_MEMORY_MERGE)");
	}
	if (preload && in->facts.command == ARGV_RESTORE) {
		r = err_set(err, ENOTSUP, "a restored container has the libraries that it had");
	} else if (preload) {
		r = runtime_edit(in, &v->decision, err);
		if (r == 0)
			r = err_set(err, ENOENT, "the preload library is not in config.json");
	}
	if (r < 0 && r != -ECANCELED && method != METHOD_PRELOAD)
		err_wrap(err, r, "this kernel %s",
			 way == PROBE_MADVISE ? "has no prctl(PR_SET_MEMORY_MERGE)" :
						"loses the mark at exec");
	if (r >= 0 && way == PROBE_EACH_EXEC && !preload)
		r = err_set(err, ENOTSUP, "this kernel loses the mark at exec");
	return r < 0 ? r : 0;
}

/* The runtime starts with the layout, and what it starts inherits it. */
static void share_layout(const struct runtime_input *in, const struct hook_verdict *v)
{
	struct decision seeds = v->decision;
	struct error err;

	/* what a restored container had is in its memory */
	if (in->facts.command == ARGV_RESTORE || !in->facts.id ||
	    !layout_become(&v->decision, in->facts.id))
		return;
	seeds.method = METHOD_INJECT; /* the library, if any, is there */
	seeds.required = false;
	if (runtime_edit(in, &seeds, &err) < 0)
		log_warning("the group's hash seeds are not added: %s", err.msg);
}

/* 0 go on, 1 the container is refused */
static int merge(const struct runtime_input *in, const struct hook_verdict *v)
{
	struct error err;
	int r = use_method(in, v, &err);

	if (r == -ECANCELED)
		return 1;
	if (r < 0)
		return hook_failed(v, &err);
	boost_start(true);
	if (layout_concerns(&v->decision))
		share_layout(in, v);
	return 0;
}

/* The container is there already, and so is what became of it: nothing can be required. */
static void merge_session(const struct runtime_input *in, const struct runtime_answer *a)
{
	int r = ksm_merge_self();

	if (a->layouts && in->facts.id && a->v.pid > 0)
		layout_session(in->facts.id, a->v.pid);
	if (r < 0)
		log_info("the exec session is not mergeable: %s", strerror(-r));
}

/* 0 go on, 1 the container is refused */
static int make_mergeable(const struct runtime_input *in, struct runtime_answer *a)
{
	struct hook_verdict *v = &a->v;
	struct error err;
	int r;

	confine_before_exec();
	r = runtime_decide(in, a, &err);
	if (v->log_given)
		log_set_level(v->log);
	if (in->facts.id)
		log_set_subject(in->facts.id, 0);
	if (r < 0)
		return hook_failed(v, &err);
	if (v->decision.warning[0])
		log_warning("%s", v->decision.warning);
	if (v->decision.reason != REASON_NONE)
		hook_say_decision(&v->decision);
	if (in->facts.command == ARGV_DELETE && a->layouts && in->facts.id)
		layout_end(in->facts.id);
	if (!v->decision.merge)
		return 0;
	if (in->facts.command == ARGV_EXEC) {
		merge_session(in, a);
		return 0;
	}
	if (in->facts.id)
		metadata_write(in->facts.id, 0, &v->metadata);
	return merge(in, v);
}

static bool has_name(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');

	return strcmp(slash ? slash + 1 : path, name) == 0;
}

/* Where this stands for one runtime, of "runtimes" only those of its name count. */
static int find(const struct runtime_input *in, const struct runtime_answer *a,
		char path[PATH_MAX], struct error *err)
{
	static const char *const defaults[] = { "runc", "crun" };
	const char *names[POLICY_RUNTIMES_MAX];
	size_t n = 0;

	for (size_t i = 0; i < a->runtimes; i++) {
		if (!in->runtime || has_name(a->runtime[i], in->runtime))
			names[n++] = a->runtime[i];
	}
	if (n > 0)
		return real_find(names, n, path, err);
	if (in->runtime)
		return real_find(&in->runtime, 1, path, err);
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

static const struct command_syntax runtime_command = {
	.arguments = ARGUMENTS_FOREIGN,
	.synopsis = "RUNTIME-ARGUMENT...",
	.about =
		"OCI runtime: makes itself mergeable where the container is to be merged, then\n"
		"becomes the real runtime, runc or crun, in the same process; the container\n"
		"inherits that, and so do exec sessions. Engines call it by the names ksm-runc\n"
		"and ksm-crun, whose containers are merged unless they opt out, or by the names\n"
		"runc and crun in a directory of its own, where containers opt in as with the\n"
		"hooks. By these names all arguments are the runtime's.\n",
	.examples =
		"docker run --runtime ksm-runc nginx\n"
		"ksm-hook runtime --config /etc/ksm-hook/test.json run -b bundle box\n",
	.see_also = "ksm-hook(8), ksm-hook.conf(5)",
	.option = {
		OPTION_TEXT(struct runtime_input, config_path, "config", "FILE",
			    "read this configuration instead of\n"
			    CONFIG_PATH),
		OPTION_TEXT(struct runtime_input, preload_path, "library", "FILE",
			    "add this library, where one is needed, instead of\n"
			    PRELOAD_LIBRARY),
		{ "" },
	},
};

int applet_runtime(int argc, char **argv)
{
	static struct runtime_answer a;
	const struct role *role = find_role(argv[0], true);
	struct runtime_input in = { .config_path = CONFIG_PATH,
				    .preload_path = PRELOAD_LIBRARY,
				    .runtime = role->runtime,
				    .chosen = role->chosen };
	char path[PATH_MAX];
	struct error err;
	int r;

	log_init("runtime", true);
	/* under a runtime's name all options are the runtime's */
	r = role->runtime ? 0 : options_parse(&runtime_command, &argc, argv, &in, &err);
	if (r != 0)
		return options_exit("runtime", r, &err);
	argv_parse(argv + 1, &in.facts);
	use_log(&in.facts);
	if (in.facts.command == ARGV_DELETE && in.facts.id)
		metadata_remove(in.facts.id);
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
