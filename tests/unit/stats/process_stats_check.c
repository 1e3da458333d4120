/* SPDX-License-Identifier: Apache-2.0 */
/* What who has looked at processes cannot have found. */
#include "stats/process_stats_check.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/macros.h"
#include "check.h"
#include "stats/process_of.h"

#define AT(field) \
	offsetof(struct process_stats, field), sizeof(((struct process_stats *)0)->field)

static void what_cannot_be(void)
{
	static const struct {
		size_t at, size;
		int value; /* of each byte */
	} bad[] = {
		{ AT(name.engine), 'x' }, { AT(name.id), 'x' }, { AT(pid), 0 },
		{ AT(pid), 0xff },        { AT(task), 0xff },   { AT(method), 3 },
		{ AT(method), 0xfe },     { AT(entered), 2 },   { AT(uncounted), 2 },
		{ AT(left_out), 2 },      { AT(shares), 2 },    { AT(estimated), 2 },
		{ AT(huge), 0xff },
	};
	struct process_stats p[2] = { process("a", 7, 1, KSM_BY_UNKNOWN, 5),
				      process("b", 8, 1, KSM_BY_MADVISE, 5) };

	CHECK(process_stats_are_possible(p, 2, 2));
	CHECK(process_stats_are_possible(p, 0, 0));
	CHECK(!process_stats_are_possible(p, 2, 1));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		p[1] = p[0];
		memset((char *)&p[1] + bad[i].at, bad[i].value, bad[i].size);
		CHECK_INT(process_stats_are_possible(p, 2, 2) ? (int)i : -1, -1);
	}
	/* the kernel's counters may be anything */
	p[1] = p[0];
	p[1].memory.zeros = p[1].profit = INT64_MIN;
	CHECK(process_stats_are_possible(p, 2, 2));
}

int main(void)
{
	RUN(what_cannot_be);
	return check_end();
}
