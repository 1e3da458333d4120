/* SPDX-License-Identifier: Apache-2.0 */
/* How fast ksmd scans in a boost, and when one is over: on a ksmd that is imagined. */
#include "ksmd/boost_plan.h"

#include "base/macros.h"
#include "check.h"

#define TICK_MS INT64_C(500)

static const struct profile_rate rate = { .first = 1000, .most = 4000, .percent = 18 };

/* A ksmd that pays us_per_page and sleeps 20 ms between two batches. */
struct world {
	struct boost b;
	struct boost_sample s;
	double us_per_page;
	int64_t pages, scanned; /* of memory that could be merged; of this scan */
};

static bool tick(struct world *w)
{
	double work_ms = (double)w->b.pages * w->us_per_page / 1000;
	double batches = w->pages ? TICK_MS / (work_ms + 20) : 0;
	bool more;

	w->s.ms += TICK_MS;
	w->s.cpu_us += (int64_t)(batches * work_ms * 1000);
	w->scanned += (int64_t)(batches * (double)w->b.pages);
	w->s.looked += (int64_t)(batches * (double)w->b.pages);
	if (w->s.known < w->pages)
		w->s.known += (int64_t)(batches * (double)w->b.pages);
	if (w->s.known > w->pages)
		w->s.known = w->pages;
	while (w->pages && w->scanned >= w->pages) {
		w->scanned -= w->pages;
		w->s.scans++;
	}
	more = boost_step(&w->b, &w->s);
	w->s.started = false;
	return more;
}

static struct world world(int64_t pages, double us_per_page)
{
	struct world w = { .us_per_page = us_per_page, .pages = pages };

	w.s.scans = 4711;
	w.s.ms = 1000000;
	boost_begin(&w.b, &rate, w.s.scans, &w.s);
	return w;
}

/* Seconds until it is over, with ksmd's share of a CPU. */
static double run(struct world *w, double *share)
{
	int64_t begun = w->s.ms, cpu = w->s.cpu_us;

	while (tick(w) && w->s.ms < begun + 3600000)
		;
	*share = (double)(w->s.cpu_us - cpu) / (double)(w->s.ms - begun) / 10;
	return (double)(w->s.ms - begun) / 1000;
}

/* Whatever a page costs, ksmd gets the share that it may have. */
static void share_is_kept(void)
{
	static const double cost[] = { 1.5, 3.5, 6, 20 };
	double share;

	for (size_t i = 0; i < ARRAY_SIZE(cost); i++) {
		struct world w = world(524288, cost[i]);

		(void)run(&w, &share);
		CHECK(share <= 18.5);
		/* at 1.5 us the most that it may be is reached first */
		CHECK(share >= 17 || w.b.pages == rate.most);
	}
}

/* Three scans, of which the first was on already, and no more. */
static void ends_when_all_is_known(void)
{
	struct world w = world(524288, 3.5);
	double share, seconds = run(&w, &share);

	CHECK_INT(w.s.scans, 4711 + 3);
	CHECK(seconds > 25 && seconds < 35);
	CHECK_INT(w.s.known, 524288);
}

/*
 * The same where the boost has begun after the first scan had ended, as on a host where nothing else is
 * mergeable: what is new is met in the second and merged in the third, and a fourth would find nothing.
 */
static void no_scan_for_nothing(void)
{
	struct world w = world(524288, 3.5);
	double share;

	boost_begin(&w.b, &rate, w.s.scans - 1, &w.s);
	(void)run(&w, &share);
	CHECK_INT(w.s.scans, 4711 + 2);
	/* what the second scan may have met in the sample in which the first ended is met again */
	CHECK(w.s.looked >= INT64_C(2) * 524288 + w.b.tail && w.b.tail > 0);
	CHECK(w.s.looked < INT64_C(2) * 524288 + 524288 / 4);
}

/*
 * A ksmd that scans 20000 pages between two samples, 400000 of them known for long. What is new lies at a place of
 * them, from the next scan on; gone: what has ended when that is met.
 */
static const struct {
	const char *what;
	int64_t begun_in, place, added, gone;
	int64_t looked; /* at so many thousands at least, and at no more than four samples' more, until it is merged */
} hosts[] = {
	{ "at the beginning", 0, 0, 100000, 0, 400 + 500 + 100 },
	{ "in the middle", 0, 200000, 100000, 0, 400 + 500 + 300 },
	{ "at the end", 0, 400000, 100000, 0, 400 + 500 + 500 },
	{ "little", 0, 200000, 1000, 0, 400 + 401 + 201 },
	{ "next to nothing", 0, 200000, 63, 0, 400 + 400 },
	{ "all had been met", 0, 200000, 0, 0, 400 + 400 },
	{ "in place of another", 0, 200000, 40000, 40000, 400 + 400 + 400 },
	{ "in place of less", 0, 200000, 40000, 20000, 400 + 420 + 240 },
	{ "it may have been met unseen", 1, 0, 0, 0, 400 + 400 },
};

static void no_further_than_what_is_new(void)
{
	const int64_t old = 400000, step = 20000;

	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		struct boost_sample s = {
			.ms = 1000000, .scans = 10, .known = old, .looked = 5000000
		};
		int64_t all = old, at = 0, met = 0, begun = s.looked;
		struct boost b;

		check_case = hosts[i].what;
		boost_begin(&b, &rate, 10 - hosts[i].begun_in, &s);
		for (int k = 0; k < 1000; k++) {
			s.ms += TICK_MS;
			s.looked += step;
			at += step;
			if (at >= all) {
				at -= all;
				s.scans++;
				all = old + hosts[i].added - hosts[i].gone;
			}
			if (s.scans > 10 || hosts[i].begun_in) {
				int64_t more = at - hosts[i].place;

				more = more < 0 ? 0 : more;
				met = s.scans > 11 || more > hosts[i].added ? hosts[i].added :
				      more > met                            ? more :
									      met;
			}
			s.known = old + met - (met ? hosts[i].gone : 0);
			if (!boost_step(&b, &s) || (b.idle && s.ms > 1000000 + 10000))
				break;
		}
		CHECK_INT(met, hosts[i].added);
		CHECK(s.looked - begun >= hosts[i].looked * 1000);
		CHECK(s.looked - begun <= hosts[i].looked * 1000 + 4 * step);
	}
	check_case = "";
}

/* What each of these samples sees, 500 ms after the one before, from 10 scans and 100000 pages on. */
static const struct {
	const char *what;
	int64_t scans[6], grown[6], looked[6];
	int64_t enough, tail;
} ends[] = {
	{ "in the first scan",
	  { 10, 10, 10, 10, 10, 10 },
	  { 9, 9, 9, 600 },
	  { 7, 7, 7, 7 },
	  11,
	  100028 },
	{ "as one ends", { 10, 10, 11, 11, 11, 11 }, { 0, 0, 600 }, { 7, 7, 50, 7 }, 12, 50 },
	{ "in both",
	  { 10, 11, 11, 11, 11, 11 },
	  { 0, 600, 600 },
	  { 7, 50, 7, 7, 7, 7 },
	  12,
	  78 },
	{ "in both as they end",
	  { 11, 11, 11, 12, 12, 12 },
	  { 600, 0, 0, 600 },
	  { 50, 7, 7, 60 },
	  13,
	  60 },
	{ "less than counts",
	  { 10, 10, 11, 11, 11, 11 },
	  { 0, 0, 500 },
	  { 7, 7, 50, 7 },
	  11,
	  0 },
	{ "little, then more",
	  { 10, 10, 11, 11, 11, 11 },
	  { 0, 0, 500, 100 },
	  { 7, 7, 7, 40 },
	  12,
	  47 },
	{ "two have ended",
	  { 10, 10, 12, 12, 12, 12 },
	  { 0, 0, 600 },
	  { 7, 7, 50, 7 },
	  13,
	  50 },
};

static void scans_that_end(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		struct boost_sample s = {
			.ms = 1000000, .scans = 10, .known = 100000, .looked = 1000000
		};
		struct boost b;

		check_case = ends[i].what;
		boost_begin(&b, &rate, 8, &s);
		for (int k = 0; k < 6; k++) {
			s.ms += TICK_MS;
			s.scans = ends[i].scans[k];
			s.known += ends[i].grown[k];
			s.looked += ends[i].looked[k];
			CHECK(boost_step(&b, &s));
		}
		CHECK_INT(b.enough, ends[i].enough);
		CHECK_INT(b.tail, ends[i].tail);
		/* as long as nothing else is new, that is its end */
		s.ms += 10000;
		s.scans = b.enough;
		CHECK_INT(boost_step(&b, &s), b.tail > 0);
		s.looked += b.tail > 0 ? b.tail - 1 : 0;
		CHECK_INT(boost_step(&b, &s), b.tail > 0);
		s.looked++;
		CHECK(!boost_step(&b, &s));
	}
	check_case = "";
}

/* Little is merged soon: until the boost ends, what may come is looked for at leisure, and met with all speed. */
static void waits_at_leisure(void)
{
	struct world w = world(16384, 3.5);
	double share;
	int64_t scans, cpu;

	for (int i = 0; i < 8; i++)
		CHECK(tick(&w));
	CHECK(w.b.idle);
	CHECK_INT(w.b.pages, 16384 / 100);
	scans = w.s.scans;
	cpu = w.s.cpu_us;
	for (int i = 0; i < 8; i++)
		CHECK(tick(&w));
	CHECK(w.s.scans > scans && w.s.scans <= scans + 3);
	CHECK(w.s.cpu_us - cpu < 4000 * 1000 / 20);
	w.pages = 300000;
	CHECK(tick(&w));
	CHECK(!w.b.idle);
	CHECK_INT(w.b.pages, rate.first);
	scans = w.s.scans;
	(void)run(&w, &share);
	CHECK(w.s.scans >= scans + 2);
	CHECK_INT(w.s.known, 300000);
	/* of much a scan takes longer, of next to nothing it is not slower than at rest */
	w = world(350000, 0.1);
	while (!w.b.idle)
		CHECK(tick(&w));
	CHECK_INT(w.b.pages, rate.first / 4);
	w = world(1000, 3.5);
	while (!w.b.idle)
		CHECK(tick(&w));
	CHECK_INT(w.b.pages, rate.first / 10);
}

/* What is asked for a start is not taken back by what else is new. */
static void start_is_waited_for(void)
{
	struct boost_sample s = { .ms = 1000000, .scans = 10, .known = 100000 };
	struct boost b;

	boost_begin(&b, &rate, 10, &s);
	s.ms += 10000;
	s.known += 1000;
	CHECK(boost_step(&b, &s));
	CHECK_INT(b.enough, 13);
	s.ms += 10000;
	s.scans = 12;
	CHECK(boost_step(&b, &s));
	s.scans = 13;
	CHECK(!boost_step(&b, &s));
}

static void nothing_to_do(void)
{
	struct world w = world(0, 3.5);
	double share;

	CHECK(run(&w, &share) == 10);
	CHECK_INT(w.s.cpu_us, 0);
	CHECK(w.b.pages <= rate.most);
}

static void little_to_do(void)
{
	struct world w = world(2000, 3.5);
	double share;

	CHECK(run(&w, &share) == 10);
}

/* A start makes it longer, by what a whole boost needs. */
static void another_start(void)
{
	struct world w = world(2000, 3.5);
	double share;

	for (int i = 0; i < 16; i++)
		CHECK(tick(&w));
	w.s.started = true;
	CHECK(tick(&w));
	CHECK(run(&w, &share) == 10);
}

/* What is met late has to be met again. */
static void memory_that_grows(void)
{
	struct world w = world(2000, 3.5);
	int64_t scans;
	double share;

	for (int i = 0; i < 16; i++)
		CHECK(tick(&w));
	w.pages = 400000;
	scans = w.s.scans;
	(void)run(&w, &share);
	CHECK(w.s.scans >= scans + 2);
	CHECK_INT(w.s.known, 400000);
}

/* Churn that never ends, and a host too large for a boost: not for ever. */
static void has_an_end(void)
{
	struct world w = world(1LL << 30, 3.5);
	double share;

	CHECK(run(&w, &share) == 300);
	CHECK(share <= 18.5);
	w = world(10000, 3.5);
	for (int i = 0; i < 599; i++) {
		w.pages += 1000;
		CHECK(tick(&w));
	}
	CHECK(!tick(&w));
}

/* ksmd not to be seen (a pid namespace): the rate to begin with is kept. */
static void share_not_told(void)
{
	struct world w = world(524288, 3.5);

	w.s.cpu_us = -1;
	boost_begin(&w.b, &rate, w.s.scans, &w.s);
	for (int i = 0; i < 10; i++) {
		w.s.ms += TICK_MS;
		CHECK(boost_step(&w.b, &w.s));
	}
	CHECK_INT(w.b.pages, rate.first);
}

static void bounds(void)
{
	struct world w = world(524288, 3.5);

	/* ksmd asleep: up to the most, doubling */
	for (int i = 0; i < 10; i++) {
		int64_t before = w.b.pages;

		w.s.ms += TICK_MS;
		CHECK(boost_step(&w.b, &w.s));
		CHECK(w.b.pages <= 2 * before && w.b.pages <= rate.most);
	}
	CHECK_INT(w.b.pages, rate.most);
	/* and a CPU all of its own: down to a tenth of the first */
	for (int i = 0; i < 8; i++) {
		w.s.ms += TICK_MS;
		w.s.cpu_us += TICK_MS * 1000;
		CHECK(boost_step(&w.b, &w.s));
	}
	CHECK_INT(w.b.pages, rate.first / 10);
	/* two looks at the same time: no division by nothing */
	CHECK(boost_step(&w.b, &w.s));
	CHECK_INT(w.b.pages, rate.first / 10);
}

int main(void)
{
	RUN(share_is_kept);
	RUN(ends_when_all_is_known);
	RUN(no_scan_for_nothing);
	RUN(no_further_than_what_is_new);
	RUN(scans_that_end);
	RUN(waits_at_leisure);
	RUN(start_is_waited_for);
	RUN(nothing_to_do);
	RUN(little_to_do);
	RUN(another_start);
	RUN(memory_that_grows);
	RUN(has_an_end);
	RUN(share_not_told);
	RUN(bounds);
	return check_end();
}
