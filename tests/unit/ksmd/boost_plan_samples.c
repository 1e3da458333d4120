/* SPDX-License-Identifier: Apache-2.0 */
/* What a boost makes of a single sample, and of few: does it go on, and at which rate? */
#include "ksmd/boost_plan.h"

#include "base/macros.h"
#include "check.h"

static const struct profile_rate rate = { .first = 1000, .most = 4000, .percent = 18 };

/* One sample after a beginning at 1000 s, scan 10 and 100000 pages that are known. */
static const struct {
	const char *what;
	int64_t after_ms, scans, grown;
	bool started, goes_on;
} one_sample[] = {
	{ "the least", 9999, 13, 0, false, true },
	{ "all is scanned", 10000, 13, 0, false, false },
	{ "not yet", 10000, 12, 0, false, true },
	{ "at the most", 300000, 12, 0, false, false },
	{ "nearly the most", 299999, 12, 0, false, true },
	{ "a start", 300000, 13, 0, true, true },
	{ "nothing that is new", 10000, 13, 0, false, false },
	{ "little that is new", 10000, 13, 501, false, false },
	{ "something new", 10000, 13, 502, false, true },
};

static void samples(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(one_sample); i++) {
		struct boost_sample s = { .ms = 1000000, .scans = 10, .known = 100000 };
		struct boost b;

		check_case = one_sample[i].what;
		boost_begin(&b, &rate, s.scans, &s);
		s.ms += one_sample[i].after_ms;
		s.scans = one_sample[i].scans;
		s.known += one_sample[i].grown;
		s.started = one_sample[i].started;
		CHECK_INT(boost_step(&b, &s), one_sample[i].goes_on);
	}
	check_case = "";
}

/* What is new has to be scanned twice, and what a new process has perhaps a time more. */
static void scans_that_follow(void)
{
	struct boost_sample s = { .ms = 1000000, .scans = 10, .known = 100 };
	struct boost b;

	boost_begin(&b, &rate, s.scans, &s);
	s.ms += 1999;
	s.known += 255;
	CHECK(boost_step(&b, &s));
	/* new since the last look, not since the last sample */
	s.ms += 1;
	s.known += 1;
	s.scans = 20;
	CHECK(boost_step(&b, &s));
	s.ms += 8000;
	s.scans = 21;
	CHECK(boost_step(&b, &s));
	s.scans = 22;
	CHECK(!boost_step(&b, &s));
	/* less than is worth a scan */
	s.known += 255;
	s.ms += 2000;
	CHECK(!boost_step(&b, &s));
	/* scans that take no time do not end it before there were two looks more */
	s.known += 256;
	s.ms += 2000;
	s.scans += 10;
	CHECK(boost_step(&b, &s));
	s.ms += 3999;
	s.scans += 10;
	CHECK(boost_step(&b, &s));
	s.ms += 1;
	CHECK(!boost_step(&b, &s));
	s.started = true;
	CHECK(boost_step(&b, &s));
	s.started = false;
	s.ms += 10000;
	s.scans += 2;
	CHECK(boost_step(&b, &s));
	s.scans++;
	CHECK(!boost_step(&b, &s));
}

/* From 1000 pages: what ksmd used in so many milliseconds, and the pages then. */
static const struct {
	int64_t percent, ms, cpu_us, pages;
} shares[] = {
	{ 18, 500, 90000, 1000 },  { 18, 500, 75000, 1243 }, { 18, 500, 100000, 878 },
	{ 18, 500, 45000, 2000 },  { 18, 500, 200000, 500 }, { 18, 500, 0, 2000 },
	{ 18, 500, 500000, 500 },  { 18, 500, 600000, 500 }, { 18, 100, 15000, 1243 },
	{ 18, 99, 14850, 1000 },   { 18, 500, -1, 1000 },    { 50, 500, 300000, 666 },
	{ 50, 500, 250000, 1000 }, { 80, 500, 450000, 500 }, { 80, 500, 425000, 705 },
};

static void pages_of_a_share(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(shares); i++) {
		const struct profile_rate of = { 1000, 4000, shares[i].percent };
		struct boost_sample s = { .ms = 1000000, .cpu_us = 5000 };
		struct boost b;

		boost_begin(&b, &of, s.scans, &s);
		s.ms += shares[i].ms;
		s.cpu_us = shares[i].cpu_us < 0 ? -1 : s.cpu_us + shares[i].cpu_us;
		CHECK(boost_step(&b, &s));
		CHECK_INT(b.pages, shares[i].pages);
		/* it is known again, but from when on is not */
		if (shares[i].cpu_us < 0) {
			s.ms += 500;
			s.cpu_us = 1000000;
			CHECK(boost_step(&b, &s));
			CHECK_INT(b.pages, shares[i].pages);
		}
	}
}

int main(void)
{
	RUN(samples);
	RUN(scans_that_follow);
	RUN(pages_of_a_share);
	return check_end();
}
