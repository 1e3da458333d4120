/* SPDX-License-Identifier: Apache-2.0 */
/* Measures one process: whose it is, what of it is merged, and what that costs. */
#ifndef KSM_MEASURE_H
#define KSM_MEASURE_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/read_budget.h"
#include "stats/snapshot.h"

/* What is the same for all processes of a snapshot. */
struct measuring {
	int64_t page;               /* bytes */
	double share;               /* of a merged page, on this machine's average: 0 to 1 */
	bool scanned;               /* ksmd runs and has completed full scans */
	struct read_budget *budget; /* the caller's, for who cannot wait; or NULL */
};

/* Asks the kernel; budget as above, NULL for that of kernel/watched.c. */
void measuring_begin(struct measuring *how, struct read_budget *budget);

/*
 * Fill p, whose pid is set. False where it is not shown: it has ended, or is one of the host's
 * and not mergeable. From within watched_run() alone (kernel/watched.h).
 */
bool measure_process(const struct measuring *how, struct process_stats *p);

#endif
