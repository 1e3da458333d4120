/* SPDX-License-Identifier: Apache-2.0 */
/* Which processes there are: one rule for ps, metrics, doctor, attach and estimate. */
#include "kernel/process.h"

#include <errno.h>
#include <unistd.h>

/*
 * The rule is here and not in stats/, where processes are measured: what makes processes
 * mergeable (inject/), names them (containers/) and reads them (estimate/) goes by it too, and
 * none of these may include stats/.
 */
int process_find(pid_t pid, struct process *out)
{
	out->pid = out->task = pid;
	if (proc_stat(pid, &out->stat) < 0 || out->stat.kernel_thread)
		return -ESRCH;
	if (out->stat.state != 'Z' && out->stat.state != 'X')
		return 0;
	return out->stat.threads > 1 ? proc_live_thread(pid, &out->task) : -ESRCH;
}

struct visitor {
	int (*visit)(const struct process *p, void *arg);
	void *arg;
	pid_t self;
};

static int visit_if_there(pid_t pid, void *arg)
{
	const struct visitor *v = arg;
	struct process p;

	if (pid == v->self || process_find(pid, &p) < 0)
		return 0;
	return v->visit(&p, v->arg);
}

int process_for_each(int (*visit)(const struct process *p, void *arg), void *arg)
{
	struct visitor v = { visit, arg, getpid() };

	return proc_for_each(visit_if_there, &v);
}

ssize_t process_command(pid_t pid, char *out, size_t size)
{
	ssize_t n = proc_read(pid, "comm", out, size);

	/* one newline is /proc's, any other one the name's */
	if (n > 0 && out[n - 1] == '\n')
		out[--n] = '\0';
	return n;
}
