/* SPDX-License-Identifier: Apache-2.0 */
/* sparse GIB [plain]: mergeable, unless plain, with so much address space and two pages in it. Says "ready". */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	size_t size = argc == 2 || argc == 3 ? (size_t)atol(argv[1]) << 30 : 0;
	char *at;

	/* PR_SET_MEMORY_MERGE */
	if (size == 0 || (argc == 2 && prctl(67, 1, 0, 0, 0) < 0)) {
		fprintf(stderr, "usage: sparse GIB [plain]\n");
		return 2;
	}
	at = mmap(NULL, size, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (at == MAP_FAILED) {
		perror("sparse: mmap");
		return 1;
	}
	at[0] = 1;
	at[size - 1] = 1;
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
