/* SPDX-License-Identifier: Apache-2.0 */
/* What was found in config.json of an OCI bundle: what keeps the preload out, and where it would be added. */
#include "oci/spec_facts.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void spec_block(struct spec *spec, enum reason reason, const char *fmt, ...)
{
	va_list ap;

	if (spec->blocker.reason != REASON_NONE)
		return;
	va_start(ap, fmt);
	vsnprintf(spec->blocker.msg, sizeof(spec->blocker.msg), fmt, ap);
	va_end(ap);
	spec->blocker.reason = reason;
}

void spec_keep(char *out, size_t size, const char *text, size_t len)
{
	if (len >= size || memchr(text, '\0', len))
		len = 0;
	memcpy(out, text, len);
	out[len] = '\0';
}

const char *spec_bind_below(const struct spec_bind *bind, const char *path)
{
	size_t len = strlen(bind->destination);

	while (len > 0 && bind->destination[len - 1] == '/')
		len--;
	if (strncmp(path, bind->destination, len) != 0 || (path[len] && path[len] != '/'))
		return NULL;
	return path + len;
}
