/* SPDX-License-Identifier: Apache-2.0 */
/* Is there an agent, and has the runtime taken it on? For doctor. */
#ifndef KSM_NRI_PRESENCE_H
#define KSM_NRI_PRESENCE_H

#include <stdbool.h>

/* Locked by an agent that is registered; in the directory that a DaemonSet shares with the node. */
#define NRI_PRESENCE "/run/ksm-hook/nri"

/*
 * Say so, or that it is no longer so. An agent that is killed is not there either. Where the
 * directory cannot be written to nobody is told.
 */
void nri_presence_set(bool registered);

/* Is there one on this node? */
bool nri_presence_is_there(void);

#endif
