/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tagged PAGES [plain]: so many pages, none like another, each like that of another process of this
 * program, in memory that has tags (MTE of aarch64), or not. Says "ready", or "no tags", and
 * waits to be killed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* arch/arm64/include/uapi/asm/mman.h */
#define TAGS 0x20 /* PROT_MTE */

int main(int argc, char **argv)
{
	const int rights = PROT_READ | PROT_WRITE | (argc > 2 ? 0 : TAGS);
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	char *p = mmap(NULL, n * page, rights, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		puts("no tags");
		return 1;
	}
	madvise(p, n * page, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < n; i++)
		memcpy(p + i * page, &(size_t){ i + 1 }, sizeof(i));
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
