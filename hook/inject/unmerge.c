/* SPDX-License-Identifier: Apache-2.0 */
/* Unmerge all processes of the machine, in steps that leave memory for everything else. */
#include "inject/unmerge.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "inject/set_mergeable.h"
#include "kernel/memory_headroom.h"
#include "kernel/proc.h"

/* For a process to enter the kernel, and for the calls of a step, which copy. */
#define STEP_TIMEOUT_MS 1000
#define STEP_CALLS_MS   60000

/* Lists are made anew until one has nothing new; who forks faster is reported. */
#define ROUNDS_MAX 64
/* In so many of them something may fail. */
#define FAILING_ROUNDS_MAX 3

static int walk_all(const void *none, int (*visit)(pid_t pid, void *to), void *to,
		    struct error *err)
{
	int r = proc_for_each(visit, to);

	(void)none;
	return r < 0 ? err_errno(err, -r, "/proc") : r;
}

static int by_bytes_down(const void *a, const void *b)
{
	const struct room_need *x = a, *y = b;

	return (x->bytes < y->bytes) - (x->bytes > y->bytes);
}

static int64_t sum_of(const struct room_need *need, size_t n)
{
	int64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += need[i].bytes;
	return sum;
}

static int too_large(const struct room_need *need, int64_t limit, int64_t available,
		     struct error *err)
{
	char a[16], b[16], c[16], d[16];

	return err_reason(
		err, REASON_HOST_HEADROOM,
		err_set(err, ENOMEM,
			"process %d alone needs %s, and of the %s that are available a step "
			"may "
			"take %s: %s too little; free memory or give a larger --budget, and "
			"call this again to go on",
			need->pid, format_bytes(a, sizeof(a), need->bytes),
			format_bytes(b, sizeof(b), available),
			format_bytes(c, sizeof(c), limit),
			format_bytes(d, sizeof(d), need->bytes - limit)));
}

/* How many of these make a step; -ENOMEM where the first alone is too large. */
static ssize_t step_size(const struct unmerge *u, const struct room_need *need, size_t n,
			 struct error *err)
{
	int64_t available = room_available(), limit = available / 100 * u->percent, bytes = 0;
	size_t i = 0;

	if (available < 0)
		return err_set(err, ENODATA, "/proc/meminfo has no MemAvailable");
	while (i < n && bytes + need[i].bytes <= limit)
		bytes += need[i++].bytes;
	return i ? (ssize_t)i : too_large(need, limit, available, err);
}

static int take_step(struct unmerge *u, const struct room_need *need, size_t n, size_t all,
		     struct error *err)
{
	struct set_mergeable m = { .off = true,
				   .method = MERGE_BY_AUTO,
				   .timeout_ms = STEP_TIMEOUT_MS,
				   .call_ms = STEP_CALLS_MS };
	struct unmerge_step step = { 0, sum_of(need, n), sum_of(need + n, all - n), 0 };
	pid_t *pids = calloc(n, sizeof(*pids));
	ssize_t done;

	if (!pids)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < n; i++)
		pids[i] = need[i].pid;
	done = set_mergeable_pass(&m, pids, n, err);
	free(pids);
	step.processes = m.n - set_mergeable_failed(&m);
	step.available = room_available();
	u->done += step.processes;
	u->failed += set_mergeable_failed(&m);
	for (size_t i = 0; i < m.n; i++) {
		if (merge_row_failed(&m.row[i]))
			u->last_err = m.row[i].err;
	}
	set_mergeable_free(&m);
	if (done > 0 && step.processes)
		u->progress(&step);
	return done < 0 ? (int)done : 0;
}

/* Everything that is mergeable now. *changed: there was something. */
static int one_round(struct unmerge *u, bool first, bool *changed, struct error *err)
{
	const struct set_mergeable plan = { .off = true, .method = MERGE_BY_AUTO };
	struct room_need *need;
	size_t n, at = 0;
	int r = set_mergeable_copies(&plan, walk_all, NULL, &need, &n, err);

	if (r < 0)
		return r;
	/* the largest first */
	qsort(need, n, sizeof(*need), by_bytes_down);
	if (first)
		r = room_check(need, n, err);
	/* of who is mergeable there may be a child by now, though nothing of it is merged */
	*changed = r == 0 && n > 0;
	while (r == 0 && at < n) {
		ssize_t some = step_size(u, need + at, n - at, err);

		r = some < 0 ? (int)some : take_step(u, need + at, (size_t)some, n - at, err);
		at += some > 0 ? (size_t)some : 0;
	}
	free(need);
	return r;
}

int unmerge_in_steps(struct unmerge *u, struct error *err)
{
	bool changed = true;
	int failing = 0, r = 0;

	for (int i = 0; r == 0 && changed; i++) {
		if (i == ROUNDS_MAX)
			return err_set(
				err, EAGAIN,
				"new processes appear faster than they are unmerged: try "
				"again");
		u->failed = 0;
		r = one_round(u, i == 0, &changed, err);
		/*
		 * One whose memory was locked, as it is while copies are made for a call that a
		 * stop has left behind, may be done by now. But nobody who cannot be stopped
		 * costs a second for as long as others make themselves mergeable.
		 */
		if (u->failed && ++failing == FAILING_ROUNDS_MAX)
			break;
	}
	return r;
}
