/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the node's agent is, in memory that its process with power shares with the one that answers
 * probes: written by the first alone, each value by itself.
 */
#ifndef KSM_NRI_STATE_H
#define KSM_NRI_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

enum nri_count {
	NRI_COUNT_MERGEABLE,
	NRI_COUNT_FAILED,
	NRI_COUNT_OBSERVED, /* would have been made mergeable, if "mode" were not "observe" */
	NRI_COUNTS
};

struct nri_state {
	_Atomic bool registered;       /* with a runtime */
	_Atomic int64_t busy_since_ms; /* of now_ms(), with one request; 0: it waits for one */
	_Atomic uint64_t count[NRI_COUNTS]; /* containers that asked, by what came of it */
};

/* Shared with the children that are forked from now on. NULL with err. */
struct nri_state *nri_state_make(struct error *err);

void nri_state_registered(struct nri_state *s, bool registered);
void nri_state_busy(struct nri_state *s, int64_t since_ms);
void nri_state_count(struct nri_state *s, enum nri_count what);

/* Is it alive and well, or has it been at one request for too long? */
bool nri_state_is_healthy(const struct nri_state *s);

#endif
