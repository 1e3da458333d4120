/* SPDX-License-Identifier: Apache-2.0 */
/* The table of containers again and again, on a terminal as top shows processes. */
#ifndef KSM_WATCH_H
#define KSM_WATCH_H

#include <stdbool.h>

#include "base/error.h"
#include "stats/snapshot.h"

/* How each snapshot is taken and shown. */
struct watch {
	int seconds;
	bool exact;
	enum snapshot_order order;            /* the first; keys choose another */
	void (*complete)(struct snapshot *s); /* fills in what a snapshot alone does not know */
};

/* Until q, a signal, or stdout takes no more. 0 or -errno with err. */
int watch_snapshots(const struct watch *w, struct error *err);

#endif
