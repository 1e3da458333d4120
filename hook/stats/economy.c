/* SPDX-License-Identifier: Apache-2.0 */
/* Does merging a container pay? Pure: what ksm-hook economize decides by. */
#include "stats/economy.h"

#include <string.h>

/* The cost of 512 pages: nobody is stopped for less (snapshot.c warns of no less either). */
#define ECONOMY_COST_MIN 32768

/*
 * What is new merges in the second scan that it is part of, and a scan may have been under way: a
 * container that costs more after three has had its chance.
 */
#define ECONOMY_SCANS 3

/* It has to cost a quarter more than it saves, so that what is near to that stays as it is. */
bool economy_costs_clearly_more(int64_t cost, int64_t saving)
{
	return cost / 5 * 4 > saving;
}

bool economy_concerns(const struct container_stats *c)
{
	return c->mergeable > 0 && strcmp(c->name.engine, "host") != 0;
}

bool economy_is_suspect(const struct container_stats *c)
{
	return economy_concerns(c) && container_costs_more(c);
}

enum reason economy_judge(const struct container_stats *c, bool off,
			  const struct economy_past *past, const struct economy_now *now)
{
	if (off)
		return REASON_ECONOMY_OFF;
	if (c->group[0])
		return REASON_ECONOMY_SHARED_LAYOUT;
	if (c->by_madvise)
		return REASON_ECONOMY_BY_MADVISE;
	if (c->unknown || c->left_out || c->estimated)
		return REASON_ECONOMY_NOT_KNOWN;
	if (c->cost <= ECONOMY_COST_MIN)
		return REASON_ECONOMY_SMALL;
	if (!economy_costs_clearly_more(c->cost, c->saving.most))
		return REASON_ECONOMY_PAYS;
	if (!past->known || now->scans - past->scans < ECONOMY_SCANS ||
	    now->ms - past->ms < now->min_age_ms)
		return REASON_ECONOMY_WATCHED;
	return REASON_ECONOMY_COSTS_MORE;
}
