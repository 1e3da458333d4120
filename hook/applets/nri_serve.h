/* SPDX-License-Identifier: Apache-2.0 */
/* ksm-hook nri: the process with power, from one connection to the next. */
#ifndef KSM_NRI_SERVE_H
#define KSM_NRI_SERVE_H

#include "applets/nri_agent.h"
#include "base/error.h"

/* From now on SIGCHLD, SIGTERM and SIGINT wait: a descriptor that has them, or -errno. */
int agent_signals(struct error *err);

/* One connection, from the first frame to its end. 0, or -errno where no process could be made. */
int agent_serve(struct agent *a, int runtime, struct error *err);

/* Until SIGTERM or SIGINT: a runtime that is restarted, or installed later, finds us. */
void agent_serve_for_ever(struct agent *a);

#endif
