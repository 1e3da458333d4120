/* SPDX-License-Identifier: Apache-2.0 */
/* A program with V8 in it (node): have its heap laid out by the seed of a group. */
#include "preload.h"

/*
 * V8 asks for its memory at random addresses of its own, whatever the kernel's setting, seeds
 * its hash tables at random, and lets helper threads allocate in the order in which they
 * happen to run. node exports what changes that, for addons; elsewhere these are NULL. A
 * 32-bit V8 has the second by another name.
 */
extern void v8_set_flags(const char *flags) __asm__("_ZN2v82V818SetFlagsFromStringEPKc")
	__attribute__((weak, visibility("default")));
extern void v8_set_mmap_seed(long seed) __asm__("_ZN2v84base2OS17SetRandomMmapSeedEl")
	__attribute__((weak, visibility("default")));

static char *flag_text(char *to, const char *s)
{
	while (*s)
		*to++ = *s++;
	return to;
}

static char *flag_number(char *to, uintptr_t n)
{
	char digits[24];
	int i = 0;

	do
		digits[i++] = (char)('0' + n % 10);
	while (n /= 10);
	while (i)
		*to++ = digits[--i];
	return to;
}

/*
 * Before main(), so that what node takes from its command line has the last word. Not
 * --random-seed, which does the first two in one: Math.random() would give every container
 * of the group the same numbers.
 */
void v8_start(uintptr_t seed)
{
	char flags[128], *end;

	if (!&v8_set_flags || !&v8_set_mmap_seed)
		return;
	end = flag_text(flags,
			"--single-threaded-gc --no-concurrent-recompilation --hash-seed=");
	*flag_number(end, seed) = '\0';
	v8_set_mmap_seed((long)seed);
	v8_set_flags(flags);
	debug_text("V8: its heap is laid out by KSM_PRELOAD_V8_SEED");
}
