/* SPDX-License-Identifier: Apache-2.0 */
/* economize: disable merging for a container that was looked at. */
#include "applets/economize_disable.h"

#include <errno.h>
#include <stdlib.h>

#include "inject/set_mergeable.h"
#include "kernel/memory_headroom.h"
#include "stats/economy_place.h"

/* For a process to enter the kernel, and for the calls of a batch, which copy: as detach has it. */
#define ENTER_MS   1000
#define CALLS_MS   10000
#define PASSES_MAX 64

static int check_room(const struct set_mergeable *m, const struct economize_target *t,
		      struct error *err)
{
	struct room_need *need;
	size_t n;
	int r = set_mergeable_copies(m, economize_target_walk, t, &need, &n, err);

	if (r < 0)
		return r;
	r = room_check(need, n, err);
	free(need);
	return r;
}

static void sum_up(struct economize_change *out, const struct set_mergeable *m,
		   struct error *err)
{
	out->failed = set_mergeable_failed(m);
	for (size_t i = 0; i < m->n; i++) {
		const struct merge_row *row = &m->row[i];

		out->done += row->result == 0;
		if (row->stopped_us > out->stopped_us)
			out->stopped_us = row->stopped_us;
		if (row->result < 0 && !row->gone)
			*err = row->err;
	}
}

int economize_disable(const struct economize_target *t, struct economize_change *out,
		      struct error *err)
{
	struct set_mergeable m = { .off = true,
				   .method = MERGE_BY_PRCTL,
				   .timeout_ms = ENTER_MS,
				   .call_ms = CALLS_MS,
				   .still_right = economize_target_has,
				   .arg = t };
	ssize_t r = 1;
	size_t found;

	*out = (struct economize_change){ 0 };
	if (!economy_place_costs_more(&t->place))
		return err_reason(err, REASON_ECONOMY_NOT_KNOWN,
				  err_set(err, EAGAIN,
					  "its processes cost no more than they save"));
	if (check_room(&m, t, err) < 0)
		return err->reason == REASON_HOST_HEADROOM ? -ENOMEM : -EIO;
	for (int i = 0; r > 0 && i < PASSES_MAX; i++)
		r = set_mergeable_walk(&m, economize_target_walk, t, &found, err);
	if (r > 0)
		r = err_set(err, EAGAIN, "new processes appear faster than they are changed");
	sum_up(out, &m, err);
	if (r == 0 && out->failed)
		r = -EIO;
	set_mergeable_free(&m);
	return (int)r;
}
