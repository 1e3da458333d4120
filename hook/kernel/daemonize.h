/* SPDX-License-Identifier: Apache-2.0 */
/* A process that goes on behind a start, in nobody's way. */
#ifndef KSM_DAEMONIZE_H
#define KSM_DAEMONIZE_H

/*
 * In a child: nothing is left that a runtime or an engine could wait for. Of the descriptors
 * only fd stays, under the number as (above stderr's).
 */
void background_detach(int fd, int as);

/*
 * Out of the container's cgroups, or the engine's: who removes one kills what is in it, or
 * waits for it. To the root of each hierarchy, which holds up all forks for a moment.
 */
void background_leave_cgroups(void);

#endif
