/* SPDX-License-Identifier: Apache-2.0 */
/* Which address spaces are sparse: in pages of 4 KiB. */
#include "doctor/container_memory_checks.h"
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

int main(void)
{
	RUN(sparse);
	return check_end();
}
