/* SPDX-License-Identifier: Apache-2.0 */
/* The OCI hook stage poststart: verify that every process is mergeable, repair what is not. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "applets/applets.h"
#include "base/error.h"
#include "base/io.h"
#include "base/macros.h"
#include "base/options.h"
#include "containers/conmon.h"
#include "containers/identify.h"
#include "inject/container_init.h"
#include "inject/set_mergeable.h"
#include "kernel/process.h"
#include "kernel/watched.h"
#include "oci/hook_stage.h"
#include "policy/config.h"
#include "policy/stop.h"

/* A workload may be busy; poststart must not hold up the start for long. */
#define REPAIR_TIMEOUT_MS 250
/* How long poststart waits where the runtime has let its init go (crun). */
#define EXEC_WAIT_MS 1000
/* How long it waits behind the start where the init is still held (runc). */
#define START_WAIT_MS 60000
/* Processes in one pass, and passes. */
#define PROCESSES_MAX 512
#define PASSES_MAX    8

struct process_list {
	pid_t *pid; /* room for PROCESSES_MAX */
	size_t n;
	pid_t parent;
};

static int add_children_of(pid_t tid, void *arg)
{
	struct process_list *l = arg;
	char path[48], *text = NULL, *end;
	size_t room = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", l->parent, tid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (getline(&text, &room, f) > 0) {
		for (char *p = text; l->n < PROCESSES_MAX; p = end) {
			pid_t child = (pid_t)strtol(p, &end, 10);

			if (end == p)
				break;
			l->pid[l->n++] = child;
		}
	}
	free(text);
	fclose(f);
	return 0;
}

/* The init and all that descends from it. */
static size_t processes_of(pid_t init, pid_t *list)
{
	struct process_list l = { .pid = list, .n = 1 };

	list[0] = init;
	for (size_t i = 0; i < l.n; i++) {
		l.parent = list[i];
		(void)proc_for_each_thread(l.parent, add_children_of, &l);
	}
	return l.n;
}

/* The container's init, and how to tell whether its number still means it. */
struct pinned_init {
	pid_t pid;
	int pidfd;
};

/*
 * The number is the parser's answer. `start` is another process than the one that made the init, and
 * not above it: there it has to be in a container at least, or below the monitor that was told of this
 * one. A process of the host is never made mergeable.
 */
static int check_init(const struct container_decision *c, struct error *err)
{
	struct container_name name;
	struct conmon_args told;
	int r = container_init_check(c->pid, NULL, err);

	if (r == 0 || err->reason != REASON_INIT_FOREIGN)
		return r;
	if (container_of(c->pid, &name) || conmon_of(c->pid, c->id, &told))
		return 0;
	return err_reason(err, REASON_INIT_FOREIGN,
			  err_set(err, EPERM,
				  "process %d is neither a child of the runtime that called "
				  "this hook nor in a container",
				  c->pid));
}

/*
 * Is it the init, or does it descend from it? A process that has ended meanwhile may have left
 * its number to a stranger, of which neither is true.
 */
static bool is_of_init(const void *arg, pid_t pid)
{
	const struct pinned_init *init = arg;
	struct proc_stat st;

	for (int i = 0; pid > 1 && pid != init->pid; i++) {
		if (i == PROCESSES_MAX || proc_stat(pid, &st) < 0)
			return false;
		pid = st.ppid;
	}
	return pid == init->pid && proc_is_there(init->pidfd);
}

/*
 * Repeat until a pass finds nothing, and all of them still there: a process may fork meanwhile,
 * and end. Returns the number of
 * processes that are not mergeable even so, with err about one of them.
 */
static size_t verify(pid_t pid, int pidfd, struct error *err)
{
	static pid_t list[PROCESSES_MAX];
	const struct pinned_init init = { pid, pidfd };
	struct set_mergeable m = { .method = MERGE_BY_PRCTL,
				   .may_go_on = stop_check,
				   .timeout_ms = REPAIR_TIMEOUT_MS,
				   .still_right = is_of_init,
				   .arg = &init };
	size_t failed, repaired;
	ssize_t r = 1;

	watched_group_by(container_key);
	for (int i = 0; i < PASSES_MAX && (r > 0 || (r == 0 && m.ended)); i++)
		r = set_mergeable_pass(&m, list, processes_of(pid, list), err);
	failed = set_mergeable_failed(&m);
	repaired = m.n - failed;
	for (size_t i = 0; i < m.n; i++) {
		if (!merge_row_failed(&m.row[i]))
			continue;
		*err = m.row[i].err;
		err_wrap(err, 0, "process %d", m.row[i].pid);
	}
	set_mergeable_free(&m);
	if (repaired)
		log_info("%zu processes had lost mergeability and are mergeable again",
			 repaired);
	return r < 0 ? failed + 1 : failed;
}

/*
 * runc runs poststart hooks at the end of `create`, when its init has not executed the
 * workload yet and nothing can have been lost: wait for that in a process of its own, so
 * that the start goes on. It holds no descriptor an engine could wait for.
 */
static void verify_behind(const struct container_decision *c, int pidfd, off_t runtime_size)
{
	pid_t pid = fork();
	struct error err;
	int null;

	if (pid != 0) {
		if (pid < 0)
			log_warning("fork of the verifier: %s", strerror(errno));
		return;
	}
	setsid();
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = 0; null >= 0 && fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	if (null < 0 || !process_wait_for_exec(c->pid, pidfd, runtime_size, START_WAIT_MS))
		_exit(0);
	if (verify(c->pid, pidfd, &err))
		log_reason(LOG_LEVEL_WARNING, err.reason, "not made mergeable: %s", err.msg);
	_exit(0);
}

static const struct command_syntax poststart_command __help_section = {
	.arguments = ARGUMENTS_NONE,
	.synopsis = "<STATE",
	.about =
		"OCI hook for the stage poststart; runtimes call it with the container's state\n"
		"on standard input. Checks that all processes of a container that opted in are\n"
		"mergeable, and makes those mergeable that are not. It is needed on kernels\n"
		"that lose the setting at execve(2), Linux 6.4 to 6.9; ksm-hook status tells.\n"
		"\n"
		"The exit status is 0, also when it is called wrongly; it is 1 only where\n"
		"merging is required and was not possible.\n",
	.examples =
		"cat /usr/share/containers/oci/hooks.d/50-ksm-hook.json\n",
	.see_also = "ksm-hook-hooks(8), ksm-hook.conf(5), oci-hooks(5)",
	.option = {
		HOOK_OPTION_CONFIG,
		{ "" },
	},
};

int applet_poststart(int argc, char **argv)
{
	off_t runtime_size = process_program_size(getppid());
	__cleanup(close_fd) int pidfd = -1;
	struct container_decision c;
	struct error err;
	int status;

	if (hook_begin(&poststart_command, argc, argv, &c, &status) == HOOK_DONE)
		return status;
	if (c.decision.method == METHOD_PRELOAD ||
	    (c.decision.method == METHOD_AUTO && ksm_self_is_merged() < 0))
		return 0; /* createRuntime has said what there is to say */
	pidfd = c.pid > 1 ? proc_pin(c.pid) : -ESRCH;
	if (pidfd < 0) {
		(void)err_reason(&err, REASON_INIT_GONE,
				 err_set(&err, -pidfd, "there is no process %d", c.pid));
		return hook_failed(&c.decision, &err);
	}
	if (check_init(&c, &err) < 0)
		return hook_failed(&c.decision, &err);
	if (process_program_size(c.pid) == runtime_size && !c.running) {
		verify_behind(&c, pidfd, runtime_size);
		return 0;
	}
	process_wait_for_exec(c.pid, pidfd, runtime_size, EXEC_WAIT_MS);
	if (!verify(c.pid, pidfd, &err))
		return 0;
	/* `ksm-hook stop` came meanwhile, which fails no container's start */
	c.decision.required &= err.reason != REASON_HOST_STOPPED;
	return hook_failed(&c.decision, &err);
}
