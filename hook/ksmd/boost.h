/* SPDX-License-Identifier: Apache-2.0 */
/* After a start ksmd scans hard while there is something new, then steps down. */
#ifndef KSM_BURST_H
#define KSM_BURST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "ksmd/settings.h"

/*
 * Something has been made mergeable. Where `ksm-hook enable` allowed it, a process of its own
 * drives ksmd until that is merged; where one runs already, it goes on for longer. Never
 * fails, says nothing and keeps errno: without it all is merged as well, only later.
 * stays: the caller does not end soon, or becomes another program, and must not find a child
 * that it does not know.
 */
void burst_start(bool stays);

/* enable and disable, with the directory locked: */

/* From now on starts do the above. */
int burst_allow(int dir, struct error *err);

/*
 * From now on they do not; what runs is stopped, and what a killed one left is put right. With
 * t as enable left it. *was: it was allowed before.
 */
int burst_forbid(int dir, const struct tuning *t, bool *was, struct error *err);

/* For status: what enable did, and whether there is a burst. Empty where there is nothing. */
void burst_describe(char *out, size_t size);

#endif
