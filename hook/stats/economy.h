/* SPDX-License-Identifier: Apache-2.0 */
/* Does merging a container pay? Pure: what ksm-hook economize decides by. */
#ifndef KSM_ECONOMY_H
#define KSM_ECONOMY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/reason.h"
#include "stats/snapshot.h"

/* As what a container was seen, without a break since then. */
enum economy_seen {
	ECONOMY_SEEN_DEAR,     /* it costs more than it saves */
	ECONOMY_SEEN_STEADY,   /* it pays, and costs as much as it did, within a twentieth */
	ECONOMY_SEEN_NARROWED, /* only pieces of it are scanned, since then */
	ECONOMY_SEEN_KINDS
};

struct economy_past {
	bool known;
	int64_t scans; /* full scans that ksmd had completed then */
	int64_t ms;    /* CLOCK_MONOTONIC */
	enum economy_seen seen;
	int64_t cost;   /* of its place (economy_place.h); narrowed: what was left of it */
	int64_t merged; /* pages of it */
};

/* Now. */
struct economy_now {
	int64_t scans, ms;
	int64_t min_age_ms; /* for so long it has to have cost more, or as much */
	int64_t again_ms;   /* so long after it was narrowed all of it is scanned again */
	bool pieces;        /* narrow at all */
};

/* Of the processes of a container's cgroup. */
struct economy_figures {
	int64_t scanned, merged; /* pages */
	int64_t cost, saving; /* bytes: of the kernel's memory; what merging them could save */
};

/* Bytes. Clearly: by a quarter. */
bool economy_costs_clearly_more(int64_t cost, int64_t saving);

/* No verdict: no merging to disable, or nothing of a container's. */
bool economy_concerns(const struct container_stats *c);

/* Does it cost more than it saves, so that the next look has to know of it? */
bool economy_is_suspect(const struct container_stats *c);

/* Is what it costs still that? */
bool economy_is_steady(int64_t cost, const struct economy_past *past);

/*
 * Why a container stays as it is, or REASON_ECONOMY_COSTS_MORE: then merging is to be disabled.
 * off: the administrator or the container wants none of it.
 */
enum reason economy_judge(const struct container_stats *c, bool off,
			  const struct economy_past *past, const struct economy_now *now);

/* What is remembered of one that is now seen as that: since when it is. */
struct economy_past economy_remember(const struct economy_past *past, enum economy_seen seen,
				     const struct economy_figures *f,
				     const struct economy_now *now);

/*
 * Of one that pays. REASON_ECONOMY_PIECES: parts of it that hold nothing merged are to be left out
 * of scans; REASON_ECONOMY_AGAIN: they are to be scanned again; REASON_ECONOMY_NARROWED: they are
 * left out; else REASON_ECONOMY_PAYS, all of it is scanned.
 */
enum reason economy_judge_pieces(const struct economy_figures *f,
				 const struct economy_past *past,
				 const struct economy_now *now);

#endif
