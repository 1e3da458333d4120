/* SPDX-License-Identifier: Apache-2.0 */
/* What went wrong, in words that gather context on their way up. */
#ifndef KSM_ERROR_H
#define KSM_ERROR_H

#include <errno.h>
#include <stdbool.h>

#include "base/macros.h"
#include "base/reason.h"

/*
 * What went wrong, for a reader: functions return 0 or -errno and fill this in; callers
 * put their context in front. Plain bytes, so that it can cross a pipe between processes.
 */
struct error {
	char msg[320];
	enum reason reason; /* for whatever has to tell errors apart */
};

/*
 * Set the message, without a reason's code; returns -code, so that
 * `return err_set(err, EINVAL, …)` reads well.
 */
int err_set(struct error *err, int code, const char *fmt, ...) __printf(3, 4);

/* The same, with ": " and the text of code behind it. */
int err_errno(struct error *err, int code, const char *fmt, ...) __printf(3, 4);

/* Put "context: " in front of the message, and keep the reason; returns ret. */
int err_wrap(struct error *err, int ret, const char *fmt, ...) __printf(3, 4);

/* Give what was set a reason; returns ret: `return err_reason(err, REASON_…, err_set(err, …))`. */
int err_reason(struct error *err, enum reason reason, int ret);

/* Would a reader be told the same? For whoever tells a thing once. */
bool err_same(const struct error *a, const struct error *b);

#endif
