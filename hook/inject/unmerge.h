/* SPDX-License-Identifier: Apache-2.0 */
/* Unmerge all processes of the machine, in steps that leave memory for everything else. */
#ifndef KSM_UNMERGE_H
#define KSM_UNMERGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct unmerge_step {
	size_t processes;
	int64_t bytes;     /* that this step took */
	int64_t left;      /* still to be taken by the copies */
	int64_t available; /* of the machine's memory, behind the step */
};

struct unmerge {
	int percent; /* of the available memory that a step may take */
	void (*progress)(const struct unmerge_step *step);
	size_t done;           /* out: processes that were changed */
	size_t failed;         /* out: processes that could not be changed */
	struct error last_err; /* out: about one of them */
};

/*
 * Disable merging for every process of this /proc that has it, but the caller: the largest first,
 * as many at a time as fit into a step. A process is the least that a step can be. Before the
 * first one: -ENOMEM with err where all copies together do not fit into the available memory, or
 * into a cgroup's limit; later, where one process alone does not fit into a step. What is done by
 * then stays done, and the next call goes on with the rest.
 */
int unmerge_in_steps(struct unmerge *u, struct error *err);

#endif
