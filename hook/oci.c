/* SPDX-License-Identifier: Apache-2.0 */
/* The OCI hook stages createRuntime and prestart, which inject, and poststop. */
#include "applets.h"
#include "burst.h"
#include "hook.h"
#include "inject.h"
#include "method.h"
#include "proc.h"

static int inject_init(pid_t pid, struct error *err)
{
	__cleanup(close_fd) int pidfd = -1;
	struct inject_target t = { .pid = pid };
	int r;

	if (pid == 0)
		return err_set(err, EINVAL,
			       "container state: has no process yet (\"pid\" is missing or 0); "
			       "register the hook for createRuntime, not createContainer");
	t.pidfd = pidfd = proc_pin(pid);
	if (pidfd == -ESRCH)
		return err_set(err, ESRCH, "there is no process %d", pid);
	if (pidfd < 0)
		return err_errno(err, -pidfd, "pidfd_open of process %d", pid);
	r = hook_is_ours(pid, err);
	if (r < 0)
		return r;
	return hook_inject(&t, err);
}

int applet_create_runtime(int argc, char **argv)
{
	struct hook_verdict v;
	struct error err;
	int status;

	if (hook_begin(argv[0], argc, argv, &v, &status) == HOOK_DONE)
		return status;
	record_write(v.id, v.pid, &v.record);
	if (method_injects(&v, &status) == HOOK_DONE)
		return status;
	if (inject_init(v.pid, &err) < 0)
		return hook_failed(&v, &err);
	log_info("made mergeable");
	burst_start(false);
	return 0;
}

int applet_poststop(int argc, char **argv)
{
	struct hook_verdict v;
	int status;

	if (hook_begin(argv[0], argc, argv, &v, &status) == HOOK_DONE)
		return status;
	record_remove(v.id);
	return 0;
}
