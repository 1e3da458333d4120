/* SPDX-License-Identifier: Apache-2.0 */
/* What went wrong, in words that gather context on their way up. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct error *err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	err->reason = REASON_NONE;
	return -code;
}

static void append(struct error *err, const char *text)
{
	size_t len = strlen(err->msg);

	snprintf(err->msg + len, sizeof(err->msg) - len, "%s", text);
}

int err_errno(struct error *err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	append(err, ": ");
	append(err, strerror(code));
	err->reason = REASON_NONE;
	return -code;
}

int err_wrap(struct error *err, int ret, const char *fmt, ...)
{
	struct error old = *err;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	append(err, ": ");
	append(err, old.msg);
	return ret;
}

int err_reason(struct error *err, enum reason reason, int ret)
{
	err->reason = reason;
	return ret;
}

bool err_same(const struct error *a, const struct error *b)
{
	return a->reason == b->reason && strcmp(a->msg, b->msg) == 0;
}
