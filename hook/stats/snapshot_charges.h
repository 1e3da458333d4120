/* SPDX-License-Identifier: Apache-2.0 */
/* Whom the kernel charges for merged pages, as the containers' memory cgroups say. */
#ifndef KSM_SNAPSHOT_CHARGES_H
#define KSM_SNAPSHOT_CHARGES_H

#include "stats/snapshot.h"

/*
 * Fill in the charges of the containers, bounded by counters; those of exact snapshots are there.
 * And the total of what all of them pay for others: not known where that of a container with
 * merged pages is not.
 */
void snapshot_charges(struct snapshot *s, bool exact);

#endif
