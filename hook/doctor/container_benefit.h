/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: is a mergeable container scanned, and does merging it pay? */
#ifndef KSM_CONTAINER_BENEFIT_H
#define KSM_CONTAINER_BENEFIT_H

#include "doctor/container_summary.h"
#include "doctor/findings.h"

/* Of a mergeable container, while ksmd runs. name is the one for messages and commands. */
void container_benefit_check(struct doctor *d, const struct container_summary *c,
			     const char *name);

#endif
