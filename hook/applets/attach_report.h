/* SPDX-License-Identifier: Apache-2.0 */
/* What attach and detach did, for people, programs and the log. */
#ifndef KSM_ATTACH_REPORT_H
#define KSM_ATTACH_REPORT_H

#include <stdint.h>

#include "doctor/merge_gate.h"
#include "inject/set_mergeable.h"

/* A line for each process on which it failed and that is still there. */
void attach_log_failures(const struct set_mergeable *m);

/* The line of one process, on stdout. */
void attach_print_row(const struct set_mergeable *m, const struct merge_row *r);

/* A line for each container that was refused and not reported so far. */
void attach_print_skipped(struct merge_gate *g);

/* All of them, and the sum. */
void attach_print_text(const struct set_mergeable *m, struct merge_gate *g, int64_t elapsed_us);

/* The same as JSON; 0, or 1 where memory is short. */
int attach_print_json(const struct set_mergeable *m, const struct merge_gate *g,
		      int64_t elapsed_us);

#endif
