/* SPDX-License-Identifier: Apache-2.0 */
/* The hook of LXC, and so of Incus and Proxmox VE: lxc.hook.mount or lxc.hook.start-host. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "applets/applets.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/io.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/options.h"
#include "base/text.h"
#include "containers/lxc_config.h"
#include "containers/lxc_monitor.h"
#include "inject/container_init.h"
#include "kernel/proc.h"
#include "ksmd/boost.h"
#include "layout/layout.h"
#include "oci/hook_stage.h"

/* How long the helpers, which have nothing left to do, are waited for. */
#define REAP_MS 100

/* What a container may say in its environment. */
#define VARIABLES 4
static const char *const variables[VARIABLES] = { "KSM_MERGE", "KSM_REQUIRED", "KSM_LAYOUT",
						  "KSM_GROUP" };

enum moment {
	MOMENT_NONE,
	MOMENT_SETUP, /* pre-mount, mount, autodev: a child of the container's PID 1 */
	MOMENT_HOST,  /* start-host: beside it, its confinement in place */
	MOMENT_END,   /* post-stop */
};

struct lxc_call {
	const char *name, *type;
	bool by_arguments;   /* LXC appended the name, which no environment could */
	char monitored[256]; /* the name by the process that starts the container */
	enum moment moment;
	pid_t parent; /* under /proc */
	bool outside; /* /proc is that of the namespace around ours */
	struct hook_request request;
	struct annotation annotation[1 + VARIABLES];
	char value[VARIABLES][64];
	bool limits; /* the configuration has a limit that its layout depends on */
};

static enum moment moment_of(const char *type)
{
	static const char *const setup[] = { "mount", "pre-mount", "autodev" };

	for (size_t i = 0; i < ARRAY_SIZE(setup); i++) {
		if (strcmp(type, setup[i]) == 0)
			return MOMENT_SETUP;
	}
	if (strcmp(type, "post-stop") == 0)
		return MOMENT_END;
	return strcmp(type, "start-host") == 0 ? MOMENT_HOST : MOMENT_NONE;
}

/*
 * lxc.hook.version 0, and LXC before 3.0, append NAME SECTION TYPE to the arguments; with
 * version 1 it is all in the environment (lxc.container.conf(5)). Returns the number of
 * arguments that are ours.
 */
static int who_calls(int argc, char **argv, struct lxc_call *call)
{
	const char *version = getenv("LXC_HOOK_VERSION");

	call->name = getenv("LXC_NAME");
	if (argc > 3 && strcmp(argv[argc - 2], "lxc") == 0) {
		argc -= 3;
		call->name = argv[argc];
		call->type = argv[argc + 2];
		call->by_arguments = true;
	} else if (version && strcmp(version, "1") == 0) {
		call->type = getenv("LXC_HOOK_TYPE");
	}
	if (!call->name)
		call->name = "";
	if (!call->type)
		call->type = "";
	call->moment = moment_of(call->type);
	return argc;
}

static void add_annotation(struct lxc_call *call, const char *key, const char *value)
{
	if (value)
		call->annotation[call->request.subject.n++] = (struct annotation){ key, value };
}

/*
 * lxc.environment is not in the environment of a hook on the host. The file is the one LXC
 * itself was given, and has taken commands from: no ownership of it would surprise us.
 */
static int read_lxc_config(struct lxc_call *call, struct error *err)
{
	static char text[LXC_CONFIG_MAX + 1];
	const char *path = getenv("LXC_CONFIG_FILE");
	ssize_t n;

	if (!path)
		return 0;
	n = read_regular_file(AT_FDCWD, path, FILE_UNTRUSTED | FILE_SYMLINK, text,
			      LXC_CONFIG_MAX, err);
	if (n < 0)
		return err_reason(err, REASON_SPEC_UNREADABLE,
				  err_wrap(err, (int)n, "LXC_CONFIG_FILE"));
	call->limits = memmem(text, (size_t)n, "lxc.prlimit.stack", 17) ||
		       memmem(text, (size_t)n, "lxc.prlimit.as", 14);
	for (int i = 0; i < VARIABLES; i++) {
		if (lxc_config_variable(text, (size_t)n, variables[i], call->value[i],
					sizeof(call->value[i])))
			add_annotation(call, variables[i], call->value[i]);
	}
	return 0;
}

static int lxc_pid(pid_t *pid, struct error *err)
{
	const char *text = getenv("LXC_PID");
	int64_t n;

	if (!text || parse_int(text, strlen(text), 1, INT_MAX, &n) < 0)
		return err_reason(err, REASON_INIT_MISSING,
				  err_set(err, EINVAL,
					  "LXC_PID is not a process id; LXC 3.0 and later set "
					  "it, for older ones register lxc.hook.mount"));
	*pid = (pid_t)n;
	return 0;
}

/*
 * In the mount hook the environment is that of the container's configuration, LXC_NAME as well:
 * the name is LXC's word only where LXC appended it, or calls itself by it.
 */
static const char *trusted_name(struct lxc_call *call)
{
	if (call->by_arguments || call->moment == MOMENT_HOST)
		return call->name[0] ? call->name : NULL;
	if (!call->outside ||
	    !lxc_monitor_find(call->parent, call->monitored, sizeof(call->monitored)))
		return NULL;
	call->name = call->monitored;
	return call->monitored;
}

/* What the container says of itself, and who it is. The last of several values counts. */
static int read_hook_request(struct lxc_call *call, struct error *err)
{
	int r;

	call->request.subject.engine = ENGINE_LXC;
	call->request.subject.annotation = call->annotation;
	call->request.subject.keys = &policy_environment;
	call->request.subject.name = trusted_name(call);
	call->request.id = call->name;
	if (call->moment == MOMENT_NONE)
		return err_reason(err, REASON_HOOK_MISPLACED,
				  err_set(err, EINVAL,
					  "called for \"%s\", not as lxc.hook.mount or "
					  "lxc.hook.start-host; register it as one of them",
					  call->type));
	if (call->moment == MOMENT_HOST) {
		r = read_lxc_config(call, err);
		if (call->request.subject.n > 0 || r < 0)
			return r;
	}
	for (int i = 0; i < VARIABLES; i++)
		add_annotation(call, variables[i], getenv(variables[i]));
	return 0;
}

static int init_set_mergeable(struct inject_target *init, struct error *err)
{
	int r = container_init_set_mergeable(init, err);

	if (r == 0)
		log_debug("the init was stopped for %d us", init->stopped_us);
	return r;
}

/*
 * The caller must be the PID 1 of a namespace of its own that still sees the /proc of the
 * one around it: that is what LXC's mount hook finds and no service of a host does.
 */
static int merge_parent(const struct lxc_call *call, struct error *err)
{
	__cleanup(close_fd) int pidfd = -1;
	struct inject_target t = { .pid = getppid(), .proc_pid = call->parent };

	if (t.pid != 1)
		return err_reason(err, REASON_HOOK_MISPLACED,
				  err_set(err, EPERM,
					  "the caller is not PID 1 of a pid namespace; where a "
					  "container shares another's, register "
					  "lxc.hook.start-host instead"));
	if (!call->outside)
		return err_reason(err, REASON_HOOK_MISPLACED,
				  err_set(err, EPERM,
					  "the caller is not a container that LXC is setting "
					  "up: /proc shows its own pid namespace"));
	t.pidfd = pidfd = proc_pin(t.pid);
	if (pidfd < 0)
		return err_reason(err, REASON_INIT_GONE,
				  err_errno(err, -pidfd, "pidfd_open of process %d", t.pid));
	return init_set_mergeable(&t, err);
}

static int merge_lxc_pid(const struct container_decision *c, struct error *err)
{
	__cleanup(close_fd) int pidfd = -1;
	struct inject_target t = { 0 };
	int r = lxc_pid(&t.pid, err);
	bool merged = false;

	if (r < 0)
		return r;
	t.pidfd = pidfd = proc_pin(t.pid);
	if (pidfd < 0)
		return err_reason(err, REASON_INIT_GONE,
				  err_errno(err, -pidfd, "pidfd_open of process %d", t.pid));
	r = container_init_check(t.pid, NULL, err);
	if (r == 0)
		merged = layout_start(&c->decision, c->id, NULL, &t, true);
	if (r == 0 && !merged)
		r = init_set_mergeable(&t, err);
	if (r == -EACCES)
		return err_reason(err, REASON_TARGET_SECCOMP,
				  err_set(err, EACCES,
					  "the container's init is under its seccomp profile "
					  "already, which only root on the host can suspend; "
					  "register lxc.hook.mount instead, which comes before "
					  "it"));
	return r;
}

/*
 * What is left of the parser and the tracer would be handed to our parent, the PID 1 of a
 * container that need not know how to wait for children.
 */
static void reap(void)
{
	static const struct timespec nap = { .tv_nsec = 100000 };
	int64_t deadline = now_ms() + REAP_MS;
	pid_t r;

	while ((r = waitpid(-1, NULL, WNOHANG)) >= 0 && now_ms() < deadline) {
		if (r == 0)
			nanosleep(&nap, NULL);
	}
}

/*
 * Behind the mount hook LXC sets the personality that lxc.arch stands for, and the host's
 * files are not in reach of a container with mapped ids.
 */
static void consider_layout(const struct lxc_call *call, struct decision *d)
{
	if (!d->group[0])
		return;
	if (call->moment == MOMENT_HOST && !call->limits)
		return;
	d->group[0] = '\0';
	if (call->limits) {
		d->unshared_reason = REASON_LAYOUT_LIMIT_STACK;
		snprintf(d->unshared, sizeof(d->unshared),
			 "it has a stack or address space limit of its own");
	}
	if (call->moment == MOMENT_SETUP)
		log_info("the layout is lxc.hook.start-host's to share, see docs/lxc.md");
}

static const struct command_syntax lxc_command __help_section = {
	.arguments = ARGUMENTS_NONE,
	.synopsis = "[NAME lxc TYPE]",
	.about =
		"LXC hook, which Incus and Proxmox VE call as well: register it as\n"
		"lxc.hook.mount, or as lxc.hook.start-host where a container shares another\n"
		"one's pid namespace. LXC appends NAME, \"lxc\" and TYPE, or sets them in the\n"
		"environment (lxc.hook.version = 1).\n"
		"\n"
		"A container opts in with lxc.environment = KSM_MERGE=yes, which makes its init\n"
		"mergeable before it executes the workload. KSM_MERGE=no opts out;\n"
		"KSM_REQUIRED=yes fails the start where merging is not possible.\n",
	.examples =
		"lxc.hook.mount = /usr/sbin/ksm-hook lxc\n"
		"lxc.environment = KSM_MERGE=yes\n",
	.see_also = "ksm-hook-hooks(8), ksm-hook.conf(5), lxc.container.conf(5)",
	.option = {
		HOOK_OPTION_CONFIG,
		{ "" },
	},
};

static int merge_container(int argc, char **argv, struct lxc_call *call)
{
	struct container_decision c;
	struct error err = { "" };
	int r, status;

	if (hook_begin_request(&lxc_command, argc, argv, &call->request, &c, &status) ==
	    HOOK_DONE)
		return status;
	consider_layout(call, &c.decision);
	if (c.decision.method == METHOD_PRELOAD) {
		const char *preload = getenv("LD_PRELOAD");

		if (preload && strstr(preload, "libksm_preload.so")) {
			log_info("the preload library makes it mergeable");
			return 0;
		}
		(void)err_reason(
			&err, REASON_PRELOAD_MISSING,
			err_set(&err, ENOENT,
				"method preload, and lxc.environment has no LD_PRELOAD "
				"with libksm_preload.so; include ksm-preload.conf, see "
				"docs/lxc.md"));
		return hook_failed(&c.decision, &err);
	}
	r = call->moment == MOMENT_HOST ? merge_lxc_pid(&c, &err) : merge_parent(call, &err);
	if (r < 0)
		return hook_failed(&c.decision, &err);
	log_info("made mergeable");
	/* a process that is born in the container's pid namespace would be the container's */
	if (call->moment == MOMENT_HOST)
		boost_start(false);
	return 0;
}

int applet_lxc(int argc, char **argv)
{
	struct lxc_call call = { 0 };
	struct error ignored = { "" };
	int status;

	argc = who_calls(argc, argv, &call);
	if (call.moment == MOMENT_END) {
		log_init(argv[0], true);
		layout_end(NULL, NULL, NULL);
		return 0;
	}
	(void)proc_parent(&call.parent, &call.outside);
	/* no hook on the host is in a pid namespace of its own: the container's environment says so */
	if (call.moment == MOMENT_HOST && call.outside && !call.by_arguments)
		call.moment = MOMENT_NONE;
	if (call.moment == MOMENT_HOST)
		(void)lxc_pid(&call.request.pid, &ignored);
	else
		call.request.pid = call.parent;
	call.request.result = read_hook_request(&call, &call.request.err);
	status = merge_container(argc, argv, &call);
	if (call.moment == MOMENT_SETUP)
		reap();
	return status;
}
