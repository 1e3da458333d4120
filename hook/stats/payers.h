/* SPDX-License-Identifier: Apache-2.0 */
/* Which container's memory cgroup pays for a frame: what /proc/kpagecgroup says. For root only. */
#ifndef KSM_PAYERS_H
#define KSM_PAYERS_H

#include <stddef.h>
#include <stdint.h>

#include "stats/aggregate.h"

#define PAYER_NONE SIZE_MAX

struct payers {
	int kpagecgroup; /* -1: a kernel without memory cgroups */
	struct payer {
		uint64_t number; /* of a memory cgroup */
		size_t container;
	} * payer;
	size_t n, capacity;
	struct fork_group **first; /* of each container */
};

/*
 * Find the memory cgroups of the containers that groups belong to, and set their charges to 0, known
 * where it has a memory cgroup of its own. 0 or -ENOMEM. payers_close() in any case.
 */
int payers_open(struct payers *p, struct fork_group *group, size_t n);
void payers_close(struct payers *p);

/* The container whose cgroup pays for a frame; PAYER_NONE where it is none of theirs. */
size_t payers_find(const struct payers *p, uint64_t frame);

#endif
