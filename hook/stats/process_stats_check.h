/* SPDX-License-Identifier: Apache-2.0 */
/* What a child says of processes that it has looked at: can it be? Pure. */
#ifndef KSM_PROCESS_STATS_CHECK_H
#define KSM_PROCESS_STATS_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "stats/snapshot.h"

/*
 * The child was in reach of what it has read (kernel/watched.h): texts end, what chooses between few things is one of
 * them, and there are no more than most processes. Amounts may be any, as the kernel's own counters may; and who acts
 * on a process asks again what it is.
 */
bool process_stats_are_possible(const struct process_stats *p, size_t n, size_t most);

#endif
