/* SPDX-License-Identifier: Apache-2.0 */
/* lint: no analysis (memory is taken and left on purpose) */
/* Another preloaded library: it takes over malloc, and loads a library inside it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static unsigned long calls;

void *malloc(size_t len)
{
	static void *(*next)(size_t);
	static int inside;

	if (!next)
		next = (void *(*)(size_t))dlsym(RTLD_NEXT, "malloc");
	if (++calls == 5000 && !inside) {
		inside = 1;
		dlsym(dlopen("libm.so.6", RTLD_NOW), "cos");
		inside = 0;
	}
	return next(len);
}

__attribute__((destructor)) static void report(void)
{
	const char *file = getenv("INTERPOSE_REPORT");
	FILE *f = file ? fopen(file, "w") : NULL;

	if (f) {
		fprintf(f, "%lu\n", calls);
		fclose(f);
	}
}
