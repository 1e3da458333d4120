/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container's program: has 256 equal pages, waits until the kernel has merged most of them
 * and prints "merged", or "not merged" after some seconds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGES 256

/* The number of the line that begins with name, which may be empty; -1 without one. */
static long number(const char *path, const char *name)
{
	char line[128];
	long n = -1;
	FILE *f = fopen(path, "r");

	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, name, strlen(name)) == 0)
			n = strtol(line + strlen(name), NULL, 10);
	if (f)
		fclose(f);
	return n;
}

/* This process's merged pages; on kernels that tell of no process, everybody's. */
static long merging(void)
{
	long n = number("/proc/self/ksm_stat", "ksm_merging_pages ");

	return n >= 0 ? n : number("/sys/kernel/mm/ksm/pages_sharing", "");
}

int main(void)
{
	size_t size = (size_t)PAGES * (size_t)sysconf(_SC_PAGESIZE);
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long n = 0;

	if (p == MAP_FAILED)
		return 1;
	memset(p, 7, size);
	for (int i = 0; i < 40 && n < PAGES / 2; i++) {
		usleep(100000);
		n = merging();
	}
	puts(n >= PAGES / 2 ? "merged" : "not merged");
	return 0;
}
