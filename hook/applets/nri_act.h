/* SPDX-License-Identifier: Apache-2.0 */
/* Of ksm-hook nri: what the process with power does when the reader asks for it. */
#ifndef KSM_NRI_ACT_H
#define KSM_NRI_ACT_H

#include "applets/nri_agent.h"

/* call has been checked; answer is what the reader gets of it. */
void nri_act(struct agent *a, struct nri_call *call, struct nri_answer *answer);

#endif
