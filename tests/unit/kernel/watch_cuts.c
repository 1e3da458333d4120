/* SPDX-License-Identifier: Apache-2.0 */
/* Who is cut, who is not, and for how long. */
#include "kernel/watch_cuts.h"

#include <string.h>

#include "base/clock.h"
#include "check.h"

static struct watch_cuts c;

static void one_of_two(void)
{
	size_t n;

	watch_cuts_begin(&c);
	watch_cuts_charge(&c, 11, 1, 4999);
	watch_cuts_charge(&c, 21, 2, 4999);
	CHECK(!watch_cuts_have(&c, 1));
	watch_cuts_charge(&c, 12, 1, 2);
	watch_cuts_charge(&c, 13, 1, 2);
	CHECK(watch_cuts_have(&c, 1));
	CHECK(!watch_cuts_have(&c, 2));
	CHECK_INT(watch_cuts_all(&c, &n)[0].pid, 12);
	CHECK_INT(n, 1);
	/* all are read anew */
	watch_cuts_begin(&c);
	watch_cuts_charge(&c, 21, 2, 4999);
	CHECK(watch_cuts_have(&c, 1));
	CHECK(!watch_cuts_have(&c, 2));
}

static void more_than_fit(void)
{
	size_t n;

	watch_cuts_begin(&c);
	for (pid_t i = 1; i <= WATCH_CUTS_MAX + 9; i++)
		watch_cuts_charge(&c, i, (uint64_t)i, 5000);
	watch_cuts_all(&c, &n);
	CHECK_INT(n, WATCH_CUTS_MAX);
	CHECK(!watch_cuts_have(&c, WATCH_CUTS_MAX + 9));
	for (uint64_t i = 1; i <= WATCH_CUTS_MAX; i++)
		CHECK(watch_cuts_have(&c, i));
	CHECK_INT(c.n, WATCH_CUTS_MAX);
	/* while another thread is about to find that it has no room */
	c.n += 3;
	watch_cuts_all(&c, &n);
	CHECK_INT(n, WATCH_CUTS_MAX);
	watch_cuts_forget(&c, 1000000, 0);
	CHECK_INT(c.n, WATCH_CUTS_MAX);
}

/* Once all had half a minute together, each has a fifth of a second. */
static void all_together(void)
{
	memset(&c, 0, sizeof(c));
	watch_cuts_begin(&c);
	for (uint64_t group = 1; group <= 7; group++) {
		watch_cuts_charge(&c, 1, group, 4000);
		CHECK(!watch_cuts_have(&c, group));
	}
	watch_cuts_charge(&c, 1, 8, 1999);
	CHECK(!watch_cuts_have(&c, 8));
	watch_cuts_charge(&c, 1, 8, 1);
	CHECK(watch_cuts_have(&c, 8));
	watch_cuts_charge(&c, 1, 9, 199);
	CHECK(!watch_cuts_have(&c, 9));
	watch_cuts_charge(&c, 1, 9, 1);
	CHECK(watch_cuts_have(&c, 9) && watch_cuts_have(&c, 8));
}

static void forgotten(void)
{
	size_t n;

	watch_cuts_forget(&c, 1000000, 4);
	watch_cuts_all(&c, &n);
	CHECK_INT(n, WATCH_CUTS_MAX);
	watch_cuts_forget(&c, -1, 4);
	watch_cuts_all(&c, &n);
	CHECK_INT(n, WATCH_CUTS_MAX - 4);
	/* the oldest */
	CHECK(!watch_cuts_have(&c, 1));
	CHECK(watch_cuts_have(&c, 5));
	/* nothing stays behind where they stood */
	watch_cuts_forget(&c, -1, WATCH_CUTS_MAX);
	watch_cuts_all(&c, &n);
	CHECK_INT(n, 0);
	for (uint64_t i = 0; i <= WATCH_CUTS_MAX + 9; i++)
		CHECK(!watch_cuts_have(&c, i));
}

int main(void)
{
	RUN(one_of_two);
	RUN(more_than_fit);
	RUN(forgotten);
	RUN(all_together);
	return check_end();
}
