/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: how fast ksmd is to scan while there is something new, and when that is over. */
#include "ksmd/boost_plan.h"

/* A program needs time to fill its memory. */
#define LEAST_MS 10000
/* However much there is, and whoever changes it all the time. */
#define MOST_MS 300000
/*
 * A scan takes a checksum of each page that it did not know, and the one after that merges what
 * has not changed (cmp_and_merge_page() of mm/ksm.c): what is met first in one scan is merged
 * when the next has ended.
 */
#define SCANS 2
/* Checks for what is new are so far apart, and then it is at least this much of all. */
#define CHECK_MS INT64_C(2000)
#define NEW_PART 200
#define NEW_MIN  256
/* Shorter than this a share of the CPU is noise. */
#define SHARE_MS 100

void boost_begin(struct boost *b, const struct profile_rate *rate, const struct boost_sample *s)
{
	*b = (struct boost){ .rate = *rate,
			     .pages = rate->first,
			     .started_ms = s->ms,
			     .enough = s->scans + SCANS + 1,
			     .last = *s,
			     .check = *s };
}

static int64_t clamp_to(int64_t v, int64_t min, int64_t max)
{
	return v < min ? min : v > max ? max : v;
}

/*
 * The sleep between two batches is fixed, so work and rest are as share to 1 - share, and the
 * work is proportional to the pages.
 */
static void adjust_pages(struct boost *b, const struct boost_sample *s)
{
	int64_t ms = s->ms - b->last.ms, share, wanted;

	if (s->cpu_us < 0 || b->last.cpu_us < 0 || ms < SHARE_MS)
		return;
	share = clamp_to((s->cpu_us - b->last.cpu_us) / ms, 1, 999); /* in thousandths */
	wanted = b->pages * (b->rate.percent * 10) * (1000 - share) /
		 (share * (1000 - b->rate.percent * 10));
	/* one sample is not to be believed altogether */
	wanted = clamp_to(wanted, b->pages / 2, b->pages * 2);
	b->pages = clamp_to(wanted, b->rate.first / 10, b->rate.most);
}

static void note_growth(struct boost *b, const struct boost_sample *s)
{
	int64_t least = s->known / NEW_PART > NEW_MIN ? s->known / NEW_PART : NEW_MIN;

	if (s->known - b->check.known >= least) {
		b->enough = s->scans + SCANS;
		b->grown_ms = s->ms;
	}
	b->check = *s;
}

bool boost_step(struct boost *b, const struct boost_sample *s)
{
	if (s->started) {
		b->started_ms = s->ms;
		/* the scan that is on has passed where the new process is put in the list */
		b->enough = s->scans + SCANS + 1;
	}
	adjust_pages(b, s);
	if (s->ms >= b->check.ms + CHECK_MS)
		note_growth(b, s);
	b->last = *s;
	if (s->ms < b->started_ms + LEAST_MS)
		return true;
	/* without anything to scan, ksmd sleeps and counts no scans */
	if (s->known == 0 || s->ms >= b->started_ms + MOST_MS)
		return false;
	/* where there is little, scans are shorter than the time between two checks */
	return s->scans < b->enough || s->ms < b->grown_ms + 2 * CHECK_MS;
}
