/* SPDX-License-Identifier: Apache-2.0 */
/* The process of the node's agent that makes the pages: it reads /proc, and answers one socket. */
#ifndef KSM_NRI_PAGES_H
#define KSM_NRI_PAGES_H

#include "applets/metrics_print.h"
#include "nri/nri_state.h"
#include "stats/metrics_group.h"

struct nri_pages {
	enum metrics_group group;
	const char *config; /* the agent's configuration */
	const struct nri_state *state;
	struct metrics_samples *samples; /* in memory that is shared with the agent */
};

/*
 * Answer what comes from the socket (nri/nri_page.h) until that is closed. This process keeps no
 * other descriptor, and no right but to look. Does not return.
 */
_Noreturn void nri_pages_serve(int fd, const struct nri_pages *pages);

#endif
