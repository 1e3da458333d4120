/* SPDX-License-Identifier: Apache-2.0 */
/* The OCI hook stages createRuntime and prestart, which inject, and poststop. */
#include <string.h>
#include <unistd.h>

#include "applets.h"
#include "hook.h"
#include "inject.h"
#include "ksm.h"
#include "method.h"
#include "proc.h"

/* A runtime's init waits in read(): it enters the kernel when asked to, or never. */
#define INIT_TIMEOUT_MS 1000

static const struct inject_call merge_call[] = { { PR_SET_MEMORY_MERGE, 1 } };
/* How far above the hook the runtime is looked for: a shell or two may stand between. */
#define ANCESTORS_MAX 4

/*
 * The init of a container that is being created is a child of the runtime, and so are we:
 * any other pid is a mistake (or a hypervisor's), and root should not act on it.
 */
static int check_is_ours(pid_t pid, struct error *err)
{
	struct proc_stat target, st;
	pid_t ancestor = getppid();

	if (proc_stat(pid, &target) < 0)
		return err_set(err, ESRCH, "there is no process %d", pid);
	if (target.kernel_thread)
		return err_set(err, EINVAL, "process %d is a kernel thread", pid);
	for (int i = 0; i < ANCESTORS_MAX && ancestor > 1; i++) {
		if (target.ppid == ancestor && pid != getpid())
			return 0;
		if (proc_stat(ancestor, &st) < 0)
			break;
		ancestor = st.ppid;
	}
	return err_set(err, EPERM,
		       "process %d is not a child of the runtime that called this hook", pid);
}

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
	r = check_is_ours(pid, err);
	if (r < 0)
		return r;
	r = inject_run(&t, 1, merge_call, ARRAY_SIZE(merge_call), INIT_TIMEOUT_MS, err);
	if (r == 0 && t.result < 0) {
		*err = t.err;
		r = t.result;
	}
	if (r < 0)
		return err_wrap(err, r, "the container's init");
	log_debug("the init was stopped for %d us", t.stopped_us);
	return 0;
}

int applet_create_runtime(int argc, char **argv)
{
	struct hook_verdict v;
	struct error err;
	int status;

	if (hook_begin(argv[0], argc, argv, &v, &status) == HOOK_DONE)
		return status;
	if (method_injects(&v, &status) == HOOK_DONE)
		return status;
	if (inject_init(v.pid, &err) < 0)
		return hook_failed(&v, &err);
	log_info("made mergeable");
	return 0;
}

int applet_poststop(int argc, char **argv)
{
	struct hook_verdict v;
	int status;

	/* nothing is kept per container, so there is nothing to undo but to say so */
	if (hook_begin(argv[0], argc, argv, &v, &status) == HOOK_DONE)
		return status;
	return 0;
}
