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

static bool was_long_enough(const struct economy_past *past, enum economy_seen seen,
			    const struct economy_now *now)
{
	return past->known && past->seen == seen && now->scans - past->scans >= ECONOMY_SCANS &&
	       now->ms - past->ms >= now->min_age_ms;
}

bool economy_is_steady(int64_t cost, const struct economy_past *past)
{
	int64_t d = cost > past->cost ? cost - past->cost : past->cost - cost;

	return d <= past->cost / 20;
}

struct economy_past economy_remember(const struct economy_past *past, enum economy_seen seen,
				     const struct economy_figures *f,
				     const struct economy_now *now)
{
	/* else it is of another boot */
	bool goes_on = past->known && past->seen == seen && past->scans <= now->scans &&
		       past->ms <= now->ms;

	if (goes_on && (seen != ECONOMY_SEEN_STEADY || economy_is_steady(f->cost, past)))
		return *past;
	return (struct economy_past){ true, now->scans, now->ms, seen, f->cost, f->merged };
}

/* It has grown by half of what was left of it; or a tenth more or less of it is merged. */
static bool has_changed(const struct economy_figures *f, const struct economy_past *past)
{
	int64_t d =
		f->merged > past->merged ? f->merged - past->merged : past->merged - f->merged;

	return f->cost - past->cost > past->cost / 2 + ECONOMY_COST_MIN ||
	       d > past->merged / 10;
}

enum reason economy_judge_pieces(const struct economy_figures *f,
				 const struct economy_past *past, const struct economy_now *now)
{
	if (past->known && past->seen == ECONOMY_SEEN_NARROWED) {
		if (was_long_enough(past, ECONOMY_SEEN_NARROWED, now) &&
		    (has_changed(f, past) || now->ms - past->ms >= now->again_ms))
			return REASON_ECONOMY_AGAIN;
		return REASON_ECONOMY_NARROWED;
	}
	/* what is mostly equal has few pieces without */
	if (f->cost <= ECONOMY_COST_MIN || f->merged * 4 > f->scanned * 3)
		return REASON_ECONOMY_PAYS;
	if (was_long_enough(past, ECONOMY_SEEN_STEADY, now) && economy_is_steady(f->cost, past))
		return REASON_ECONOMY_PIECES;
	return REASON_ECONOMY_PAYS;
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
	if (!was_long_enough(past, ECONOMY_SEEN_DEAR, now))
		return REASON_ECONOMY_WATCHED;
	return REASON_ECONOMY_COSTS_MORE;
}
