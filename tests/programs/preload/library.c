/* SPDX-License-Identifier: Apache-2.0 */
/* lint: no analysis (memory is taken and left on purpose) */
/* A library that programs load at run time, and that allocates. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

int grow_in_library(size_t total);
int finds_next(void);

int grow_in_library(size_t total)
{
	size_t done;
	char *p;

	for (done = 0; done < total; done += 500) {
		p = malloc(500);
		if (!p)
			return 1;
		memset(p, 1, 500);
	}
	return 0;
}

/* RTLD_NEXT is told from the caller's address. */
int finds_next(void)
{
	return dlsym(RTLD_NEXT, "finds_next") == NULL;
}
