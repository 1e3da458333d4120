/* SPDX-License-Identifier: Apache-2.0 */
/* The files that say: from now on, nothing is made mergeable on this host. */
#ifndef KSM_STOP_H
#define KSM_STOP_H

#include <stdbool.h>

#include "base/error.h"

/*
 * Either is enough. The first outlives a boot. The second is for an agent in a pod, whose /etc/ksm-hook
 * is a ConfigMap and not the host's, while the host's /run/ksm-hook is mounted there
 * (kubernetes/base/daemonset.yaml). Only root may write to either directory.
 */
#define STOP_PATH     SYSCONFDIR "/ksm-hook/stop"
#define STOP_PATH_RUN "/run/ksm-hook/stop"

/*
 * The path of the one that is there, whatever it is or holds, a link that leads nowhere too, and
 * whoever made it; NULL: none is. Static.
 */
const char *stop_place(void);
bool stop_is_set(void);

/* 0, or -EPERM with err, which says so, where one is there. */
int stop_check(struct error *err);

#endif
