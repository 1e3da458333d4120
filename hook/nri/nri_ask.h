/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The confined reader's side of nri_call.h: what it decides of a container, by the configuration
 * as the process with power last gave it, and how it asks that process for what it may not do.
 */
#ifndef KSM_NRI_ASK_H
#define KSM_NRI_ASK_H

#include "nri/nri.pb-c.h"
#include "nri/nri_call.h"

/* What the next nri_ask() sends: of this kind, and empty. The same memory each time. */
struct nri_call *nri_ask_prepare(enum nri_call_kind kind);

/* Send it, and wait for the answer. Where the other process is gone, so are we. */
void nri_ask(struct nri_answer *answer);

/* A complaint for the log. */
void nri_ask_say(const struct error *err);

/* config.json as it stands now, as for every hook: without one that can be read, nobody asks. */
void nri_ask_config(void);

/* Decide, into what nri_ask() sends. NULL where it is nobody's business but the container's own. */
struct nri_call *nri_ask_decide(enum nri_call_kind kind, enum container_engine engine,
				const Nri__PodSandbox *pod, const Nri__Container *container);

#endif
