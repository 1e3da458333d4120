/* SPDX-License-Identifier: Apache-2.0 */
/* The OCI hook stages createRuntime and prestart, which inject, and poststop. */
#include <errno.h>
#include <stdbool.h>

#include "applets/applets.h"
#include "base/error.h"
#include "base/io.h"
#include "base/log.h"
#include "base/options.h"
#include "inject/container_init.h"
#include "inject/inject.h"
#include "kernel/proc.h"
#include "ksmd/boost.h"
#include "layout/layout.h"
#include "oci/hook_stage.h"
#include "oci/method.h"

static const struct command_syntax create_runtime_command __help_section = {
	.arguments = ARGUMENTS_NONE,
	.synopsis = "<STATE",
	.about =
		"OCI hook for the stage createRuntime, and for prestart, the older name of it:\n"
		"register one of the two. Runtimes call it with the container's state on\n"
		"standard input.\n"
		"\n"
		"Where the container opts in (annotation io.ksm.merge=true) and the\n"
		"configuration allows it, makes its init mergeable before it executes the\n"
		"workload: everything in the container inherits that.\n"
		"\n"
		"The exit status is 0, so that no container fails to start because of the hook,\n"
		"also when it is called wrongly; it is 1 only where merging is required and was\n"
		"not possible.\n",
	.examples =
		"cat /usr/share/containers/oci/hooks.d/50-ksm-hook.json\n",
	.see_also = "ksm-hook-hooks(8), ksm-hook.conf(5), oci-hooks(5)",
	.option = {
		HOOK_OPTION_CONFIG,
		{ "" },
	},
};

static const struct command_syntax poststop_command __help_section = {
	.arguments = ARGUMENTS_NONE,
	.synopsis = "<STATE",
	.about =
		"OCI hook for the stage poststop; runtimes call it with the container's state\n"
		"on standard input. Removes what was stored about the container: its names\n"
		"(ksm-hook ps) and its place in a group of a shared layout.\n"
		"\n"
		"The exit status is 0.\n",
	.examples =
		"cat /usr/share/containers/oci/hooks.d/50-ksm-hook-poststop.json\n",
	.see_also = "ksm-hook-hooks(8), ksm-hook-ps(8), oci-hooks(5)",
	.option = {
		HOOK_OPTION_CONFIG,
		{ "" },
	},
};

/* t->pidfd is the caller's to close. */
static int find_init(pid_t pid, struct inject_target *t, struct error *err)
{
	*t = (struct inject_target){ .pid = pid, .pidfd = -1 };
	if (pid == 0)
		return err_reason(
			err, REASON_INIT_MISSING,
			err_set(err, EINVAL,
				"container state: has no process yet (\"pid\" is missing or "
				"0); "
				"register the hook for createRuntime, not createContainer"));
	t->pidfd = proc_pin(pid);
	if (t->pidfd == -ESRCH)
		return err_reason(err, REASON_INIT_GONE,
				  err_set(err, ESRCH, "there is no process %d", pid));
	if (t->pidfd < 0)
		return err_errno(err, -t->pidfd, "pidfd_open of process %d", pid);
	return container_init_check(pid, &t->seen, err);
}

int applet_create_runtime(int argc, char **argv)
{
	struct container_decision c;
	struct inject_target t;
	enum method_way way;
	struct error err;
	bool injects, merged = false;
	int status, r;

	if (hook_begin(&create_runtime_command, argc, argv, &c, &status) == HOOK_DONE)
		return status;
	metadata_write(c.id, c.pid, &c.metadata);
	r = method_choose(&c, &way, &err);
	if (r < 0)
		status = hook_failed(&c.decision, &err);
	injects = r == 0 && way == METHOD_WAY_INJECT;
	if (r == 0 && !injects) {
		log_info("the preload library makes it mergeable");
		boost_start(false);
	}
	if (status != 0 || (!injects && !layout_concerns(&c.decision)))
		return status;
	r = find_init(c.pid, &t, &err);
	if (r == 0)
		merged = layout_start(&c.decision, c.id, c.bundle, &t, injects);
	if (r == 0 && injects && !merged)
		r = container_init_set_mergeable(&t, &err);
	close_fd(&t.pidfd);
	if (r < 0)
		return hook_failed(&c.decision, &err);
	if (injects) {
		if (!merged)
			log_debug("the init was stopped for %d us", t.stopped_us);
		log_info("made mergeable");
		boost_start(false);
	}
	return status;
}

int applet_poststop(int argc, char **argv)
{
	struct container_decision c;
	int status;

	if (hook_begin_last(&poststop_command, argc, argv, &c, &status) == HOOK_DONE)
		return status;
	metadata_remove(c.id);
	layout_end(c.decision.group[0] ? c.decision.group : NULL, c.id, NULL);
	return 0;
}
