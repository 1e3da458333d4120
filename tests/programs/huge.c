/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of a kind that estimate has to know: huge MB [shared|locked|small]. Then it is "ready" and sleeps. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* 2 MiB where pages have 4 KiB, 32 MiB where they have 16. */
static size_t huge_page(void)
{
	size_t size = 2ul << 20;
	FILE *f = fopen("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "re");

	if (f && fscanf(f, "%zu", &size) != 1)
		size = 2ul << 20;
	if (f)
		fclose(f);
	return size;
}

int main(int argc, char **argv)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE), huge = huge_page();
	size_t size = argc > 1 ? strtoul(argv[1], NULL, 10) << 20 : huge;
	int share = argc > 2 && strcmp(argv[2], "shared") == 0 ? MAP_SHARED : MAP_PRIVATE;
	char *p = mmap(NULL, size + huge, PROT_READ | PROT_WRITE, share | MAP_ANONYMOUS, -1, 0);
	unsigned seed = (unsigned)getpid();

	if (p == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	p = (char *)(((uintptr_t)p + huge - 1) & ~(huge - 1));
	if (argc == 2)
		madvise(p, size, MADV_HUGEPAGE);
	/* of four pages one is its own, three are those of every process of this program */
	for (size_t i = 0; i < size / page; i++) {
		uint64_t v = i % 4 ? i : ((uint64_t)rand_r(&seed) << 32) + i;

		for (size_t k = 0; k < page / 8; k++)
			((uint64_t *)(p + i * page))[k] = v + k * v;
	}
	if (argc > 2 && strcmp(argv[2], "locked") == 0 && mlock(p, size) < 0) {
		perror("mlock");
		return 1;
	}
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
