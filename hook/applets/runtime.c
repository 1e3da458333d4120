/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime wrapper: enable merging where it is requested, then become the OCI runtime. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "applets/applets.h"
#include "base/io.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/options.h"
#include "base/surroundings.h"
#include "kernel/ksm.h"
#include "kernel/ksm_probe.h"
#include "kernel/proc.h"
#include "kernel/sandbox.h"
#include "kernel/userns.h"
#include "ksmd/boost.h"
#include "layout/layout.h"
#include "oci/bundle_edit.h"
#include "oci/decision_settle.h"
#include "oci/hook_stage.h"
#include "oci/runtime_decision.h"
#include "oci/runtime_path.h"

/* Under a name of its own it is an opt-in to merging; in a runtime's place it is not. */
static const struct role {
	char name[12];
	char runtime[8]; /* "": the first of "runtimes" */
	bool opts_in;
} roles[] = {
	{ "runtime", "", true },   { "ksm-runc", "runc", true }, { "ksm-crun", "crun", true },
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

/* What this kernel, or what was requested, needs: the call, the library in *additions, or both. */
static int use_method(const struct runtime_request *request, struct runtime_decision *d,
		      enum probe_way way, struct spec_additions *additions, struct error *err)
{
	enum policy_method method = d->c.decision.method;
	bool library = bundle_needs_library(method, way);
	int r = 0;

	if (way == PROBE_NO_KSM)
		return err_reason(err, REASON_KERNEL_NO_KSM,
				  err_set(err, ENOSYS, "this kernel has no KSM (CONFIG_KSM)"));
	if (way == PROBE_MADVISE && !library)
		return err_reason(err, REASON_KERNEL_NO_PRCTL,
				  err_set(err, EINVAL,
					  "this kernel has no prctl(PR_SET_MEMORY_MERGE)"));
	if (way != PROBE_MADVISE && method != METHOD_PRELOAD) {
		r = ksm_merge_self();
		if (r < 0)
			return err_errno(err, -r, "prctl(PR_SET_MEMORY_MERGE)");
	}
	if (library && request->facts.command == ARGV_RESTORE)
		r = err_reason(err, REASON_PRELOAD_RESTORED,
			       err_set(err, ENOTSUP,
				       "a restored container has the libraries that it had"));
	else if (library)
		r = runtime_read_spec(request, d, err);
	if (r == 0 && library && request->facts.command != ARGV_RESTORE)
		r = bundle_add_library(&d->c.spec, request->preload_library, way, additions,
				       err);
	if (r < 0 && method != METHOD_PRELOAD)
		err_wrap(err, r, "this kernel %s",
			 way == PROBE_MADVISE ? "has no prctl(PR_SET_MEMORY_MERGE)" :
						"loses the setting at exec");
	if (r >= 0 && way == PROBE_EACH_EXEC && !library)
		r = err_reason(err, REASON_KERNEL_LOSES_AT_EXEC,
			       err_set(err, ENOTSUP, "this kernel loses the setting at exec"));
	return r < 0 ? r : 0;
}

static bool has_name(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');

	return strcmp(slash ? slash + 1 : path, name) == 0;
}

/* The delegate runtime: where this stands for one, of "runtimes" only those of its name count. */
static int find_delegate(const struct runtime_request *request, char path[PATH_MAX],
			 struct error *err)
{
	static const char *const defaults[] = { "runc", "crun" };
	const char *names[POLICY_RUNTIMES_MAX];
	size_t n = 0;

	for (size_t i = 0; i < request->settings.runtimes; i++) {
		if (!request->runtime ||
		    has_name(request->settings.runtime[i], request->runtime))
			names[n++] = request->settings.runtime[i];
	}
	if (n > 0)
		return runtime_find(names, n, path, err);
	if (request->runtime)
		return runtime_find(&request->runtime, 1, path, err);
	return runtime_find(defaults, ARRAY_SIZE(defaults), path, err);
}

/*
 * What the runtime keeps of the container until it has deleted it: a directory of root's, or of
 * the user's whose containers these are. NULL where that is not known.
 */
static const char *state_place(const struct runtime_request *request)
{
	static char place[PATH_MAX + 300];
	const char *id = request->facts.id, *root = request->facts.root, *name;
	unsigned owner = userns_owner();

	if (root && root[0] == '/') {
		snprintf(place, sizeof(place), "%s/%s", root, id);
		return place;
	}
	if (root)
		return NULL;
	name = strrchr(request->delegate, '/') + 1;
	if (owner)
		snprintf(place, sizeof(place), "/run/user/%u/%s/%s", owner, name, id);
	else
		snprintf(place, sizeof(place), "/run/%s/%s", name, id);
	return place;
}

/* The runtime starts with the layout, and what it starts inherits it. True if it does. */
static bool share_layout(const struct runtime_request *request,
			 const struct runtime_decision *d, struct layout_seeds *seeds)
{
	/* what a restored container had is in its memory */
	return layout_concerns(&d->c.decision) && request->facts.command != ARGV_RESTORE &&
	       request->facts.id &&
	       layout_become(&d->c.decision, request->facts.id, state_place(request), seeds);
}

/*
 * A container that is about to be deleted: where its init has ended, what the runtime keeps of
 * it is as good as gone, if there is anything.
 */
static void forget_layout(const struct runtime_request *request)
{
	struct session_init init;
	struct proc_stat st;
	struct error ignored;
	int r = session_find_init(&request->facts, request->runtime, &init, &ignored);
	bool ended = r == -ENOENT || r == -ESRCH ||
		     (r == 0 && (proc_stat(init.pid, &st) < 0 || strchr("ZX", st.state)));

	close_fd(&init.pidfd);
	layout_end(NULL, NULL, ended ? state_place(request) : NULL);
}

static int edit_bundle(const struct runtime_request *request, const struct runtime_decision *d,
		       const struct spec_additions *additions, struct error *err)
{
	static struct spec_edit edit;
	int r = spec_edit(d->text, d->len, &d->c.spec, additions, &edit, err);

	if (r < 0)
		return err_reason(err, REASON_EDIT_FAILED, r);
	/* --config is no part of the bundle: it may be the template of many */
	if (request->facts.config)
		return err_reason(err, REASON_EDIT_FAILED,
				  err_set(err, EINVAL, "%s: not the bundle's config.json",
					  request->facts.config));
	return bundle_rewrite(request->facts.bundle ? request->facts.bundle : ".", &edit, err);
}

/* 0 go on, 1 the container is refused */
static int merge(const struct runtime_request *request, struct runtime_decision *d)
{
	struct spec_additions additions = { 0 };
	const struct spec *spec = &d->c.spec;
	enum probe_way way = probe_way();
	struct layout_seeds seeds;
	struct error err;
	int r = use_method(request, d, way, &additions, &err);

	if (r < 0)
		return hook_failed(&d->c.decision, &err);
	boost_start(true);
	if (share_layout(request, d, &seeds) && bundle_takes_seeds(spec, d->c.decision.v8)) {
		bundle_add_seeds(spec, seeds.python, seeds.perl, seeds.v8, &additions);
		if (seeds.v8[0] && !additions.preload)
			log_warning(BUNDLE_V8_LEFT_OUT);
	}
	if (!additions.preload && !additions.variables)
		return 0;
	r = edit_bundle(request, d, &additions, &err);
	if (r < 0 && additions.preload)
		return hook_failed(&d->c.decision, &err);
	if (r < 0)
		log_reason(LOG_LEVEL_WARNING, err.reason,
			   "the group's hash seeds are not added: %s", err.msg);
	return 0;
}

/* The container is there already, and so is what became of it: nothing can be required. */
static void merge_session(const struct runtime_decision *d)
{
	int r = ksm_merge_self();

	if (d->layouts && d->init.pid > 0)
		layout_session(d->init.pid);
	if (r < 0)
		log_info("the exec session is not mergeable: %s", strerror(-r));
}

/* 0 go on, 1 the container is refused */
static int prepare_mergeable(const struct runtime_request *request, struct runtime_decision *d)
{
	const char *id = request->facts.id;
	struct error err;
	int r;

	r = runtime_decide(request, d, &err);
	if (d->c.log_given)
		log_set_level(d->c.log);
	else if (request->settings.log_given)
		log_set_level(request->settings.log);
	if (id)
		log_set_subject(id, 0);
	if (r < 0) {
		r = hook_failed(&d->c.decision, &err);
		decision_failed(&d->c, id, &err, r != 0);
		return r;
	}
	if (d->c.decision.reason != REASON_NONE)
		decision_settle(&d->c, id);
	if (request->facts.command == ARGV_DELETE && d->layouts && id)
		forget_layout(request);
	if (!d->c.decision.merge)
		return 0;
	if (request->facts.command == ARGV_EXEC) {
		merge_session(d);
		return 0;
	}
	if (id)
		metadata_write(id, 0, &d->c.metadata);
	return merge(request, d);
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

static const struct command_syntax runtime_command __help_section = {
	.arguments = ARGUMENTS_FOREIGN,
	.synopsis = "RUNTIME-ARGUMENT...",
	.about =
		"OCI runtime: makes itself mergeable where the container is to be merged, then\n"
		"becomes the delegate runtime, runc or crun, in the same process; the container\n"
		"inherits that, and so do exec sessions. Engines call it by the names ksm-runc\n"
		"and ksm-crun, whose containers are merged unless they opt out, or by the names\n"
		"runc and crun in a directory of its own, where containers opt in as with the\n"
		"hooks. By these names all arguments are the runtime's.\n",
	.examples =
		"docker run --runtime ksm-runc nginx\n"
		"ksm-hook runtime --config /etc/ksm-hook/test.json run -b bundle box\n",
	.see_also = "ksm-hook-runtime(8), ksm-hook.conf(5)",
	.option = {
		OPTION_TEXT(struct runtime_request, config_path, "config", "FILE",
			    "read this configuration instead of\n"
			    CONFIG_PATH),
		OPTION_TEXT(struct runtime_request, preload_library, "library", "FILE",
			    "add this library, where one is needed, instead of\n"
			    PRELOAD_LIBRARY),
		{ "" },
	},
};

int applet_runtime(int argc, char **argv)
{
	static struct runtime_decision decision;
	const struct role *role = find_role(argv[0], true);
	struct runtime_request request = { .config_path = CONFIG_PATH,
					   .preload_library = PRELOAD_LIBRARY,
					   .runtime = role->runtime[0] ? role->runtime : NULL,
					   .by_name = role->opts_in };
	char path[PATH_MAX];
	struct error err;
	int r;

	log_init("runtime", true);
	surroundings_take();
	/* under a runtime's name all options are the runtime's */
	r = role->runtime[0] ? 0 : options_parse(&runtime_command, &argc, argv, &request, &err);
	if (r != 0)
		return options_exit("runtime", r, &err);
	sandbox_before_exec();
	runtime_settings(&request);
	/* whoever is going to read the arguments says how they are to be read */
	r = find_delegate(&request, path, &err);
	argv_parse(argv + 1, argv_grammar_of(r < 0 ? "" : path), &request.facts);
	use_log(&request.facts);
	if (r < 0) {
		log_reason(LOG_LEVEL_ERROR, err.reason, "%s", err.msg);
		return 1;
	}
	request.delegate = path;
	if (request.facts.command == ARGV_DELETE && request.facts.id)
		metadata_remove(request.facts.id);
	if (request.facts.command == ARGV_EXEC)
		runtime_settings(&request);
	if (prepare_mergeable(&request, &decision) != 0)
		return 1;
	argv[0] = path;
	surroundings_give_back();
	execv(path, argv);
	surroundings_take();
	log_error("%s: %s", path, strerror(errno));
	return 1;
}
