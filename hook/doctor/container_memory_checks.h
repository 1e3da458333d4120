/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: could what is merged be given back, and does a sparse address space hold ksmd up? */
#ifndef KSM_CONTAINER_MEMORY_CHECKS_H
#define KSM_CONTAINER_MEMORY_CHECKS_H

#include <stdbool.h>
#include <stdint.h>

#include "doctor/container_summary.h"
#include "doctor/findings.h"

/* Of the host: is there memory for all that merging saves? */
void check_host_headroom(struct doctor *d);

/* Would its limit, or one above it, hold its merged pages if each of them was written to? */
void container_limit_check(struct doctor *d, const struct container_summary *c,
			   const char *name);

/* Does ksmd get anywhere? Looked at once, however many containers make it a question. */
enum ksmd_progress { KSMD_NOT_LOOKED_AT, KSMD_SCANS, KSMD_STUCK };

/*
 * Is one of its mergeable processes so sparse that ksmd may walk holes for minutes, and does ksmd get
 * nowhere? Takes a second for the first one that is, and is remembered in progress. For a ksmd that
 * runs.
 */
void container_sparse_check(struct doctor *d, const struct container_summary *c,
			    const char *name, enum ksmd_progress *progress);

/* Pure: is this much more address space than memory, and enough to matter? In pages. */
bool is_sparse(int64_t address_space, int64_t anonymous);

#endif
