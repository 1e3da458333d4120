/* SPDX-License-Identifier: Apache-2.0 */
/* The init of a container that is being started: is it ours, and make it mergeable. */
#include "inject/container_init.h"

#include <errno.h>
#include <unistd.h>

#include "base/log.h"
#include "base/macros.h"
#include "kernel/ksm.h"
#include "kernel/proc.h"

/* A runtime's init waits in read(): it enters the kernel when asked to, or never. */
#define INIT_TIMEOUT_MS 1000
/* How far above the hook the runtime is looked for: a shell or two may stand between. */
#define ANCESTORS_MAX 4

static const struct inject_call merge_call[] = { { PR_SET_MEMORY_MERGE, 1 } };

int container_init_check(pid_t pid, struct error *err)
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

int container_init_set_mergeable(struct inject_target *init, struct error *err)
{
	int r = inject_run(init, 1, merge_call, ARRAY_SIZE(merge_call), INIT_TIMEOUT_MS, err);

	if (r == 0 && init->result < 0) {
		*err = init->err;
		r = init->result;
	}
	if (r < 0)
		return err_wrap(err, r, "the container's init");
	return 0;
}
