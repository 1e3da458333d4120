/* SPDX-License-Identifier: Apache-2.0 */
/* hook/doctor/ksmd_speed.c: which speeds of ksmd are too slow, too fast, or right. */
#include "doctor/ksmd_speed.h"

#include "base/macros.h"
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

int main(void)
{
	RUN(test_speeds);
	RUN(test_scan_time);
	return check_end();
}
