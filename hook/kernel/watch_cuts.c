/* SPDX-License-Identifier: Apache-2.0 */
/* Which containers have used up the time in which their processes may be read. */
#include "kernel/watch_cuts.h"

#include <string.h>

#include "base/clock.h"

/*
 * So long may the mappings of one container's processes take to be read in one run, then the rest of it
 * is left out: a page that a FUSE file system answers just before it counts as held up is no process held
 * up, and 3,000 such take an hour. smaps_rollup of 100 GiB takes about a second. And once all containers
 * took half a minute together, each has little.
 */
static const struct read_limits limits = { .each_ms = 5000, .all_ms = 30000, .least_ms = 200 };

void watch_cuts_begin(struct watch_cuts *c)
{
	memset(&c->budget, 0, sizeof(c->budget));
	c->budget.limit = limits;
}

const struct watched_cut *watch_cuts_all(const struct watch_cuts *c, size_t *n)
{
	*n = __atomic_load_n(&c->n, __ATOMIC_ACQUIRE);
	if (*n > WATCH_CUTS_MAX)
		*n = WATCH_CUTS_MAX;
	return c->cut;
}

bool watch_cuts_have(const struct watch_cuts *c, uint64_t group)
{
	size_t n;
	const struct watched_cut *cut = watch_cuts_all(c, &n);

	for (size_t i = 0; i < n; i++) {
		if (cut[i].group == group)
			return true;
	}
	return false;
}

/* Two threads may find so at once: it is then there twice. */
void watch_cuts_charge(struct watch_cuts *c, pid_t pid, uint64_t group, int64_t ms)
{
	size_t at;

	read_budget_use(&c->budget, group, 1000 * ms);
	if (read_budget_is_left(&c->budget, group) || watch_cuts_have(c, group))
		return;
	at = __atomic_fetch_add(&c->n, 1, __ATOMIC_ACQ_REL);
	if (at < WATCH_CUTS_MAX)
		c->cut[at] = (struct watched_cut){ group, pid, now_ms() };
	else
		__atomic_fetch_sub(&c->n, 1, __ATOMIC_ACQ_REL);
}

void watch_cuts_forget(struct watch_cuts *c, int64_t ms, size_t max)
{
	size_t old = 0;

	watch_cuts_all(c, &c->n);
	while (old < c->n && old < max && now_ms() - c->cut[old].ms > ms)
		old++;
	c->n -= old;
	memmove(c->cut, c->cut + old, c->n * sizeof(*c->cut));
}
