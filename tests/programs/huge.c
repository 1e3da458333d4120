/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of a kind that estimate has to know: huge MB [shared|locked|small]. Then it is "ready" and sleeps. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096ul
#define HUGE (2ul << 20)

int main(int argc, char **argv)
{
	size_t size = argc > 1 ? strtoul(argv[1], NULL, 10) << 20 : HUGE;
	int share = argc > 2 && strcmp(argv[2], "shared") == 0 ? MAP_SHARED : MAP_PRIVATE;
	char *p = mmap(NULL, size + HUGE, PROT_READ | PROT_WRITE, share | MAP_ANONYMOUS, -1, 0);
	unsigned seed = (unsigned)getpid();

	if (p == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	p = (char *)(((uintptr_t)p + HUGE - 1) & ~(HUGE - 1));
	if (argc == 2)
		madvise(p, size, MADV_HUGEPAGE);
	/* of four pages one is its own, three are those of every process of this program */
	for (size_t i = 0; i < size / PAGE; i++) {
		uint64_t v = i % 4 ? i : ((uint64_t)rand_r(&seed) << 32) + i;

		for (size_t k = 0; k < PAGE / 8; k++)
			((uint64_t *)(p + i * PAGE))[k] = v + k * v;
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
