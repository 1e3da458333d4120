/* SPDX-License-Identifier: Apache-2.0 */
/* The size of a page, where kernels have different ones. */
#include "preload.h"

#if !defined(__x86_64__) && !defined(__i386__)

/*
 * The largest that arm64 has (CONFIG_ARM64_64K_PAGES). Until the size is known, and without a C
 * library, it is right for the calls of this library: they take in a little more than was asked.
 */
uintptr_t page_size = 65536;

/* libc has it in every version; where there is none it is NULL */
extern int getpagesize(void) __attribute__((weak, visibility("default")));

void page_learn(void)
{
	if (getpagesize)
		page_size = (uintptr_t)getpagesize();
}

#endif
