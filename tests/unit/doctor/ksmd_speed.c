/* SPDX-License-Identifier: Apache-2.0 */
/* hook/doctor/ksmd_speed.c: which speeds of ksmd are too slow, too fast, or right. */
#include "doctor/ksmd_speed.h"

#include <unistd.h>

#include "base/macros.h"
#include "base/text.h"
#include "check.h"

#define GIB INT64_C(262144) /* in pages */

static void test_speeds(void)
{
	static const struct {
		struct ksmd_speed speed;
		enum finding_level level;
		const char *fix;
	} cases[] = {
		/* 100 pages in 20 ms are 20 MB/s: a minute for 1.2 GB */
		{ { 100, 20, 0, false }, FINDING_OK, "" },
		{ { 100, 20, 304999, false }, FINDING_OK, "" },
		{ { 100, 20, 305000, false },
		  FINDING_WARNING,
		  "ksm-hook enable --profile fast" },
		{ { 100, 20, 8 * GIB, false },
		  FINDING_WARNING,
		  "ksm-hook enable --profile fast" },
		{ { 1000, 10, 8 * GIB, false }, FINDING_OK, "" },
		/* one that does not scan at all */
		{ { 0, 20, 0, false }, FINDING_OK, "" },
		{ { 0, 20, 1, false }, FINDING_WARNING, "ksm-hook enable --profile fast" },
		/* one that never sleeps, or hardly */
		{ { 100, 0, 0, false }, FINDING_WARNING, "ksm-hook enable" },
		{ { 100, 0, GIB, false }, FINDING_WARNING, "ksm-hook enable" },
		{ { 20000, 10, GIB, false }, FINDING_WARNING, "ksm-hook enable" },
		{ { 10010, 10, GIB, false }, FINDING_WARNING, "ksm-hook enable" },
		{ { 10009, 10, GIB, false }, FINDING_OK, "" },
		{ { 0, 0, 0, false }, FINDING_WARNING, "ksm-hook enable" },
		/* what enable set is right: it is faster while there is something new */
		{ { 100, 20, 8 * GIB, true }, FINDING_OK, "" },
		{ { 20000, 10, GIB, true }, FINDING_OK, "" },
		{ { 100, 0, 0, true }, FINDING_WARNING, "ksm-hook enable" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct finding finding[2];
		struct doctor d = { .finding = finding, .command = "ksm-hook" };
		char name[64];

		snprintf(name, sizeof(name), "%ld pages in %ld ms of %ld%s",
			 (long)cases[i].speed.scan, (long)cases[i].speed.nap,
			 (long)cases[i].speed.pages, cases[i].speed.enabled ? ", enabled" : "");
		check_case = name;
		ksmd_speed_judge(&d, &cases[i].speed);
		CHECK_INT(d.n, 1);
		CHECK_INT(finding[0].id, ID_KSMD_SPEED);
		CHECK_INT(finding[0].level, cases[i].level);
		CHECK_TEXT(finding[0].fix, cases[i].fix);
		CHECK_INT(!finding[0].why, cases[i].level == FINDING_OK);
	}
}

static void test_scan_time(void)
{
	static const struct {
		struct ksmd_speed speed;
		int64_t ms;
	} cases[] = {
		{ { 100, 20, 100, false }, 20 }, { { 100, 20, 1000, false }, 200 },
		{ { 100, 20, 0, false }, 0 },    { { 100, 0, 1000, false }, 0 },
		{ { 1000, 10, 500, false }, 5 },
	};
	const struct ksmd_speed never = { 0, 20, 1, false };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		CHECK_INT(ksmd_scan_ms(&cases[i].speed), cases[i].ms);
	/* some scans of it can be added up */
	CHECK(ksmd_scan_ms(&never) > INT64_MAX / 8 && ksmd_scan_ms(&never) < INT64_MAX / 3);
}

/* What it says of the pace, with what is mergeable by the page size of this machine. */
static void test_pace(void)
{
	static const struct {
		struct ksmd_speed speed;
		const char *before, *behind;
	} cases[] = {
		{ { 100, 20, 0, false },
		  "ksmd scans 100 pages every 20 ms: nothing is mergeable yet",
		  NULL },
		{ { 0, 20, 0, true },
		  "every 20 ms at rest, more after each start: nothing is mergeable yet",
		  NULL },
		/* below a second, or never */
		{ { 100, 20, 4999, false }, "every 20 ms: ", " is mergeable" },
		{ { 0, 20, 10, false }, "every 20 ms: ", " is mergeable" },
		{ { 100, 20, 5000, false },
		  "every 20 ms: one scan of the ",
		  " that is mergeable takes 1 s or more" },
		{ { 100, 20, 305000, false },
		  "every 20 ms: one scan of the ",
		  " that is mergeable takes 61 s or more" },
		{ { 100, 20, 50000, true },
		  "after each start: one scan of the ",
		  " that is mergeable takes 10 s or more" },
		{ { 20000, 10, 262144, false }, "ksmd scans 20000 pages every 10 ms", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct finding finding[2];
		struct doctor d = { .finding = finding, .command = "ksm-hook" };
		char bytes[16] = "", want[256];

		check_case = cases[i].before;
		if (cases[i].behind)
			format_bytes(bytes, sizeof(bytes),
				     cases[i].speed.pages * sysconf(_SC_PAGESIZE));
		snprintf(want, sizeof(want), "%s%s%s", cases[i].before, bytes,
			 cases[i].behind ? cases[i].behind : "");
		ksmd_speed_judge(&d, &cases[i].speed);
		CHECK_HAS(finding[0].what, want);
	}
}

int main(void)
{
	RUN(test_pace);
	RUN(test_speeds);
	RUN(test_scan_time);
	return check_end();
}
