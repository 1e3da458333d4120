/* SPDX-License-Identifier: Apache-2.0 */
/* Which address spaces are sparse, in pages of 4 KiB, and what is said of them. */
#include "doctor/container_memory_checks.h"
#include "base/clock.h"
#include "check.h"

#define GIB ((int64_t)1 << 18)

static void sparse(void)
{
	CHECK(is_sparse(256 * GIB, 0));
	CHECK(is_sparse(256 * GIB, GIB / 4));
	CHECK(!is_sparse(256 * GIB - 1, 0));
	/* much memory, and much of it used */
	CHECK(!is_sparse(256 * GIB, GIB / 3));
	CHECK(is_sparse(20480 * GIB, 20 * GIB));
	CHECK(!is_sparse(20480 * GIB, 21 * GIB));
	/* a runtime's reservation of a few GiB is nothing */
	CHECK(!is_sparse(8 * GIB, 1));
}

/* ksmd is looked at once, however many sparse containers somebody makes. */
static void looked_at_once(void)
{
	static struct finding findings[4];
	struct doctor d = { .finding = findings };
	const struct container_summary c = { .sparse_pages = 256 * GIB, .sparse_pid = 42 },
				       small = { .sparse_pages = GIB };
	enum ksmd_progress progress = KSMD_NOT_LOOKED_AT, known;
	int64_t start;

	container_sparse_check(&d, &small, "a", &progress);
	CHECK_INT(progress, KSMD_NOT_LOOKED_AT);
	container_sparse_check(&d, &c, "a", &progress);
	CHECK(progress != KSMD_NOT_LOOKED_AT);
	/* a thousand looks of a second each would be a quarter of an hour */
	known = KSMD_SCANS;
	d.n = 0;
	start = now_ms();
	for (int i = 0; i < 1000; i++)
		container_sparse_check(&d, &c, "a", &known);
	CHECK(now_ms() - start < 100000);
	CHECK_INT(known, KSMD_SCANS);
	CHECK_INT(d.n, 0);
	known = KSMD_STUCK;
	for (int i = 0; i < 3; i++)
		container_sparse_check(&d, &c, "a", &known);
	CHECK_INT(d.n, 3);
	CHECK_TEXT(findings[2].fix, "kill 42");
	CHECK_HAS(findings[2].why, "not a program that calls prctl itself");
}

int main(void)
{
	RUN(sparse);
	RUN(looked_at_once);
	return check_end();
}
