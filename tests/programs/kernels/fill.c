/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fill MIB: so much anonymous memory, of which no two pages are equal, but each is to the one at the
 * same place of another process of this program. Says "ready", and waits to be killed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MIB (1UL << 20)

int main(int argc, char **argv)
{
	const unsigned long page = (unsigned long)sysconf(_SC_PAGESIZE);
	unsigned long size = argc == 2 ? strtoul(argv[1], NULL, 10) * MIB : 0;
	char *memory =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return 1;
	for (unsigned long i = 0; i < size / page; i++)
		memcpy(memory + i * page, &(unsigned long){ i + 1 }, sizeof(i));
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
