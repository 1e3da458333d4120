/* SPDX-License-Identifier: Apache-2.0 */
/* Of ksm-hook attach and detach: the targets are walked over until none is left that is not as wanted. */
#ifndef KSM_ATTACH_PASSES_H
#define KSM_ATTACH_PASSES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "doctor/merge_gate.h"
#include "inject/set_mergeable.h"

/* For struct set_mergeable: is the process still one of the targets that the gate lets pass? */
bool attach_is_still_right(const void *gate, pid_t pid);

/*
 * What the configuration says now. With sparse it has to have a bound, and without force as well there
 * has to be memory for the copies.
 */
int attach_reopen_gate(struct set_mergeable *m, struct merge_gate *gate, bool sparse,
		       bool force, struct error *err);

/* Is there memory for the copies of the targets? */
int attach_check_headroom(const struct set_mergeable *m, const struct merge_gate *gate,
			  struct error *err);

/*
 * Until a pass finds none that is not as wanted, those that failed aside. *found is how many processes
 * the last one met.
 */
int attach_passes(struct set_mergeable *m, struct merge_gate *gate, size_t *found,
		  struct error *err);

#endif
