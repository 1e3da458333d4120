/* SPDX-License-Identifier: Apache-2.0 */
/* The functions that a compiler may call on its own; in assembly, lest it makes a loop
 * in them a call to themselves. What is set and copied here is small. */
#include "preload.h"

void *memset(void *to, int byte, size_t len);
void *memcpy(void *to, const void *from, size_t len);

void *memset(void *to, int byte, size_t len)
{
#if defined(__x86_64__) || defined(__i386__)
	void *at = to;

	__asm__ volatile("rep stosb" : "+D"(at), "+c"(len) : "a"(byte) : "memory");
#else
	char *at = to;

	for (; len; len--) {
		*at++ = (char)byte;
		__asm__ volatile("" : "+r"(at) : : "memory");
	}
#endif
	return to;
}

void *memcpy(void *to, const void *from, size_t len)
{
#if defined(__x86_64__) || defined(__i386__)
	void *at = to;

	__asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(len) : : "memory");
#else
	const char *source = from;
	char *at = to;

	for (; len; len--) {
		*at++ = *source++;
		__asm__ volatile("" : "+r"(at), "+r"(source) : : "memory");
	}
#endif
	return to;
}
