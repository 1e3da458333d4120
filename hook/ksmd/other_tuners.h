/* SPDX-License-Identifier: Apache-2.0 */
/* Other KSM tuning daemons. */
#ifndef KSM_OTHER_TUNERS_H
#define KSM_OTHER_TUNERS_H

#include <sys/types.h>

/*
 * The name of one that runs on this host, which is its systemd unit's too, and its process;
 * NULL if there is none.
 */
const char *other_tuner_find(pid_t *pid);

#endif
