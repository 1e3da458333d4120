/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of memory.stat: the first, the last, names that begin alike. */
#include "kernel/memory_cgroup.h"
#include <errno.h>
#include <unistd.h>

#include "check.h"

static void values(void)
{
	static const char text[] =
		"anon 8192\nanon_thp 0\nfile 12\ninactive_anon 5\ntotal_rss 77\nlast 3";

	CHECK_INT(memory_stat_value(text, "anon"), 8192);
	CHECK_INT(memory_stat_value(text, "anon_thp"), 0);
	CHECK_INT(memory_stat_value(text, "total_rss"), 77);
	CHECK_INT(memory_stat_value(text, "last"), 3);
	CHECK_INT(memory_stat_value(text, "rss"), -1);
	CHECK_INT(memory_stat_value(text, "ano"), -1);
	CHECK_INT(memory_stat_value("", "anon"), -1);
}

/* the machine's own: there is memory, and it is charged to somebody */
static void ours(void)
{
	struct memory_cgroup g;
	uint64_t number[MEMORY_CGROUP_BELOW_MAX];

	if (memory_cgroup_of(getpid(), &g) != 1 || memory_cgroup_anonymous(&g) < 0) {
		CHECK(true); /* no memory controller here */
		return;
	}
	CHECK(memory_cgroup_anonymous(&g) > 0);
	CHECK(memory_cgroup_numbers(&g, number) >= 1);
	CHECK(number[0] != 0);
	snprintf(g.path, sizeof(g.path), "/no/such/cgroup");
	CHECK_INT(memory_cgroup_anonymous(&g), -1);
	CHECK_INT(memory_cgroup_numbers(&g, number), -ENOENT);
}

int main(void)
{
	RUN(values);
	RUN(ours);
	return check_end();
}
