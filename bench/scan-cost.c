/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a page costs ksmd, scan by scan: scan-cost MIB EQUAL SCANS ALIKE
 *
 * Ten processes have MIB of mergeable memory together, of which EQUAL percent is the same in each
 * and the rest differs from all else, but for the first ALIKE bytes of a page. ksmd is set
 * running when all is filled. For each full scan after that: the pages it looked at, its CPU
 * time, and what is saved after it.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ksm.h"

#define COPIES 10
/* include/uapi/linux/prctl.h */
#define SET_MEMORY_MERGE 67
#define LOOK_US          200
/* a scan that does not end in this time does not end */
#define SCAN_SECONDS 600

struct counts {
	long scans, scanned, saved, ns;
};

static char schedstat[64];

static struct counts look(void)
{
	return (struct counts){ .scans = ksm_number(KSM "full_scans"),
				/* of schedstat the first is what it had of a processor */
				.ns = ksm_number(schedstat),
				.scanned = ksm_number(KSM "pages_scanned"),
				.saved = ksm_saved() };
}

static uint64_t next(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

static void fill(size_t pages, size_t equal, size_t alike, int copy, int ready)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE), words = page / 8;
	uint64_t *p = mmap(NULL, page * pages, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t x = 88172645463325252ULL;

	if (p == MAP_FAILED || madvise(p, page * pages, MADV_NOHUGEPAGE) < 0 ||
	    prctl(SET_MEMORY_MERGE, 1L, 0L, 0L, 0L) < 0)
		_exit(1);
	for (size_t i = 0; i < pages; i++) {
		if (i == equal)
			x = (uint64_t)copy * 0x9e3779b97f4a7c15ULL;
		for (size_t k = 0; k < words; k++)
			p[i * words + k] = k < alike / 8 ? k : next(&x);
	}
	(void)!write(ready, "r", 1);
	for (;;)
		pause();
}

static void print(size_t mib, int equal, int scan, const struct counts *was,
		  const struct counts *now)
{
	double s = (double)(now->ns - was->ns) / 1e9;
	long pages = now->scanned - was->scanned;

	printf("%6zu MiB %3d %% equal, scan %2d: %8ld pages %7.3f s CPU %6.2f us a page, %7ld "
	       "saved\n",
	       mib, equal, scan, pages, s, s * 1e6 / (double)pages, now->saved);
	fflush(stdout);
}

static bool watch(int scans, size_t mib, int equal)
{
	struct counts was = look(), now;

	/* where it cannot be done the copies end with us */
	ksm_set_run("1");
	for (int i = 1; i <= scans;) {
		long left = SCAN_SECONDS * 1000000L / LOOK_US;

		for (now = look(); now.scans == was.scans; now = look()) {
			if (left-- == 0)
				return false;
			usleep(LOOK_US);
		}
		/* the one that was on when ksmd was stopped has perhaps nothing left */
		if (now.scanned > was.scanned)
			print(mib, equal, i++, &was, &now);
		was = now;
	}
	return true;
}

int main(int argc, char **argv)
{
	pid_t pid[COPIES];
	size_t mib, pages;
	int ready[2], equal, scans;
	bool done = false;
	char c;

	snprintf(schedstat, sizeof(schedstat), "/proc/%d/schedstat", ksm_thread());
	if (argc != 5 || pipe(ready) < 0 || access(schedstat, R_OK) < 0) {
		fprintf(stderr, "usage: scan-cost MIB EQUAL-PERCENT SCANS ALIKE-BYTES\n");
		return 2;
	}
	mib = strtoul(argv[1], NULL, 10);
	equal = atoi(argv[2]);
	scans = atoi(argv[3]);
	pages = (mib << 20) / (size_t)sysconf(_SC_PAGESIZE) / COPIES;
	for (int i = 0; i < COPIES; i++) {
		pid[i] = fork();
		if (pid[i] == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			fill(pages, pages * (size_t)equal / 100, strtoul(argv[4], NULL, 10),
			     i + 1, ready[1]);
		}
	}
	close(ready[1]);
	for (int i = 0; i < COPIES && read(ready[0], &c, 1) == 1; i++)
		done = i == COPIES - 1;
	done = done && watch(scans, mib, equal);
	for (int i = 0; i < COPIES; i++)
		kill(pid[i], SIGKILL);
	while (wait(NULL) > 0)
		;
	return done ? 0 : 1;
}
