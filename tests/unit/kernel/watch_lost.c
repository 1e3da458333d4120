/* SPDX-License-Identifier: Apache-2.0 */
/* Who is left out, with whom, and for how long. */
#include "kernel/watch_lost.h"

#include <string.h>

#include "base/clock.h"
#include "check.h"

static struct watch_lost l;

static void begin(void)
{
	memset(&l, 0, sizeof(l));
}

static void each_once(void)
{
	begin();
	CHECK(!watch_lost_has(&l, 11));
	watch_lost_add(&l, 11, 1);
	watch_lost_add(&l, 11, 1);
	watch_lost_add(&l, 21, 2);
	CHECK_INT(l.n, 2);
	CHECK_INT(l.pid[0], 11);
	CHECK_INT(l.pid[1], 21);
	CHECK(watch_lost_has(&l, 11) && watch_lost_has(&l, 21) && !watch_lost_has(&l, 31));
	CHECK(!watch_lost_has_group(&l, 1));
	CHECK(l.ms[1] >= l.ms[0] && now_ms() - l.ms[0] < 600000);
}

/* The third of a group takes all of it along, and nobody else's. */
static void the_third_of_a_group(void)
{
	begin();
	for (pid_t i = 0; i < 3; i++) {
		CHECK(!watch_lost_has_group(&l, 7));
		watch_lost_add(&l, 70 + i, 7);
		watch_lost_add(&l, 80 + i, 100 + (uint64_t)i);
	}
	CHECK(watch_lost_has_group(&l, 7));
	CHECK_INT(l.n_groups, 1);
	CHECK(!watch_lost_has_group(&l, 100));
	/* one more of it changes nothing */
	watch_lost_add(&l, 73, 7);
	CHECK_INT(l.n_groups, 1);
}

/* No more than there is room for. */
static void full(void)
{
	begin();
	for (pid_t i = 0; i < WATCH_LOST_MAX + 3; i++)
		watch_lost_add(&l, 1000 + i, (uint64_t)i / WATCH_LOST_OF_GROUP);
	CHECK_INT(l.n, WATCH_LOST_MAX);
	CHECK_INT(l.n_groups, WATCH_LOST_GROUPS);
	CHECK(watch_lost_has(&l, 1000 + WATCH_LOST_MAX - 1));
	CHECK(!watch_lost_has(&l, 1000 + WATCH_LOST_MAX));
	CHECK(watch_lost_has_group(&l, WATCH_LOST_GROUPS - 1));
	CHECK(!watch_lost_has_group(&l, WATCH_LOST_GROUPS));
}

/* A group that is not the first one in the list. */
static void a_later_group_is_forgotten(void)
{
	begin();
	watch_lost_add(&l, 20, 2);
	for (pid_t i = 0; i < 3; i++)
		watch_lost_add(&l, 10 + i, 1);
	for (pid_t i = 0; i < 2; i++)
		watch_lost_add(&l, 21 + i, 2);
	CHECK_INT(l.group[1], 2);
	l.ms[0] = now_ms() - 700000;
	watch_lost_forget(&l, 600000, 3);
	CHECK_INT(l.n, 5);
	CHECK(watch_lost_has_group(&l, 1));
	CHECK(!watch_lost_has_group(&l, 2));
}

/* The oldest go, so many at a time and with their groups; what is younger stays as it is. */
static void forgotten(void)
{
	begin();
	for (pid_t i = 0; i < 3; i++)
		watch_lost_add(&l, 10 + i, 1);
	for (pid_t i = 0; i < 3; i++)
		watch_lost_add(&l, 20 + i, 2);
	watch_lost_forget(&l, 600000, 4);
	CHECK_INT(l.n, 6);
	CHECK_INT(l.n_groups, 2);
	for (size_t i = 0; i < 5; i++)
		l.ms[i] = now_ms() - 700000;
	watch_lost_forget(&l, 600000, 3);
	CHECK_INT(l.n, 3);
	CHECK_INT(l.pid[0], 20);
	CHECK_INT(l.pid[2], 22);
	CHECK_INT(l.group_of[0], 2);
	CHECK(!watch_lost_has_group(&l, 1) && watch_lost_has_group(&l, 2));
	watch_lost_forget(&l, 600000, 3);
	CHECK_INT(l.n, 1);
	CHECK_INT(l.pid[0], 22);
	CHECK(now_ms() - l.ms[0] < 600000);
	CHECK_INT(l.n_groups, 0);
	/* who comes again is waited for again */
	watch_lost_add(&l, 20, 2);
	CHECK(watch_lost_has(&l, 20) && !watch_lost_has_group(&l, 2));
}

int main(void)
{
	RUN(each_once);
	RUN(the_third_of_a_group);
	RUN(full);
	RUN(a_later_group_is_forgotten);
	RUN(forgotten);
	return check_end();
}
