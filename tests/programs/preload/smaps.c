/* SPDX-License-Identifier: Apache-2.0 */
/* Reads which mappings of this process are mergeable; allocates nothing. */
#include "cases.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct totals {
	unsigned long all, mergeable, n;
	unsigned long addr; /* asked for */
	int addr_mergeable;
};

static void line(char *s, struct totals *t)
{
	static unsigned long lo, hi, anon;
	static int private;
	unsigned long from, to;
	char perms[5];

	if (sscanf(s, "%lx-%lx %4s", &from, &to, perms) == 3) {
		lo = from;
		hi = to;
		private = perms[3] == 'p';
		t->n++;
	} else if (!strncmp(s, "Anonymous:", 10)) {
		anon = strtoul(s + 10, NULL, 10);
	} else if (!strncmp(s, "VmFlags:", 8)) {
		int mergeable = !!strstr(s, " mg");

		if (t->addr >= lo && t->addr < hi)
			t->addr_mergeable = mergeable;
		if (private && !strstr(s, " sh") && !strstr(s, " io") && !strstr(s, " pf")) {
			t->all += anon;
			t->mergeable += mergeable ? anon : 0;
		}
	}
}

static void read_smaps(int fd, struct totals *t)
{
	static char buf[65536];
	size_t have = 0;
	ssize_t n;
	char *nl;

	while ((n = read(fd, buf + have, sizeof(buf) - 1 - have)) > 0) {
		have += n;
		buf[have] = '\0';
		while ((nl = strchr(buf, '\n'))) {
			*nl = '\0';
			line(buf, t);
			have -= nl + 1 - buf;
			memmove(buf, nl + 1, have + 1);
		}
	}
}

static void read_own(struct totals *t)
{
	int fd = open("/proc/self/smaps", O_RDONLY);

	read_smaps(fd, t);
	close(fd);
}

/*
 * 0 once at least 95 % of what could merge is mergeable. Looks are rationed: at most 5 %
 * of the time, and one that a busy machine interrupts counts as long. What was put off
 * is made up for when the program rests, so it rests until then, for 3 s at most.
 */
int settled_from(int smaps)
{
	struct timespec t = { .tv_nsec = 20000000 };
	struct totals now = { 0 };
	int tries;

	for (tries = 0; tries < 150; tries++) {
		nanosleep(&t, NULL);
		now = (struct totals){ 0 };
		if (lseek(smaps, 0, SEEK_SET))
			break;
		read_smaps(smaps, &now);
		if (tries && now.all && now.mergeable * 100 >= now.all * 95)
			return 0;
	}
	fprintf(stderr, "%lu of %lu KiB mergeable\n", now.mergeable, now.all);
	return 1;
}

int settled(void)
{
	int fd = open("/proc/self/smaps", O_RDONLY), rc = settled_from(fd);

	close(fd);
	return rc;
}

int is_mergeable(const void *addr)
{
	struct totals t = { .addr = (unsigned long)addr, .addr_mergeable = -1 };

	read_own(&t);
	return t.addr_mergeable;
}

int mappings(void)
{
	struct totals t = { 0 };

	read_own(&t);
	return t.n;
}
