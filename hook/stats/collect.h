/* SPDX-License-Identifier: Apache-2.0 */
/* Measures the processes of all containers, in several threads. */
#ifndef KSM_COLLECT_H
#define KSM_COLLECT_H

#include <stdbool.h>

#include "base/error.h"
#include "kernel/privileges.h"
#include "stats/snapshot.h"

/* Before the first one: give up what taking snapshots does not need, for good. 0 or -errno. */
int snapshot_prepare(enum privileges keep, struct error *err);

/*
 * Take a snapshot. Processes of the host are shown by unit or command where they are mergeable.
 * exact reads where every merged page is. 0 or -errno with err.
 */
int snapshot_take(struct snapshot *out, bool exact, struct error *err);

/*
 * The same for who cannot wait: of a container whose mappings take long to read, those of some
 * processes are estimated (kernel/read_budget.h). *out is empty where it fails.
 */
int snapshot_take_in_time(struct snapshot *out, struct error *err);

#endif
