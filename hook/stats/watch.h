/* SPDX-License-Identifier: Apache-2.0 */
/* The table of containers again and again, on a terminal as top shows processes. */
#ifndef KSM_WATCH_H
#define KSM_WATCH_H

#include <stdbool.h>

#include "base/error.h"
#include "stats/snapshot.h"

/* Until q or a signal. 0 or -errno with err. */
int watch_snapshots(int seconds, bool exact, enum snapshot_order order, struct error *err);

#endif
