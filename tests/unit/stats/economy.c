/* SPDX-License-Identifier: Apache-2.0 */
/* economize: who is left alone, and from when on merging is disabled. */
#include "stats/economy.h"
#include "base/macros.h"
#include "check.h"

#define K INT64_C(1024)

/* 100 KiB of costs, which it does not save, for an hour and many scans */
static const struct container_stats dear = { .name = { "docker", "a" },
					     .processes = 2,
					     .mergeable = 2,
					     .by_prctl = 2,
					     .cost = 100 * K };
static const struct economy_past long_ago = { true, 10, 5000, ECONOMY_SEEN_DEAR, 0 };
static const struct economy_now after = { 13, 5000 + 600000, 600000, 21600000, true };

static void verdicts(void)
{
	static const struct {
		const char *what;
		enum reason want;
		bool off;
		const char *group;
		size_t by_madvise, unknown, left_out, estimated;
		int64_t cost, most;
	} cases[] = {
		{ "costs more", REASON_ECONOMY_COSTS_MORE },
		{ "costs more, by a quarter and a byte", REASON_ECONOMY_COSTS_MORE,
		  .cost = 100 * K, .most = 80 * K - 1 },
		{ "by a quarter", REASON_ECONOMY_PAYS, .cost = 100 * K, .most = 80 * K },
		{ "pays", REASON_ECONOMY_PAYS, .cost = 100 * K, .most = 5000 * K },
		{ "small", REASON_ECONOMY_SMALL, .cost = 32 * K },
		{ "not small", REASON_ECONOMY_COSTS_MORE, .cost = 32 * K + 5 },
		{ "off", REASON_ECONOMY_OFF, .off = true },
		{ "a group's", REASON_ECONOMY_SHARED_LAYOUT, .group = "group:web" },
		{ "asks itself", REASON_ECONOMY_BY_MADVISE, .by_madvise = 1 },
		{ "a process is not known", REASON_ECONOMY_NOT_KNOWN, .unknown = 1 },
		{ "a process was not read", REASON_ECONOMY_NOT_KNOWN, .left_out = 1 },
		{ "a process is estimated", REASON_ECONOMY_NOT_KNOWN, .estimated = 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct container_stats c = dear;

		if (cases[i].group)
			snprintf(c.group, sizeof(c.group), "%s", cases[i].group);
		c.by_madvise = cases[i].by_madvise;
		c.unknown = cases[i].unknown;
		c.left_out = cases[i].left_out;
		c.estimated = cases[i].estimated;
		c.cost = cases[i].cost ? cases[i].cost : c.cost;
		c.saving.most = cases[i].most;
		check_case = cases[i].what;
		CHECK_TEXT(reason_name(economy_judge(&c, cases[i].off, &long_ago, &after)),
			   reason_name(cases[i].want));
	}
	check_case = "";
}

static enum reason judged(struct economy_past past, struct economy_now now)
{
	return economy_judge(&dear, false, &past, &now);
}

static void time_and_scans(void)
{
	struct economy_past past = long_ago, never = { 0 };
	struct economy_now now = after;

	CHECK_INT(judged(past, now), REASON_ECONOMY_COSTS_MORE);
	CHECK_INT(judged(never, now), REASON_ECONOMY_WATCHED);
	now.scans = 12;
	CHECK_INT(judged(past, now), REASON_ECONOMY_WATCHED);
	now = after;
	now.ms--;
	CHECK_INT(judged(past, now), REASON_ECONOMY_WATCHED);
	now.min_age_ms = 0;
	CHECK_INT(judged(past, now), REASON_ECONOMY_COSTS_MORE);
	/* a record of another boot */
	now = (struct economy_now){ .scans = 2, .ms = 100 };
	CHECK_INT(judged(past, now), REASON_ECONOMY_WATCHED);
	/* one that was seen as something else until now */
	past.seen = ECONOMY_SEEN_STEADY;
	CHECK_INT(judged(past, after), REASON_ECONOMY_WATCHED);
	past.seen = ECONOMY_SEEN_NARROWED;
	CHECK_INT(judged(past, after), REASON_ECONOMY_WATCHED);
}

static void whom_it_concerns(void)
{
	struct container_stats c = dear;

	CHECK(economy_concerns(&c) && economy_is_suspect(&c));
	c.saving.most = c.cost - 1; /* not clearly, but remembered */
	CHECK(economy_is_suspect(&c));
	c.saving.most = c.cost;
	CHECK(economy_concerns(&c) && !economy_is_suspect(&c));
	c = dear;
	c.cost = 32 * K;
	CHECK(!economy_is_suspect(&c));
	c = dear;
	c.mergeable = 1; /* one process is as much a container as two */
	CHECK(economy_concerns(&c) && economy_is_suspect(&c));
	c.mergeable = 0;
	CHECK(!economy_concerns(&c) && !economy_is_suspect(&c));
	c = dear;
	snprintf(c.name.engine, sizeof(c.name.engine), "host");
	CHECK(!economy_concerns(&c) && !economy_is_suspect(&c));
}

/* 4000 pages scanned, 1000 of them merged */
static void pieces(void)
{
	static const struct {
		const char *what;
		enum reason want;
		struct economy_past past;
		int64_t cost, merged, ms, scans;
	} cases[] = {
		{ "steady",
		  REASON_ECONOMY_PIECES,
		  { true, 10, 5000, ECONOMY_SEEN_STEADY, 250 * K } },
		{ "never seen", REASON_ECONOMY_PAYS, { 0 } },
		{ "costs more until now",
		  REASON_ECONOMY_PAYS,
		  { true, 10, 5000, ECONOMY_SEEN_DEAR, 250 * K } },
		{ "grows",
		  REASON_ECONOMY_PAYS,
		  { true, 10, 5000, ECONOMY_SEEN_STEADY, 238 * K } },
		{ "grows a little",
		  REASON_ECONOMY_PIECES,
		  { true, 10, 5000, ECONOMY_SEEN_STEADY, 239 * K } },
		{ "shrinks",
		  REASON_ECONOMY_PAYS,
		  { true, 10, 5000, ECONOMY_SEEN_STEADY, 264 * K } },
		{ "two scans",
		  REASON_ECONOMY_PAYS,
		  { true, 11, 5000, ECONOMY_SEEN_STEADY, 250 * K } },
		{ "not for long",
		  REASON_ECONOMY_PAYS,
		  { true, 10, 5001, ECONOMY_SEEN_STEADY, 250 * K } },
		{ "three quarters are equal",
		  REASON_ECONOMY_PIECES,
		  { true, 10, 5000, ECONOMY_SEEN_STEADY, 250 * K },
		  .merged = 3000 },
		{ "more than three quarters are equal",
		  REASON_ECONOMY_PAYS,
		  { true, 10, 5000, ECONOMY_SEEN_STEADY, 250 * K },
		  .merged = 3001 },
		{ "little",
		  REASON_ECONOMY_PAYS,
		  { true, 10, 5000, ECONOMY_SEEN_STEADY, 32 * K },
		  .cost = 32 * K },
		{ "narrowed",
		  REASON_ECONOMY_NARROWED,
		  { true, 10, 5000, ECONOMY_SEEN_NARROWED, 250 * K, 1000 } },
		{ "narrowed, and grown by half",
		  REASON_ECONOMY_NARROWED,
		  { true, 10, 5000, ECONOMY_SEEN_NARROWED, 150 * K, 1000 },
		  .cost = 257 * K },
		{ "narrowed, and grown by more",
		  REASON_ECONOMY_AGAIN,
		  { true, 10, 5000, ECONOMY_SEEN_NARROWED, 150 * K, 1000 },
		  .cost = 257 * K + 1 },
		{ "narrowed, and grown by more at once",
		  REASON_ECONOMY_NARROWED,
		  { true, 10, 5001, ECONOMY_SEEN_NARROWED, 150 * K, 1000 },
		  .cost = 257 * K + 1 },
		{ "narrowed, and next to nothing was left",
		  REASON_ECONOMY_AGAIN,
		  { true, 10, 5000, ECONOMY_SEEN_NARROWED, 0, 1000 },
		  .cost = 32 * K + 1 },
		{ "narrowed, and a tenth is not merged any more",
		  REASON_ECONOMY_NARROWED,
		  { true, 10, 5000, ECONOMY_SEEN_NARROWED, 250 * K, 1111 } },
		{ "narrowed, and more than a tenth is not",
		  REASON_ECONOMY_AGAIN,
		  { true, 10, 5000, ECONOMY_SEEN_NARROWED, 250 * K, 1112 } },
		{ "narrowed, and a tenth more is",
		  REASON_ECONOMY_NARROWED,
		  { true, 10, 5000, ECONOMY_SEEN_NARROWED, 250 * K, 910 } },
		{ "narrowed, and more than a tenth more is",
		  REASON_ECONOMY_AGAIN,
		  { true, 10, 5000, ECONOMY_SEEN_NARROWED, 250 * K, 909 } },
		{ "narrowed for not quite long",
		  REASON_ECONOMY_NARROWED,
		  { true, 10, 5000, ECONOMY_SEEN_NARROWED, 250 * K, 1000 },
		  .ms = 5000 + 21600000 - 1 },
		{ "narrowed for long",
		  REASON_ECONOMY_AGAIN,
		  { true, 10, 5000, ECONOMY_SEEN_NARROWED, 250 * K, 1000 },
		  .ms = 5000 + 21600000 },
		{ "narrowed for long, and ksmd rests",
		  REASON_ECONOMY_NARROWED,
		  { true, 10, 5000, ECONOMY_SEEN_NARROWED, 250 * K, 1000 },
		  .ms = 5000 + 21600000,
		  .scans = 12 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct economy_now now = after;
		struct economy_figures f = { .scanned = 4000, .merged = 1000, .cost = 250 * K };

		f.cost = cases[i].cost ? cases[i].cost : f.cost;
		f.merged = cases[i].merged ? cases[i].merged : f.merged;
		now.ms = cases[i].ms ? cases[i].ms : now.ms;
		now.scans = cases[i].scans ? cases[i].scans : now.scans;
		check_case = cases[i].what;
		CHECK_TEXT(reason_name(economy_judge_pieces(&f, &cases[i].past, &now)),
			   reason_name(cases[i].want));
	}
	check_case = "";
}

static bool goes_on(struct economy_past past, enum economy_seen seen, int64_t cost)
{
	const struct economy_figures f = { .cost = cost, .merged = 7 };
	struct economy_past r = economy_remember(&past, seen, &f, &after);

	CHECK(r.known);
	CHECK_INT(r.seen, seen);
	if (r.scans == past.scans && r.ms == past.ms && r.cost == past.cost)
		return true;
	CHECK_INT(r.scans, after.scans);
	CHECK_INT(r.ms, after.ms);
	CHECK_INT(r.cost, cost);
	CHECK_INT(r.merged, 7);
	return false;
}

static void what_is_remembered(void)
{
	struct economy_past past = { true, 10, 5000, ECONOMY_SEEN_STEADY, 200 };

	CHECK(goes_on(past, ECONOMY_SEEN_STEADY, 210));
	CHECK(!goes_on(past, ECONOMY_SEEN_STEADY, 211));
	CHECK(!goes_on(past, ECONOMY_SEEN_DEAR, 200));
	past.seen = ECONOMY_SEEN_DEAR;
	CHECK(goes_on(past, ECONOMY_SEEN_DEAR, 999));
	past.known = false;
	CHECK(!goes_on(past, ECONOMY_SEEN_DEAR, 999));
	past.known = true;
	past.scans = after.scans + 1;
	CHECK(!goes_on(past, ECONOMY_SEEN_DEAR, 999));
	past.scans = 10;
	past.ms = after.ms + 1;
	CHECK(!goes_on(past, ECONOMY_SEEN_DEAR, 999));
	/* at once, and within one scan */
	past.scans = after.scans;
	past.ms = after.ms;
	CHECK(goes_on(past, ECONOMY_SEEN_DEAR, 999));
}

int main(void)
{
	RUN(pieces);
	RUN(what_is_remembered);
	RUN(verdicts);
	RUN(time_and_scans);
	RUN(whom_it_concerns);
	return check_end();
}
