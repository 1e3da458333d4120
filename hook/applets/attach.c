/* SPDX-License-Identifier: Apache-2.0 */
/* ksm-hook attach and detach: make running processes mergeable, or disable merging for them. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "applets/applets.h"
#include "applets/attach_passes.h"
#include "applets/attach_report.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/options.h"
#include "containers/targets.h"
#include "doctor/merge_gate.h"
#include "inject/set_mergeable.h"
#include "kernel/privileges.h"
#include "ksmd/boost.h"
#include "policy/config.h"
#include "policy/stop.h"

/*
 * A call takes the target's time: unmerging copies, and on a busy machine a target has to
 * wait for its turn. Who gives up early meets his own tracer when he tries again.
 */
#define CALLS_MAX_MS    10000
#define WATCH_DEFAULT_S 10
#define WATCH_MAX_S     86400

struct attach_options {
	bool off, all, force, json, sparse;
	const char *method_name;
	enum merge_method method;
	int watch_s; /* 0: do not */
	int64_t begun_us, elapsed_us;
};

#define OPTION_ALL                                                          \
	OPTION_FLAG(struct attach_options, all, "all",                      \
		    "every container, but no process of the host and not\n" \
		    "the container that ksm-hook itself runs in")
#define OPTION_JSON OPTION_FLAG(struct attach_options, json, "json", "report in JSON")
#define OPTION_WATCH                                                                        \
	OPTION_NUMBER(struct attach_options, watch_s, "watch", "[SECONDS]", 1, WATCH_MAX_S, \
		      WATCH_DEFAULT_S,                                                      \
		      "look again every 10 seconds, or every SECONDS, until a\n"            \
		      "signal comes or all targets have ended. By default not")

static const struct command_syntax attach_command __help_section = {
	.arguments = ARGUMENTS_ANYWHERE,
	.synopsis = "[TARGET...]",
	.about =
		"Make running containers or processes mergeable without restarting them; what\n"
		"they start later inherits that. Name TARGETs, or give --all. The report has a\n"
		"line for each process that was changed.\n"
		"\n"
		"A TARGET is a process (NUMBER or pid:NUMBER), a container as ksm-hook ps lists\n"
		"it (NAME, or ENGINE:NAME), or a cgroup with all below it (a path as in\n"
		"/proc/PID/cgroup).\n",
	.examples =
		"ksm-hook attach web lxc:db 4711 /system.slice/redis.service\n"
		"ksm-hook attach --all --watch=30\n",
	.see_also = "ksm-hook-attach(8), ksm-hook-ps(8), ksm-hook-estimate(8)",
	.option = {
		OPTION_ALL,
		OPTION_TEXT(struct attach_options, method_name, "method", "auto|prctl|madvise",
			    "prctl: all memory that a process has and will have;\n"
			    "madvise: the memory that it has now; auto: prctl where\n"
			    "the kernel has it, else madvise. Default: auto"),
		OPTION_WATCH,
		OPTION_FLAG(struct attach_options, force, "force",
			    "also what the configuration denies, or while it is not\n"
			    "valid or only observes"),
		OPTION_JSON,
		{ "" },
	},
};

static const struct command_syntax detach_command __help_section = {
	.arguments = ARGUMENTS_ANYWHERE,
	.synopsis = "[TARGET...]",
	.about =
		"Disable merging for running containers or processes, and unmerge what is\n"
		"merged: every process gets its own copy of each page again. Name TARGETs, or\n"
		"give --all. Refused where there is not enough memory for the copies.\n"
		"\n"
		"A TARGET is a process (NUMBER or pid:NUMBER), a container as ksm-hook ps lists\n"
		"it (NAME, or ENGINE:NAME), or a cgroup with all below it (a path as in\n"
		"/proc/PID/cgroup).\n",
	.examples =
		"ksm-hook detach web\n"
		"ksm-hook detach --all --force\n"
		"ksm-hook detach --all --sparse --watch=5\n",
	.see_also = "ksm-hook-attach(8), ksm-hook-ps(8)",
	.option = {
		OPTION_ALL,
		OPTION_TEXT(struct attach_options, method_name, "method", "auto|prctl|madvise",
			    "prctl: clear the setting of the process; madvise: that\n"
			    "of its mappings only; auto: whatever a process has.\n"
			    "Default: auto"),
		OPTION_FLAG(struct attach_options, sparse, "sparse",
			    "only processes with more address space without memory\n"
			    "in it than \"max_sparse\" of the configuration"),
		OPTION_WATCH,
		OPTION_FLAG(struct attach_options, force, "force",
			    "do not check whether there is memory for the copies"),
		OPTION_JSON,
		{ "" },
	},
};

static enum merge_method method_of(const char *name)
{
	return strcmp(name, "prctl") == 0   ? MERGE_BY_PRCTL :
	       strcmp(name, "madvise") == 0 ? MERGE_BY_MADVISE :
					      MERGE_BY_AUTO;
}

static int parse_attach(int *argc, char **argv, struct attach_options *o, struct error *err)
{
	int r = options_parse(o->off ? &detach_command : &attach_command, argc, argv, o, err);

	if (r != 0)
		return r;
	o->method = method_of(o->method_name);
	if (o->all && *argc > 1)
		return err_set(err, EINVAL, "--all and single targets exclude each other");
	if (!o->all && *argc == 1)
		return err_set(err, EINVAL, "no target given");
	if (o->json && o->watch_s)
		return err_set(err, EINVAL,
			       "--json and --watch exclude each other: the report comes at "
			       "the end, and --watch has none");
	if (o->off && o->watch_s && !o->sparse)
		return err_set(err, EINVAL, "detach --watch is for --sparse only");
	return 0;
}

static void say_if_ksmd_rests(void)
{
	int64_t run;

	if (ksm_sysfs("run", &run) == 0 && run != 1)
		log_warning("nothing is merged as long as ksmd is stopped: "
			    "ksm-hook enable");
}

/* Print what the last pass did, and forget it: who comes again needs it again. */
static size_t report_and_forget(struct set_mergeable *m)
{
	size_t failed = set_mergeable_failed(m);

	for (size_t i = 0; i < m->n; i++) {
		if (m->row[i].result == 0)
			attach_print_row(m, &m->row[i]);
	}
	fflush(stdout);
	if (!m->off && m->n > failed)
		boost_start(true);
	set_mergeable_free(m);
	return failed;
}

/* The signals that end a watch; blocked, so that one is seen between two passes only. */
static sigset_t end_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	return set;
}

/*
 * Keep up with what is new until a signal comes or all that was meant has ended; 0, or 1 if
 * something failed in the last pass. A failure is said when it is another number than
 * before, not each time; that merging is stopped, or not meant by the configuration, once, and it
 * is looked again as before.
 */
static int watch_targets(const struct attach_options *o, struct set_mergeable *m,
			 struct merge_gate *gate, size_t found)
{
	const struct timespec nap = { .tv_sec = o->watch_s };
	sigset_t ends = end_signals();
	size_t failed = set_mergeable_failed(m), before = failed;
	enum reason said = REASON_NONE;
	int r = 0;

	set_mergeable_free(m);
	while (r < 0 || found || o->all || merge_gate_refused(gate)) {
		struct error err;

		fflush(stdout);
		if (sigtimedwait(&ends, NULL, &nap) > 0)
			break;
		/* tracers that ended behind our back */
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		err.reason = REASON_NONE;
		r = attach_reopen_gate(m, gate, o->sparse, o->force, &err);
		if (r == 0)
			r = attach_passes(m, gate, &found, &err);
		if (r < 0 && !(said == err.reason && said != REASON_NONE))
			log_reason(LOG_LEVEL_WARNING, err.reason, "%s", err.msg);
		said = err.reason;
		attach_print_skipped(gate);
		if (set_mergeable_failed(m) > before)
			attach_log_failures(m);
		before = failed = report_and_forget(m);
	}
	return failed ? 1 : 0;
}

/* What the configuration says of this command: *refused is set with -errno. */
static int open_gate(const struct attach_options *o, struct set_mergeable *m,
		     struct merge_gate *gate, bool *refused, struct error *err)
{
	int r = attach_reopen_gate(m, gate, o->sparse, o->force, err);

	if (r == 0)
		r = merge_gate_judge(gate, err);
	if (r == 0 && !o->all)
		r = merge_gate_check_named(gate, err);
	*refused = r < 0;
	return r;
}

static int attach_targets(struct attach_options *o, struct merge_gate *gate)
{
	struct set_mergeable m = { .off = o->off,
				   .may_go_on = o->off ? NULL : stop_check,
				   .method = o->method,
				   .named = !o->all,
				   .call_ms = CALLS_MAX_MS,
				   .still_right = attach_is_still_right,
				   .arg = gate };
	struct error err = { 0 };
	sigset_t ends = end_signals();
	size_t found = 0;
	bool refused = false;
	int r = 0, status;

	if (o->off && !o->sparse && !o->force)
		r = attach_check_headroom(&m, gate, &err);
	if (o->watch_s)
		sigprocmask(SIG_BLOCK, &ends, NULL);
	if (r == 0 && (!o->off || o->sparse))
		r = open_gate(o, &m, gate, &refused, &err);
	if (r == 0)
		r = attach_passes(&m, gate, &found, &err);
	o->elapsed_us = now_us() - o->begun_us;
	if (r < 0)
		log_reason(LOG_LEVEL_ERROR, err.reason, "%s", err.msg);
	status = r < 0 || set_mergeable_failed(&m) ? 1 : 0;
	if (r == 0 || m.n) {
		attach_log_failures(&m);
		if (!o->json)
			attach_print_text(&m, gate, o->elapsed_us);
		else if (attach_print_json(&m, gate, o->elapsed_us) != 0)
			status = 1;
	}
	if (!o->off && r == 0)
		say_if_ksmd_rests();
	if (!o->off && m.n > set_mergeable_failed(&m))
		boost_start(true);
	/* who asks while merging is stopped is refused; who watches already rests meanwhile */
	if (o->watch_s && !refused && err.reason != REASON_HOST_STOPPED)
		status = watch_targets(o, &m, gate, found);
	set_mergeable_free(&m);
	return status;
}

static int attach_command_line(int argc, char **argv, bool off)
{
	struct attach_options o = { .off = off, .method_name = "auto", .begun_us = now_us() };
	struct target_set set;
	struct merge_gate gate = { .set = &set };
	struct error err;
	int status, r;

	log_init(argv[0], false);
	r = parse_attach(&argc, argv, &o, &err);
	if (r != 0)
		return options_exit(argv[0], r, &err);
	if (o.all && geteuid() != 0) {
		log_error("--all: only root sees all containers");
		return 1;
	}
	if (privileges_reduce(PRIVILEGES_INJECT, &err) < 0) {
		log_error("%s", err.msg);
		return 1;
	}
	if (target_resolve(&set, argv + 1, (size_t)(argc - 1), o.all, &err) < 0) {
		log_reason(LOG_LEVEL_ERROR, err.reason, "%s", err.msg);
		status = 1;
	} else {
		gate.config = o.sparse || !(off || o.force) ? CONFIG_PATH : NULL;
		gate.bound_only = o.sparse;
		status = attach_targets(&o, &gate);
	}
	merge_gate_free(&gate);
	target_free(&set);
	return status;
}

int applet_attach(int argc, char **argv)
{
	return attach_command_line(argc, argv, false);
}

int applet_detach(int argc, char **argv)
{
	return attach_command_line(argc, argv, true);
}
