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
/* Checks for what is new are so far apart, or a scan, and then it is at least this much of all. */
#define CHECK_MS INT64_C(2000)
#define NEW_PART 200
#define NEW_MIN  256
/* While what has been started is being met, all counts that is more than two readings differ by themselves. */
#define NEW_FEW 64
/* While all is merged, a scan takes two seconds or more: of 20 ms each, which all profiles have. */
#define IDLE_BATCHES 100
/* And that is at most this part of the rate to begin with, as another look at much takes as long as merging it. */
#define IDLE_PART 4
/* Shorter than this a share of the CPU is noise. */
#define SHARE_MS 100

static void need(struct boost *b, int64_t scans, int64_t tail)
{
	if (scans < b->enough || (scans == b->enough && tail <= b->tail))
		return;
	b->enough = scans;
	b->tail = tail;
	b->at = 0;
}

/*
 * A new process is put where the scan that is on has passed (__ksm_enter() of mm/ksm.c), but where ksmd had nothing to
 * scan: the next one meets all of it. What that finds is merged by the one after, up to there (note_growth()), and
 * nothing is where all was met before. A kernel that does not count says not how far: the whole of it.
 */
static void need_for_start(struct boost *b, int64_t scan, const struct boost_sample *s)
{
	b->met = scan + 2;
	need(b, s->looked ? b->met : b->met + 1, 0);
}

void boost_begin(struct boost *b, const struct profile_rate *rate, int64_t started_in,
		 const struct boost_sample *s)
{
	*b = (struct boost){ .rate = *rate,
			     .pages = rate->first,
			     .started_ms = s->ms,
			     /* no further back than all that there is */
			     .scan_from = s->looked - s->known,
			     .last = *s,
			     .check = *s };
	need_for_start(b, started_in, s);
	/* what the next one has met before this sample was not seen to be new */
	if (s->scans > started_in)
		need(b, b->met + 1, 0);
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

/*
 * What a scan found that was new is merged when the next one has come as far; a whole scan more would be a third of a
 * boost's work. Where a scan has ended since the last sample, the new one began after that.
 */
static void note_growth(struct boost *b, const struct boost_sample *s)
{
	bool meeting = s->looked && b->last.scans < b->met, ended = s->scans != b->last.scans;
	bool due = meeting || s->ms >= b->check.ms + CHECK_MS;
	int64_t least = clamp_to(s->known / NEW_PART, NEW_MIN, INT64_MAX);
	bool grown = s->known - b->check.known >= (meeting ? NEW_FEW : least) &&
		     (ended || due || b->idle);

	if (ended)
		b->scan_from = b->last.looked;
	if (grown && s->looked)
		need(b, s->scans + 1, s->looked - b->scan_from);
	else if (grown) /* a kernel that does not count */
		need(b, s->scans + SCANS, 0);
	/* what has ended may hide as much that is new */
	if (meeting && b->last.known - s->known >= NEW_FEW)
		need(b, b->met + 1, 0);
	if (grown)
		b->grown_ms = s->ms;
	if (grown || due)
		b->check = *s;
}

static bool all_is_merged(struct boost *b, const struct boost_sample *s)
{
	if (s->scans != b->enough)
		return s->scans > b->enough;
	if (b->at == 0)
		b->at = s->looked;
	return s->looked - b->at >= b->tail;
}

/* To scan hard what is merged, in wait of more, would be ten times the work of a small container. */
static void pause_or_resume(struct boost *b, const struct boost_sample *s, bool merged)
{
	int64_t most = clamp_to(s->known / IDLE_BATCHES, b->rate.first / 10,
				b->rate.first / IDLE_PART);

	if (merged && b->pages > most)
		b->pages = most;
	else if (!merged && b->idle && b->pages < b->rate.first)
		b->pages = b->rate.first;
	b->idle = merged;
}

bool boost_step(struct boost *b, const struct boost_sample *s)
{
	bool merged;

	if (s->started) {
		b->started_ms = s->ms;
		need_for_start(b, s->scans, s);
	}
	adjust_pages(b, s);
	note_growth(b, s);
	merged = all_is_merged(b, s);
	pause_or_resume(b, s, merged);
	b->last = *s;
	if (s->ms < b->started_ms + LEAST_MS)
		return true;
	/* without anything to scan, ksmd sleeps and counts no scans */
	if (s->known == 0 || s->ms >= b->started_ms + MOST_MS)
		return false;
	/* where there is little, scans are shorter than the time between two checks */
	return !merged || s->ms < b->grown_ms + 2 * CHECK_MS;
}
