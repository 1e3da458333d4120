/* SPDX-License-Identifier: Apache-2.0 */
/* economize: have only those parts of a container scanned that hold something merged. */
#ifndef KSM_ECONOMIZE_NARROW_H
#define KSM_ECONOMIZE_NARROW_H

#include "applets/economize_target.h"
#include "base/error.h"

/*
 * Of each process that PR_SET_MEMORY_MERGE made mergeable, and that it pays for, leave out what
 * holds nothing merged; or scan all of it again. 0, also where it pays for none; -errno with err
 * where a process was not to be changed: *out says what was done all the same.
 */
int economize_narrow(const struct economize_target *t, struct economize_change *out,
		     struct error *err);
int economize_widen(const struct economize_target *t, struct economize_change *out,
		    struct error *err);

#endif
