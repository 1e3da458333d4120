/* SPDX-License-Identifier: Apache-2.0 */
/* Does merging a container pay? Pure: what ksm-hook economize decides by. */
#ifndef KSM_ECONOMY_H
#define KSM_ECONOMY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/reason.h"
#include "stats/snapshot.h"

/* Of a container: the first of the looks, without a break, that saw it cost more than it saves. */
struct economy_past {
	bool known;
	int64_t scans; /* full scans that ksmd had completed then */
	int64_t ms;    /* CLOCK_MONOTONIC */
};

/* Now. */
struct economy_now {
	int64_t scans, ms;
	int64_t min_age_ms; /* for so long it has to have cost more */
};

/* Bytes. Clearly: by a quarter. */
bool economy_costs_clearly_more(int64_t cost, int64_t saving);

/* No verdict: no merging to disable, or nothing of a container's. */
bool economy_concerns(const struct container_stats *c);

/* Has the next look to know of this one? */
bool economy_is_suspect(const struct container_stats *c);

/*
 * Why a container stays as it is, or REASON_ECONOMY_COSTS_MORE: then merging is to be disabled.
 * off: the administrator or the container wants none of it.
 */
enum reason economy_judge(const struct container_stats *c, bool off,
			  const struct economy_past *past, const struct economy_now *now);

#endif
