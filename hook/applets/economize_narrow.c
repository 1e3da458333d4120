/* SPDX-License-Identifier: Apache-2.0 */
/* economize: have only those parts of a container scanned that hold something merged. */
#include "applets/economize_narrow.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "inject/merge_plan.h"
#include "inject/narrow.h"

/*
 * So much time one container may take, and so many of it may not answer: nobody keeps the others
 * from their turn.
 */
#define CONTAINER_MS 20000
#define LOST_MAX     3

/* What is to be done to a process. 0, 1: nothing, or -errno with err. */
typedef int economize_step(const struct narrow_target *t, struct economize_change *out,
			   struct error *err);

static int narrow_one(const struct narrow_target *t, struct economize_change *out,
		      struct error *err)
{
	struct narrowed done = { 0 };
	struct piece_plan p;
	uint64_t freed;
	int r = narrow_plan(t, &p, err);

	freed = r == 0 ? piece_plan_freed(&p) : 0;
	if (r == 0 && !piece_plan_pays(&p)) {
		out->kept += p.pages;
		r = 1;
	}
	if (r == 0)
		r = narrow_process(t, &p, &done, err);
	if (done.stopped_us > out->stopped_us)
		out->stopped_us = done.stopped_us;
	out->runs += done.runs;
	if (r == 0) {
		if (freed > out->most_freed) {
			out->most_freed = freed;
			out->anchor = t->pid;
		}
		out->pages += p.pages;
		out->freed += freed;
		out->kept += p.pages - freed;
	}
	free(p.run);
	return r;
}

static int widen_one(const struct narrow_target *t, struct economize_change *out,
		     struct error *err)
{
	struct narrowed done;
	int r = widen_process(t, &done, err);

	if (done.stopped_us > out->stopped_us)
		out->stopped_us = done.stopped_us;
	return r;
}

struct economizing {
	const struct economize_target *t;
	economize_step *step;
	struct economize_change *out;
	int64_t end_ms;
	int lost;
};

/* One that is still mergeable as the kernel says. */
static int take_process(struct economizing *e, const struct merge_work *w, struct error *err)
{
	const struct narrow_target one = { w->pid, w->start, economize_target_has, e->t };
	int r;

	if (w->kind != MERGE_OFF)
		return err_reason(err, REASON_TARGET_UNREADABLE,
				  err_set(err, EBUSY,
					  "not tried: its memory cannot be looked at"));
	if (e->lost == LOST_MAX || now_ms() >= e->end_ms)
		return err_reason(
			err, REASON_TARGET_SKIPPED,
			err_set(err, ETIMEDOUT,
				"not tried: others of its container did not answer in "
				"time, or took too long"));
	r = e->step(&one, e->out, err);
	e->lost += r < 0 && r != -ESRCH;
	return r;
}

static int each_process(const struct economize_target *t, economize_step *step,
			struct economize_change *out, struct error *err)
{
	const struct merge_wish wish = { .off = true, .method = MERGE_BY_PRCTL };
	struct economizing e = { t, step, out, now_ms() + CONTAINER_MS, 0 };
	struct merge_work *w = NULL;
	size_t n = 0;
	int r = merge_plan(&wish, economize_target_walk, t, &w, &n, err);

	*out = (struct economize_change){ 0 };
	for (size_t i = 0; r == 0 && i < n; i++) {
		struct error failure;
		int one;

		if (!w[i].pid || w[i].kind == MERGE_NOTHING)
			continue;
		one = take_process(&e, &w[i], &failure);
		out->done += one == 0;
		if (one < 0 && one != -ESRCH) {
			out->failed++;
			*err = failure;
		}
	}
	free(w);
	return r < 0 ? r : out->failed ? -EIO : 0;
}

int economize_narrow(const struct economize_target *t, struct economize_change *out,
		     struct error *err)
{
	return each_process(t, narrow_one, out, err);
}

int economize_widen(const struct economize_target *t, struct economize_change *out,
		    struct error *err)
{
	return each_process(t, widen_one, out, err);
}
