/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: is a mergeable container scanned, and does merging it pay? */
#ifndef KSM_CONTAINER_BENEFIT_H
#define KSM_CONTAINER_BENEFIT_H

#include <stdbool.h>
#include <stdint.h>

#include "doctor/container_summary.h"
#include "doctor/findings.h"

/* How far ksmd can have got with a container. */
struct scan_progress {
	int64_t age_ms, scan_ms; /* of the container, of one scan */
	int64_t unstable; /* pages of the host that changed since the last scan, or are new; -1 */
	int64_t page;     /* bytes of one */
};

/*
 * Has ksmd had the time for it, and not scanned any of it? With a finding then. name is
 * for messages and commands.
 */
void container_scan_judge(struct doctor *d, const struct container_summary *c,
			  const struct scan_progress *p, const char *name);

/* Has ksmd scanned it twice? The first time it only makes checksums. */
bool container_is_scanned_twice(const struct container_summary *c,
				const struct scan_progress *p);

/*
 * Add findings about a container that was scanned twice, where a page has so many bytes. True
 * where there is nothing equal to speak of.
 */
bool container_cost_judge(struct doctor *d, const struct container_summary *c, int64_t page,
			  const char *name);

#endif
