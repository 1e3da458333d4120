/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: how fast ksmd is to scan while there is something new, and when that is over. */
#ifndef KSM_BOOST_PLAN_H
#define KSM_BOOST_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "ksmd/settings.h"

/* What was seen; all but started is since the boot. */
struct boost_sample {
	int64_t ms;
	int64_t cpu_us; /* ksmd's; -1 where that is not known */
	int64_t scans;  /* full ones */
	int64_t known;  /* pages that ksmd keeps an account of */
	int64_t looked; /* how many times it looked at one, or passed over it; 0: not counted */
	bool started;   /* a container was, since the last sample */
};

struct boost {
	struct profile_rate rate;
	int64_t pages; /* pages_to_scan as it should be now */
	int64_t started_ms;
	int64_t met;       /* full scans by which what has been started is met */
	int64_t enough;    /* full scans that do for all that is known, */
	int64_t tail;      /* and how far the one after them has to go */
	int64_t scan_from; /* looked, when the scan that is on had begun, or before */
	int64_t at;        /* looked, when there were enough; 0: not yet */
	int64_t grown_ms;  /* when a check found something new */
	bool idle;         /* all is merged; what may come is waited for */
	struct boost_sample last, check;
};

/* started_in: the scan that was on when the container started. */
void boost_begin(struct boost *b, const struct profile_rate *rate, int64_t started_in,
		 const struct boost_sample *s);

/* Take in a sample and adjust pages. False: it is over. */
bool boost_step(struct boost *b, const struct boost_sample *s);

#endif
