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
static const struct economy_past long_ago = { true, 10, 5000 };
static const struct economy_now after = { 13, 5000 + 600000, 600000 };

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
	now = (struct economy_now){ 2, 100, 0 };
	CHECK_INT(judged(past, now), REASON_ECONOMY_WATCHED);
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
	c.mergeable = 0;
	CHECK(!economy_concerns(&c) && !economy_is_suspect(&c));
	c = dear;
	snprintf(c.name.engine, sizeof(c.name.engine), "host");
	CHECK(!economy_concerns(&c) && !economy_is_suspect(&c));
}

int main(void)
{
	RUN(verdicts);
	RUN(time_and_scans);
	RUN(whom_it_concerns);
	return check_end();
}
