/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Distributions compile their static yajl with glibc's _FORTIFY_SOURCE; linked with musl it
 * needs these checked variants (Linux Standard Base, "libc: fortify"). Only that build has
 * them: on glibc the library's own are used.
 */
#ifndef __GLIBC__
#include <stdarg.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef __GLIBC__
void *__memcpy_chk(void *dst, const void *src, size_t n, size_t room);
int __snprintf_chk(char *s, size_t n, int flag, size_t room, const char *fmt, ...);
int __sprintf_chk(char *s, int flag, size_t room, const char *fmt, ...);

void *__memcpy_chk(void *dst, const void *src, size_t n, size_t room)
{
	if (n > room)
		abort();
	return memcpy(dst, src, n);
}

int __snprintf_chk(char *s, size_t n, int flag, size_t room, const char *fmt, ...)
{
	va_list ap;
	int len;

	(void)flag;
	if (n > room)
		abort();
	va_start(ap, fmt);
	len = vsnprintf(s, n, fmt, ap);
	va_end(ap);
	return len;
}

int __sprintf_chk(char *s, int flag, size_t room, const char *fmt, ...)
{
	va_list ap;
	int len;

	(void)flag;
	va_start(ap, fmt);
	len = vsnprintf(s, room, fmt, ap);
	va_end(ap);
	if (len < 0 || (size_t)len >= room)
		abort();
	return len;
}
#endif
