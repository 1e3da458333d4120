/* SPDX-License-Identifier: Apache-2.0 */
/* economize: disable merging for a container that was looked at. */
#include "applets/economize_disable.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "containers/targets.h"
#include "inject/set_mergeable.h"
#include "kernel/memory_headroom.h"
#include "kernel/proc.h"
#include "stats/economy_place.h"

/* For a process to enter the kernel, and for the calls of a batch, which copy: as detach has it. */
#define ENTER_MS   1000
#define CALLS_MS   10000
#define PASSES_MAX 64

struct disabling {
	struct disabled *d;
	struct memory_cgroup place;
	struct target target;
	struct target_set set;
};

static bool is_the_same(const struct disabled *d)
{
	struct container_name now;
	struct proc_stat st;

	return proc_stat(d->pid, &st) == 0 && st.start == d->start &&
	       container_of(d->pid, &now) && container_name_compare(&now, &d->name) == 0;
}

static int walk_container(const void *arg, int (*visit)(pid_t pid, void *to), void *to,
			  struct error *err)
{
	const struct disabling *w = arg;

	return target_for_each(&w->set, visit, to, err);
}

static bool is_in_container(const void *arg, pid_t pid)
{
	const struct disabling *w = arg;

	return target_match(&w->set, pid) && is_the_same(w->d);
}

static int check_room(const struct set_mergeable *m, const struct disabling *w,
		      struct error *err)
{
	struct room_need *need;
	size_t n;
	int r = set_mergeable_copies(m, walk_container, w, &need, &n, err);

	if (r < 0)
		return r;
	r = room_check(need, n, err);
	free(need);
	return r;
}

static void sum_up(struct disabled *d, const struct set_mergeable *m, struct error *err)
{
	d->failed = set_mergeable_failed(m);
	for (size_t i = 0; i < m->n; i++) {
		const struct merge_row *row = &m->row[i];

		d->done += row->result == 0;
		if (row->stopped_us > d->stopped_us)
			d->stopped_us = row->stopped_us;
		if (row->result < 0 && !row->gone)
			*err = row->err;
	}
}

int economize_disable(struct disabled *d, struct error *err)
{
	struct disabling w = { .d = d };
	struct set_mergeable m = { .off = true,
				   .method = MERGE_BY_PRCTL,
				   .timeout_ms = ENTER_MS,
				   .call_ms = CALLS_MS,
				   .still_right = is_in_container,
				   .arg = &w };
	ssize_t r = 1;
	size_t found;

	/* looked at as well as changed, as who is called by its name may be another one */
	if (!economy_place(&d->name, d->pid, &w.place) || !is_the_same(d))
		return err_reason(err, REASON_TARGET_ENDED,
				  err_set(err, ESRCH, "the container has ended"));
	w.target = (struct target){ .kind = TARGET_CGROUP,
				    .path = w.place.path,
				    .path_len = strlen(w.place.path) };
	w.set = (struct target_set){ &w.target, 1 };
	if (!economy_place_costs_more(&w.place))
		return err_reason(err, REASON_ECONOMY_NOT_KNOWN,
				  err_set(err, EAGAIN,
					  "its processes cost no more than they save"));
	if (check_room(&m, &w, err) < 0)
		return err->reason == REASON_HOST_HEADROOM ? -ENOMEM : -EIO;
	for (int i = 0; r > 0 && i < PASSES_MAX; i++)
		r = set_mergeable_walk(&m, walk_container, &w, &found, err);
	if (r > 0)
		r = err_set(err, EAGAIN, "new processes appear faster than they are changed");
	sum_up(d, &m, err);
	if (r == 0 && d->failed)
		r = -EIO;
	set_mergeable_free(&m);
	return (int)r;
}
