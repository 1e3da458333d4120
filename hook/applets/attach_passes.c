/* SPDX-License-Identifier: Apache-2.0 */
/* Of ksm-hook attach and detach: the targets are walked over until none is left that is not as wanted. */
#include "applets/attach_passes.h"

#include <errno.h>
#include <stdlib.h>

#include "containers/targets.h"
#include "kernel/memory_headroom.h"

/* For a process to enter the kernel: first for all, then once more for those that did not. */
#define FIRST_TIMEOUT_MS  50
#define SECOND_TIMEOUT_MS 1000
/* Passes until none is found; who forks faster than this many is reported. */
#define PASSES_MAX 64

struct gated_visit {
	const struct merge_gate *gate;
	int (*visit)(pid_t pid, void *to);
	void *to;
};

static int visit_if_passed(pid_t pid, void *arg)
{
	const struct gated_visit *v = arg;

	return merge_gate_passes(v->gate, pid) ? v->visit(pid, v->to) : 0;
}

static int walk_targets(const void *gate, int (*visit)(pid_t pid, void *to), void *to,
			struct error *err)
{
	struct gated_visit v = { gate, visit, to };

	return target_for_each(v.gate->set, visit_if_passed, &v, err);
}

bool attach_is_still_right(const void *gate, pid_t pid)
{
	const struct merge_gate *g = gate;

	return target_match(g->set, pid) && merge_gate_passes(g, pid);
}

int attach_passes(struct set_mergeable *m, struct merge_gate *gate, size_t *found,
		  struct error *err)
{
	ssize_t r = 1;
	bool again = true;

	m->n_lost = 0;
	m->timeout_ms = FIRST_TIMEOUT_MS;
	for (int i = 0; r > 0; i++) {
		if (i == PASSES_MAX)
			return err_set(
				err, EAGAIN,
				"new processes appear faster than they are made mergeable: "
				"try again, or --watch");
		r = merge_gate_judge(gate, err);
		if (r == 0)
			r = set_mergeable_walk(m, walk_targets, gate, found, err);
		if (r == 0 && again && set_mergeable_failed(m)) {
			again = false;
			m->retry = true;
			m->n_lost = 0;
			m->timeout_ms = SECOND_TIMEOUT_MS;
			r = set_mergeable_walk(m, walk_targets, gate, found, err);
			m->retry = false;
			m->timeout_ms = FIRST_TIMEOUT_MS;
		}
	}
	return (int)r;
}

int attach_check_headroom(const struct set_mergeable *m, const struct merge_gate *gate,
			  struct error *err)
{
	struct room_need *need;
	size_t n;
	int r = set_mergeable_copies(m, walk_targets, gate, &need, &n, err);

	if (r < 0)
		return r;
	r = room_check_or_force(need, n, err);
	free(need);
	return r;
}

int attach_reopen_gate(struct set_mergeable *m, struct merge_gate *gate, bool sparse,
		       bool force, struct error *err)
{
	int r = merge_gate_open(gate, err);

	m->max_sparse = gate->max_sparse;
	if (r == 0 && sparse && !m->max_sparse)
		r = err_set(err, EINVAL,
			    "--sparse: the configuration has no \"max_sparse\", see "
			    "ksm-hook.conf(5)");
	if (r == 0 && sparse && !force)
		r = attach_check_headroom(m, gate, err);
	return r;
}
