/* SPDX-License-Identifier: Apache-2.0 */
/* Processes become families, and families containers. */
#ifndef KSM_LOOK_FOLD_H
#define KSM_LOOK_FOLD_H

#include "stats/collect.h"

/*
 * Sorts the processes by container and by whom they were forked from. Sets own to 0 where it
 * matters how much memory a process has of its own. 0 or -ENOMEM.
 */
int look_find_families(struct look_process *p, size_t n, struct look_family **family,
		       size_t *families);

struct saving look_family_saving(const struct look_process *p, size_t n, double share);

/* A row per process becomes a row per container, with what was written down of it. */
int look_fold(struct look *out, struct look_process *p, size_t n,
	      const struct look_family *family, size_t families);

#endif
