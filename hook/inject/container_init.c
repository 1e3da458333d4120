/* SPDX-License-Identifier: Apache-2.0 */
/* The init of a container that is being started: is it ours, and make it mergeable. */
#include "inject/container_init.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/macros.h"
#include "kernel/ksm.h"
#include "kernel/proc.h"

/* A runtime's init waits in read(): it enters the kernel when asked to, or never. */
#define INIT_TIMEOUT_MS 1000
/* How far above the hook the init's parent is looked for. */
#define ANCESTORS_MAX 4

/*
 * Who may stand between the runtime and the hook: what executes a script that is registered as
 * the hook, and LXC's `sh -c`. Anybody else above us is the runtime, or LXC's monitor.
 */
static const char *const shells[] = { "ash",  "bash", "busybox", "dash", "ksh", "ksh93",
				      "mksh", "sh",   "toybox",  "yash", "zsh" };

static const struct inject_call merge_call[] = { { PR_SET_MEMORY_MERGE, 1 } };

/* By its program: a script's name is its own choice. */
static bool is_shell(pid_t pid)
{
	char link[32], path[PATH_MAX];
	const char *name;
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%d/exe", pid);
	n = readlink(link, path, sizeof(path) - 1);
	if (n <= 0)
		return false;
	path[n] = '\0';
	name = strrchr(path, '/');
	for (size_t i = 0; name && i < ARRAY_SIZE(shells); i++) {
		if (strcmp(name + 1, shells[i]) == 0)
			return true;
	}
	return false;
}

int container_init_check(pid_t pid, struct proc_stat *seen, struct error *err)
{
	struct proc_stat target, st;
	pid_t ancestor = getppid();
	uint64_t not_before = 0;

	if (proc_stat(pid, &target) < 0)
		return err_reason(err, REASON_INIT_GONE,
				  err_set(err, ESRCH, "there is no process %d", pid));
	if (target.kernel_thread)
		return err_reason(err, REASON_INIT_FOREIGN,
				  err_set(err, EINVAL, "process %d is a kernel thread", pid));
	for (int i = 0; i < ANCESTORS_MAX && ancestor > 1; i++) {
		if (target.ppid == ancestor && pid != getpid() && target.start >= not_before) {
			if (seen)
				*seen = target;
			return 0;
		}
		if (pid == ancestor || proc_stat(ancestor, &st) < 0)
			break;
		/*
		 * crun forks twice for a user namespace, so that what started it (conmon, a
		 * shim), by a shell or not, gets the init. What else has the same parent is
		 * older than this runtime; and nobody gets it who is further above.
		 */
		if (!is_shell(ancestor)) {
			if (not_before)
				break;
			not_before = st.start;
		}
		ancestor = st.ppid;
	}
	return err_reason(err, REASON_INIT_FOREIGN,
			  err_set(err, EPERM,
				  "process %d is not a child of the runtime that called this "
				  "hook",
				  pid));
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
