/* SPDX-License-Identifier: Apache-2.0 */
/* What benches read of the kernel's merging, and that they start it. */
#ifndef KSM_BENCH_KSM_H
#define KSM_BENCH_KSM_H

#include <stdio.h>
#include <stdlib.h>

#define KSM "/sys/kernel/mm/ksm/"

/* The number that a file begins with; 0 where there is none. */
static inline long ksm_number(const char *path)
{
	FILE *f = fopen(path, "re");
	long n = 0;

	if (f) {
		if (fscanf(f, "%ld", &n) != 1)
			n = 0;
		fclose(f);
	}
	return n;
}

static inline long ksm_saved(void)
{
	return ksm_number(KSM "pages_sharing") + ksm_number(KSM "ksm_zero_pages");
}

/* The kernel thread's pid, 0 if it is not to be seen: nothing else is called so and has no parent but kthreadd. */
static inline int ksm_thread(void)
{
	FILE *f = popen("pgrep -P 2 -x ksmd", "r");
	int pid = 0;

	if (f) {
		if (fscanf(f, "%d", &pid) != 1)
			pid = 0;
		pclose(f);
	}
	return pid;
}

/* Ends the program where it cannot be done. */
static inline void ksm_set_run(const char *value)
{
	FILE *f = fopen(KSM "run", "we");

	if (!f || fputs(value, f) < 0 || fclose(f) != 0) {
		perror(KSM "run");
		exit(1);
	}
}

#endif
