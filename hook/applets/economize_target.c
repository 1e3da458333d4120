/* SPDX-License-Identifier: Apache-2.0 */
/* economize: the container that something is done to, and what was done. */
#include "applets/economize_target.h"

#include <errno.h>
#include <string.h>

#include "kernel/proc.h"
#include "stats/economy_place.h"

static bool is_the_same(const struct economize_target *t)
{
	struct container_name now;
	struct proc_stat st;

	return proc_stat(t->pid, &st) == 0 && st.start == t->start &&
	       container_of(t->pid, &now) && container_name_compare(&now, &t->name) == 0;
}

int economize_target_find(struct economize_target *t, struct error *err)
{
	struct proc_stat st;

	/* changed is what is looked at, as who is called by its name may be another one */
	if (proc_stat(t->pid, &st) < 0)
		goto ended;
	t->start = st.start;
	if (!economy_place(&t->name, t->pid, &t->place) || !is_the_same(t))
		goto ended;
	t->in = (struct target){ .kind = TARGET_CGROUP,
				 .path = t->place.path,
				 .path_len = strlen(t->place.path) };
	t->set = (struct target_set){ &t->in, 1 };
	return 0;
ended:
	return err_reason(err, REASON_TARGET_ENDED,
			  err_set(err, ESRCH, "the container has ended"));
}

int economize_target_walk(const void *arg, int (*visit)(pid_t pid, void *to), void *to,
			  struct error *err)
{
	const struct economize_target *t = arg;

	return target_for_each(&t->set, visit, to, err);
}

bool economize_target_has(const void *arg, pid_t pid)
{
	const struct economize_target *t = arg;

	return target_match(&t->set, pid) && is_the_same(t);
}
