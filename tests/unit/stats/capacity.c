/* SPDX-License-Identifier: Apache-2.0 */
/* What a look back says: gaps, clocks that jump, boots, numbers at their ends. */
#include "stats/capacity.h"
#include "check.h"

#define G    (INT64_C(1) << 30)
#define DAY  INT64_C(86400)
#define HOUR INT64_C(3600)

static struct capacity_history h;
static struct capacity_past past;

/* A machine that runs, and its samples. */
static struct capacity_sample now;

static void start_over(void)
{
	h.n = 0;
	now = (struct capacity_sample){ .boot = 1,
					.uptime_s = 10 * DAY,
					.time_s = 1800000000,
					.saved = 10 * G,
					.bare = 20 * G };
}

static void pass(int64_t seconds)
{
	now.uptime_s += seconds;
	now.time_s += seconds;
}

/* One sample a minute, as the timer takes them. */
static void sample_for(int64_t seconds)
{
	for (int64_t s = 0; s < seconds; s += 60) {
		capacity_add(&h, now);
		pass(60);
	}
	capacity_add(&h, now);
}

static void look_back(void)
{
	capacity_look_back(&h, CAPACITY_WINDOW_S, &past);
}

static void boot_again(int64_t down)
{
	now.boot++;
	now.uptime_s = 60;
	now.time_s += down + 60;
}

static void nothing(void)
{
	start_over();
	look_back();
	CHECK_INT(past.samples, 0);
	CHECK(!past.enough && past.held == 0);
	CHECK_INT(capacity_room(&past, 0), 0);
	capacity_add(&h, now);
	look_back();
	CHECK_INT(past.samples, 1);
	CHECK_INT(past.covered_s, 0);
	CHECK(!past.enough);
}

static void too_few(void)
{
	start_over();
	sample_for(DAY - 1200);
	look_back();
	CHECK(!past.enough);
	CHECK_INT(past.held, 0);
	sample_for(1800);
	look_back();
	CHECK(past.enough);
	CHECK_INT(past.held, 10 * G);
	CHECK_INT(past.bare, 20 * G);
	CHECK_INT(past.fall, 0);
}

static void lowest_counts(void)
{
	start_over();
	sample_for(3 * DAY);
	/* a minute between two of the samples that are kept */
	now.saved = 4 * G;
	capacity_add(&h, now);
	pass(60);
	now.saved = 12 * G;
	sample_for(2 * DAY);
	look_back();
	CHECK_INT(past.held, 4 * G);
	CHECK_INT(past.fall, 6 * G);
	/* and is forgotten when it is older than the window */
	sample_for(8 * DAY);
	look_back();
	CHECK_INT(past.held, 12 * G);
	CHECK_INT(past.covered_s, CAPACITY_WINDOW_S);
	CHECK_INT(past.fall, 0);
}

static void slow_fall_is_none(void)
{
	start_over();
	for (int i = 0; i < 48; i++) {
		sample_for(HOUR);
		now.saved -= G / 10;
	}
	look_back();
	/* within an hour two steps at most, with the ends of both */
	CHECK(past.fall <= G / 5 + 1);
	CHECK(past.fall > 0);
	CHECK(past.held < 6 * G);
}

static void gap(void)
{
	start_over();
	now.saved = 2 * G;
	sample_for(3 * DAY);
	pass(CAPACITY_GAP_S + CAPACITY_SPACING_S);
	now.saved = 10 * G;
	sample_for(DAY / 2);
	look_back();
	CHECK(!past.enough);
	CHECK(past.covered_s <= DAY / 2);
	sample_for(DAY / 2 + 1200);
	look_back();
	CHECK(past.enough);
	/* what was before the gap is not looked at */
	CHECK_INT(past.held, 10 * G);
	/* a shorter one is none */
	pass(CAPACITY_GAP_S - CAPACITY_SPACING_S - 60);
	sample_for(60);
	look_back();
	CHECK(past.covered_s > DAY);
}

static void clock_jumps(void)
{
	static const int64_t jumps[] = { -400 * DAY, 400 * DAY, -HOUR, INT64_C(1) << 39 };

	for (size_t i = 0; i < sizeof(jumps) / sizeof(*jumps); i++) {
		start_over();
		sample_for(2 * DAY);
		now.time_s += jumps[i];
		sample_for(DAY);
		look_back();
		/* CLOCK_BOOTTIME knows better */
		CHECK(past.covered_s >= 3 * DAY - CAPACITY_SPACING_S);
		CHECK(past.enough);
		CHECK_INT(past.restarts, 0);
	}
	/* where it jumps between two boots, nobody knows how long the machine was down */
	start_over();
	sample_for(2 * DAY);
	now.time_s -= 7200;
	boot_again(120);
	sample_for(2 * HOUR);
	look_back();
	CHECK(past.covered_s < 3 * HOUR);
	CHECK(!past.enough);
}

static void after_a_boot(void)
{
	start_over();
	sample_for(2 * DAY);
	boot_again(120);
	now.saved = 0;
	sample_for(1800);
	look_back();
	/* nothing of it is there now, whatever held before */
	CHECK(past.booting && !past.enough);
	CHECK_INT(past.restarts, 1);
	CHECK_INT(capacity_room(&past, 0), 0);
	sample_for(1800);
	now.saved = 9 * G;
	sample_for(7200);
	look_back();
	CHECK(past.enough);
	/* of the hour after the boot none counts; what comes then does */
	CHECK_INT(past.held, 0);
	start_over();
	sample_for(2 * DAY);
	boot_again(120);
	now.saved = 0;
	sample_for(2400);
	now.saved = 9 * G;
	sample_for(7200);
	look_back();
	CHECK_INT(past.held, 9 * G);
	CHECK_INT(past.fall, 0);
	/* down for long: a gap */
	start_over();
	sample_for(2 * DAY);
	boot_again(7200);
	sample_for(7200);
	look_back();
	CHECK_INT(past.restarts, 0);
	CHECK(!past.enough);
}

static void old_file_put_back(void)
{
	start_over();
	sample_for(DAY);
	pass(-DAY / 2);
	capacity_add(&h, now);
	/* what says to be of this boot and later is not believed */
	for (size_t i = 0; i < h.n; i++)
		CHECK(h.sample[i].uptime_s <= now.uptime_s);
	look_back();
	CHECK(past.covered_s <= DAY / 2);
}

static void bounded(void)
{
	start_over();
	sample_for(30 * DAY);
	CHECK_INT(h.n, CAPACITY_SAMPLES_MAX);
	CHECK_INT(h.sample[h.n - 1].boot, now.boot);
	look_back();
	CHECK_INT(past.covered_s, CAPACITY_WINDOW_S);
	CHECK(past.samples <= CAPACITY_SAMPLES_MAX);
}

static void stored_where_it_changes(void)
{
	start_over();
	CHECK(capacity_add(&h, now));
	pass(60);
	CHECK(!capacity_add(&h, now));
	/* by less than a hundredth, and by more */
	now.saved -= G / 100;
	CHECK(!capacity_add(&h, now));
	now.saved -= G;
	CHECK(capacity_add(&h, now));
	now.bare -= 10 * G;
	CHECK(capacity_add(&h, now));
	CHECK_INT(h.n, 1);
	pass(600);
	CHECK(capacity_add(&h, now));
	CHECK_INT(h.n, 2);
}

/* What is looked at is what is counted, to the second and to the sample. */
static void exact_ends(void)
{
	start_over();
	/* a hundredth is no fall, and a byte more is one */
	capacity_add(&h, now);
	pass(60);
	now.saved -= now.saved / 100;
	CHECK(!capacity_add(&h, now));
	CHECK_INT(h.sample[0].saved, now.saved);
	now.saved -= now.saved / 100 + 1;
	CHECK(capacity_add(&h, now));
	now.bare -= now.bare / 100;
	CHECK(!capacity_add(&h, now));
	now.bare -= now.bare / 100 + 1;
	CHECK(capacity_add(&h, now));
	CHECK_INT(h.sample[0].bare, now.bare);
	CHECK_INT(h.n, 1);
	/* of two samples only the one that is later than now goes */
	start_over();
	capacity_add(&h, now);
	pass(HOUR);
	capacity_add(&h, now);
	pass(-HOUR / 2);
	capacity_add(&h, now);
	CHECK_INT(h.n, 2);
	CHECK_INT(h.sample[1].uptime_s, now.uptime_s);
	/* the longest time between two that is no gap, and one second more */
	for (int longer = 0; longer <= 1; longer++) {
		start_over();
		capacity_add(&h, now);
		pass(CAPACITY_GAP_S + longer);
		capacity_add(&h, now);
		look_back();
		CHECK_INT(past.samples, 2 - longer);
		CHECK_INT(past.covered_s, longer ? 0 : CAPACITY_GAP_S);
	}
	/* a boot that takes no time by the clock */
	start_over();
	capacity_add(&h, now);
	boot_again(-60);
	capacity_add(&h, now);
	look_back();
	CHECK_INT(past.samples, 2);
	CHECK_INT(past.restarts, 1);
	CHECK_INT(past.covered_s, 0);
	CHECK(past.booting);
	/* the window ends at a sample: no more are looked at */
	start_over();
	sample_for(6 * HOUR);
	capacity_look_back(&h, CAPACITY_SPACING_S, &past);
	CHECK_INT(past.samples, 2);
	CHECK_INT(past.covered_s, CAPACITY_SPACING_S);
	/* just enough, and just booted */
	start_over();
	sample_for(CAPACITY_LEAST_S);
	look_back();
	CHECK_INT(past.covered_s, CAPACITY_LEAST_S);
	CHECK(past.enough);
	for (int less = 0; less <= 1; less++) {
		start_over();
		sample_for(CAPACITY_LEAST_S);
		h.sample[h.n - 1].uptime_s = CAPACITY_BUILD_UP_S - less;
		h.sample[h.n - 1].boot++;
		look_back();
		CHECK_INT(past.booting, less);
	}
}

/* Only within an hour, only in the window, and only what is counted. */
static void falls(void)
{
	size_t before;

	start_over();
	sample_for(9 * DAY);
	look_back();
	CHECK_INT(past.fall, 0);
	before = h.n - past.samples - 1;
	h.sample[before].saved = 20 * G;
	look_back();
	CHECK_INT(past.fall, 0);
	h.sample[before + 1].saved = 20 * G;
	look_back();
	CHECK_INT(past.fall, 10 * G);
	/* the highest stands a whole hour before the lowest */
	start_over();
	sample_for(2 * DAY);
	for (size_t i = 1; i <= CAPACITY_STORM_S / CAPACITY_SPACING_S; i++)
		h.sample[h.n - i].saved = 5 * G;
	h.sample[h.n - 1].saved = 1 * G;
	look_back();
	CHECK_INT(past.fall, 9 * G);
	h.sample[h.n - 1 - CAPACITY_STORM_S / CAPACITY_SPACING_S].saved = 5 * G;
	look_back();
	CHECK_INT(past.fall, 5 * G);
	/* behind the last one an old one by chance */
	start_over();
	sample_for(2 * DAY);
	h.n--;
	h.sample[h.n].saved = 0;
	look_back();
	CHECK_INT(past.fall, 0);
}

static void saturation(void)
{
	start_over();
	now.saved = INT64_MAX;
	now.bare = INT64_MIN;
	sample_for(2 * DAY);
	look_back();
	CHECK_INT(past.held, CAPACITY_BYTES_MAX);
	CHECK_INT(past.bare, -CAPACITY_BYTES_MAX);
	CHECK_INT(capacity_room(&past, 0), 0);
	start_over();
	now.saved = now.bare = INT64_MAX;
	sample_for(2 * DAY);
	look_back();
	CHECK_INT(capacity_room(&past, 0), 2 * CAPACITY_BYTES_MAX);
	CHECK_INT(capacity_room(&past, INT64_MAX), CAPACITY_BYTES_MAX);
	start_over();
	now.saved = -1;
	sample_for(2 * DAY);
	look_back();
	CHECK_INT(past.held, 0);
}

int main(void)
{
	RUN(nothing);
	RUN(too_few);
	RUN(lowest_counts);
	RUN(slow_fall_is_none);
	RUN(gap);
	RUN(clock_jumps);
	RUN(after_a_boot);
	RUN(old_file_put_back);
	RUN(bounded);
	RUN(stored_where_it_changes);
	RUN(exact_ends);
	RUN(falls);
	RUN(saturation);
	return check_end();
}
