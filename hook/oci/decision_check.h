/* SPDX-License-Identifier: Apache-2.0 */
/* What comes out of the sandbox, checked field by field. */
#ifndef KSM_DECISION_CHECK_H
#define KSM_DECISION_CHECK_H

#include <stddef.h>

#include "base/error.h"
#include "oci/decision_types.h"

/*
 * Nothing that comes from the sandbox is taken for granted: numbers and offsets (in a text of
 * len bytes) in range, texts ended and of letters that they may have. -EPROTO where this is
 * none that our reader would have sent. Messages are ended.
 */
int decision_check(struct container_decision *d, size_t len, struct error *err);

/* The same of what config.json says. */
int decision_settings_check(struct decision_settings *s, struct error *err);

#endif
