/* SPDX-License-Identifier: Apache-2.0 */
/* Other programs that drive ksmd. */
#ifndef KSM_TUNER_H
#define KSM_TUNER_H

#include <sys/types.h>

/*
 * The name of one that runs on this host, which is its systemd unit's too, and its process;
 * NULL if there is none.
 */
const char *tuner_find(pid_t *pid);

#endif
