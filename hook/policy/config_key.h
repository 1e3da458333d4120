/* SPDX-License-Identifier: Apache-2.0 */
/* A key of config.json that is not known: may it be meant to deny? */
#ifndef KSM_CONFIG_KEY_H
#define KSM_CONFIG_KEY_H

#include <stdbool.h>

/*
 * Pure. Is a key that is not known one that somebody may have meant to deny with? It has "deny" or
 * "allow" in its name, in whatever case, or is one slip away from one of them: a letter too many,
 * too few or another one, or two that changed places.
 */
bool config_key_may_deny(const char *key);

#endif
