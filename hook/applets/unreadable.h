/* SPDX-License-Identifier: Apache-2.0 */
/* Says which processes could not be looked at. */
#ifndef KSM_UNREADABLE_H
#define KSM_UNREADABLE_H

/* A warning for each process that was left out (kernel/watched.h), for ten of them at most. */
void unreadable_log(void);

#endif
