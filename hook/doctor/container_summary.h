/* SPDX-License-Identifier: Apache-2.0 */
/* The containers that run, with what doctor asks of each: added up over its processes. */
#ifndef KSM_CONTAINER_SUMMARY_H
#define KSM_CONTAINER_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "containers/identify.h"
#include "doctor/findings.h"

/* Mergeable processes that are named, of a container. */
#define SUMMARY_NAMED_MAX 8

struct container_summary {
	struct container_name
		name; /* engine "pid" for a process of the host that is a target */
	pid_t pid;    /* of its processes the one that was started first */
	pid_t task;   /* and whose files show that one's memory (kernel/process.h) */
	uint64_t start;
	size_t processes, mergeable, unknown;
	pid_t named[SUMMARY_NAMED_MAX]; /* of the mergeable ones the first; 0 behind the last */
	int64_t anonymous, scanned, merged, zero; /* pages */
	bool elsewhere; /* no target: it counts among d's mergeable pages only */
	/* of the mergeable ones the one with the largest address space, in pages */
	pid_t sparse_pid;
	int64_t sparse_pages, sparse_anonymous;
};

struct container_summaries {
	struct container_summary *c;
	size_t n, room;
};

/*
 * All, or those that are d's targets. Counts d's mergeable pages of all containers in any case.
 * Free c.
 */
void container_summaries_take(struct doctor *d, struct container_summaries *out);

#endif
