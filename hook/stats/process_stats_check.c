/* SPDX-License-Identifier: Apache-2.0 */
/* What a child says of processes that it has looked at: can it be? Pure. */
#include "stats/process_stats_check.h"

#include <string.h>

#include "kernel/sandbox.h"

static bool is_possible_process(const struct process_stats *p)
{
	return memchr(p->name.engine, '\0', sizeof(p->name.engine)) &&
	       memchr(p->name.id, '\0', sizeof(p->name.id)) && p->pid > 0 && p->task >= 0 &&
	       (int)p->method >= KSM_BY_UNKNOWN && (int)p->method <= KSM_BY_MADVISE &&
	       sandbox_bool(&p->entered) && sandbox_bool(&p->uncounted) &&
	       sandbox_bool(&p->left_out) && sandbox_bool(&p->shares) &&
	       sandbox_bool(&p->estimated) && sandbox_bool(&p->huge);
}

bool process_stats_are_possible(const struct process_stats *p, size_t n, size_t most)
{
	for (size_t i = 0; i < n; i++) {
		if (!is_possible_process(&p[i]))
			return false;
	}
	return n <= most;
}
