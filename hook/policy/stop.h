/* SPDX-License-Identifier: Apache-2.0 */
/* The file that says: from now on, nothing is made mergeable on this host. */
#ifndef KSM_STOP_H
#define KSM_STOP_H

#include <stdbool.h>

#include "base/error.h"

#define STOP_PATH SYSCONFDIR "/ksm-hook/stop"

/* Is it there? Whatever it is or holds, a link that leads nowhere too, and whoever made it. */
bool stop_is_set(void);

/* 0, or -EPERM with err, which says so, where it is there. */
int stop_check(struct error *err);

#endif
