/* SPDX-License-Identifier: Apache-2.0 */
/* Make running processes mergeable, or take it back, until none is left that is not. */
#ifndef KSM_MARK_H
#define KSM_MARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "kernel/ksm.h"

enum mark_method {
	MARK_AUTO, /* the prctl where the kernel has it; to take back: what a process has */
	MARK_PRCTL,
	MARK_MADVISE,
};

/* A process on which something was tried, once or more often. */
struct mark_row {
	pid_t pid;
	uint64_t start;   /* with pid: this process and no later one */
	char command[64]; /* fit to print */
	enum ksm_method method;
	unsigned tries;
	int result;     /* 0 done; else -errno as inject.h has it, with err */
	int stopped_us; /* the longest of the tries */
	bool gone;      /* it ended meanwhile */
	struct error err;
};

struct mark {
	bool off; /* take it back */
	enum mark_method method;
	int timeout_ms; /* for a process to enter the kernel */
	int call_ms;    /* and for their calls, beyond that, those that are tried together */
	bool retry;     /* those that failed before, too */
	/*
	 * Asked, if given, with the process pinned: is it still one that is meant? A number
	 * may have come to mean another process since the list was made.
	 */
	bool (*still_right)(const void *arg, pid_t pid);
	const void *arg;
	/* out: */
	int64_t lost_ms;      /* spent on processes that did not answer */
	size_t already;       /* of the last list, those that were as wanted all along */
	struct mark_row *row; /* by process id */
	size_t n;
};

/*
 * One look at the processes of a list; on those that are not as wanted it is tried. Returns
 * how many these were, or -errno with err. A caller who makes the list anew and repeats this
 * until it returns 0 misses none that was forked meanwhile. Those on which it failed are
 * tried again with retry only.
 */
ssize_t mark_pass(struct mark *m, const pid_t *pids, size_t n, struct error *err);

/* How many merged pages a process would need memory for if mark_pass() took the mark back. */
int64_t mark_merged_pages(const struct mark *m, pid_t pid);

size_t mark_failed(const struct mark *m);
void mark_free(struct mark *m);

#endif
