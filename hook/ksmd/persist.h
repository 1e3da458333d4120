/* SPDX-License-Identifier: Apache-2.0 */
/* enable over boots: the package's systemd unit, switched on as `systemctl enable` does. */
#ifndef KSM_PERSIST_H
#define KSM_PERSIST_H

#include "base/error.h"

#define PROFILE_TEXT 32

/* The profile that is enabled at boot; "" where none is. */
void enabled_at_boot(char profile[PROFILE_TEXT]);

/* Enable this one and no other; "": none. 0 or -errno. */
int enable_at_boot(const char *profile, struct error *err);

#endif
