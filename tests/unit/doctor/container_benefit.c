/* SPDX-License-Identifier: Apache-2.0 */
/* hook/doctor/container_benefit.c: is a container scanned, and does merging it pay? */
#include "doctor/container_benefit.h"

#include "base/macros.h"
#include "check.h"

static struct finding findings[4];

static void test_cost(void)
{
	static const struct {
		int64_t page, scanned, merged, zero;
		size_t found;
		enum check_id id[2];
		bool nothing_equal;
	} cases[] = {
		{ 4096, 6400, 6400, 0, 0, { 0 }, false },
		{ 4096, 6400, 400, 0, 0, { 0 }, false },
		{ 4096, 6400, 0, 400, 0, { 0 }, false },
		{ 4096, 6400, 200, 200, 0, { 0 }, false },
		/* less than one page in 16 is equal */
		{ 4096, 6400, 399, 0, 1, { ID_CONTAINER_EQUAL }, true },
		{ 4096, 6400, 200, 199, 1, { ID_CONTAINER_EQUAL }, true },
		{ 4096, 6400, 100, 0, 1, { ID_CONTAINER_EQUAL }, true },
		/* less than one in 64: what it costs is more than it saves */
		{ 4096, 6400, 99, 0, 2, { ID_CONTAINER_EQUAL, ID_CONTAINER_COST }, true },
		{ 4096, 6400, 0, 0, 2, { ID_CONTAINER_EQUAL, ID_CONTAINER_COST }, true },
		/* of larger pages fewer pay */
		{ 16384, 6400, 400, 0, 0, { 0 }, false },
		{ 16384, 6400, 25, 0, 1, { ID_CONTAINER_EQUAL }, true },
		{ 16384, 6400, 24, 0, 2, { ID_CONTAINER_EQUAL, ID_CONTAINER_COST }, true },
		{ 65536, 6400, 3, 4, 1, { ID_CONTAINER_EQUAL }, true },
		{ 65536, 6400, 6, 0, 2, { ID_CONTAINER_EQUAL, ID_CONTAINER_COST }, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct doctor d = { .finding = findings, .command = "ksm-hook" };
		const struct container_summary c = { .scanned = cases[i].scanned,
						     .merged = cases[i].merged,
						     .zero = cases[i].zero };
		char name[64];

		snprintf(name, sizeof(name), "%ld + %ld of %ld, of %ld bytes", (long)c.merged,
			 (long)c.zero, (long)c.scanned, (long)cases[i].page);
		check_case = name;
		CHECK_INT(container_cost_judge(&d, &c, cases[i].page, "runc:x"),
			  cases[i].nothing_equal);
		CHECK_INT(d.n, cases[i].found);
		for (size_t k = 0; k < d.n; k++) {
			CHECK_INT(findings[k].id, cases[i].id[k]);
			CHECK(findings[k].why != NULL);
			CHECK_INT(findings[k].level, k ? FINDING_WARNING : FINDING_NOTE);
			CHECK_TEXT(findings[k].fix, "ksm-hook detach runc:x");
		}
	}
}

/* One scan takes 20 s, so what is 70 s old has seen three, with 10 s to spare. */
static void test_scanned_twice(void)
{
	static const struct {
		int64_t anonymous, scanned, age_ms, unstable;
		bool twice;
		int64_t page; /* 0: 4096 */
	} cases[] = {
		{ 4000, 4000, 70000, 8000, true },
		{ 4000, 4000, 69999, 8000, false },
		{ 4000, 4000, 0, 999, true },
		{ 4000, 4000, 0, 1000, false },
		{ 4000, 4000, 0, 0, true },
		/* a kernel that does not count them */
		{ 4000, 4000, 0, -1, false },
		{ 4000, 4000, 70000, -1, true },
		/* three quarters of it at least, and not too little */
		{ 4000, 3000, 70000, 0, true },
		{ 4000, 2999, 70000, 0, false },
		{ 1024, 1024, 70000, 0, true },
		{ 1023, 1023, 70000, 0, false },
		{ 4000, 0, 70000, 0, false },
		{ 256, 256, 70000, 0, true, 16384 },
		{ 255, 255, 70000, 0, false, 16384 },
		{ 64, 64, 70000, 0, true, 65536 },
		{ 63, 63, 70000, 0, false, 65536 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct container_summary c = { .anonymous = cases[i].anonymous,
						     .scanned = cases[i].scanned };
		const struct scan_progress p = { .age_ms = cases[i].age_ms,
						 .scan_ms = 20000,
						 .unstable = cases[i].unstable,
						 .page = cases[i].page ? cases[i].page : 4096 };
		char name[96];

		snprintf(name, sizeof(name), "%ld of %ld after %ld ms, %ld unstable",
			 (long)c.scanned, (long)c.anonymous, (long)p.age_ms, (long)p.unstable);
		check_case = name;
		CHECK_INT(container_is_scanned_twice(&c, &p), cases[i].twice);
	}
}

static void test_never_scanned(void)
{
	static const struct {
		int64_t anonymous, scanned, merged, age_ms;
		bool per_process, found;
		int64_t page; /* 0: 4096 */
	} cases[] = {
		{ 1024, 0, 0, 70000, true, true },
		{ 1024, 0, 0, 69999, true, false },
		{ 1023, 0, 0, 70000, true, false },
		{ 1024, 1, 0, 70000, true, false },
		{ 1024, 0, 1, 70000, true, false },
		{ 1024, 0, 0, 70000, false, false },
		{ 256, 0, 0, 70000, true, true, 16384 },
		{ 255, 0, 0, 70000, true, false, 16384 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct doctor d = { .finding = findings,
				    .command = "ksm-hook",
				    .kernel.per_process = cases[i].per_process };
		const struct container_summary c = { .anonymous = cases[i].anonymous,
						     .scanned = cases[i].scanned,
						     .merged = cases[i].merged };
		const struct scan_progress p = { .age_ms = cases[i].age_ms,
						 .scan_ms = 20000,
						 .page = cases[i].page ? cases[i].page : 4096 };
		char name[96];

		snprintf(name, sizeof(name), "%ld pages, %ld scanned, %ld merged after %ld ms",
			 (long)c.anonymous, (long)c.scanned, (long)c.merged, (long)p.age_ms);
		check_case = name;
		container_scan_judge(&d, &c, &p, "runc:x");
		CHECK_INT(d.n, cases[i].found);
		if (d.n == 1) {
			CHECK_INT(findings[0].id, ID_CONTAINER_SCANNED);
			CHECK_INT(findings[0].level, FINDING_BROKEN);
			CHECK_TEXT(findings[0].fix, "ksm-hook attach runc:x");
		}
	}
}

/* In bytes, by the size of a page; 64 for each page that was scanned. */
static void test_amounts(void)
{
	struct doctor d = { .finding = findings, .command = "ksm-hook" };
	const struct container_summary c = { .scanned = 6400, .merged = 30, .zero = 10 };
	const struct container_summary fewer = { .scanned = 6400, .merged = 10 };

	CHECK(container_cost_judge(&d, &c, 4096, "runc:x"));
	CHECK_TEXT(findings[0].what, "runc:x: 160.0 KiB merged of 25.0 MiB scanned");
	CHECK_TEXT(findings[1].what,
		   "runc:x costs 400.0 KiB of kernel memory and saves 160.0 KiB");
	CHECK(container_cost_judge(&d, &fewer, 16384, "runc:x"));
	CHECK_TEXT(findings[2].what, "runc:x: 160.0 KiB merged of 100.0 MiB scanned");
	CHECK_TEXT(findings[3].what,
		   "runc:x costs 400.0 KiB of kernel memory and saves 160.0 KiB");
	CHECK_HAS(findings[1].why, "64 bytes for each page that was scanned, merged or not");
}

int main(void)
{
	RUN(test_amounts);
	RUN(test_cost);
	RUN(test_scanned_twice);
	RUN(test_never_scanned);
	return check_end();
}
