/* SPDX-License-Identifier: Apache-2.0 */
/* What each process needs to be as wanted. */
#ifndef KSM_MERGE_PLAN_H
#define KSM_MERGE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "kernel/ksm.h"

enum merge_method {
	/* PR_SET_MEMORY_MERGE where the kernel has it; to disable: what a process has */
	MERGE_BY_AUTO,
	MERGE_BY_PRCTL,
	MERGE_BY_MADVISE,
};

/* A process on which something was tried, once or more often. */
struct merge_row {
	pid_t pid;
	uint64_t start;   /* with pid: this process and no later one */
	char command[64]; /* any bytes: whoever writes it has to escape it */
	enum ksm_method method;
	unsigned tries;
	int result;     /* 0 done; else -errno as inject.h has it, with err */
	int stopped_us; /* the longest of the tries */
	bool gone;      /* it ended meanwhile */
	bool turned; /* it failed, and is as wanted all the same, when it was looked at last */
	struct error err;
};

/* What is wanted, and what was tried so far. */
struct merge_wish {
	bool off; /* not mergeable */
	enum merge_method method;
	bool retry;  /* those that failed before, too */
	bool copies; /* how much of each is merged counts, and of one address space once */
	bool named;  /* looking at a container takes what it takes (kernel/watched.h) */
	/*
	 * Bytes of address space without memory in it. With more than this a process is not made mergeable;
	 * those with less are left alone where merging is disabled. 0: no bound
	 */
	int64_t max_sparse;
	const struct merge_row *row; /* sorted by merge_rows_sort() */
	size_t n;
};

enum merge_change {
	MERGE_NOTHING,
	MERGE_ON,
	MERGE_AGAIN,
	MERGE_OFF,
	MERGE_MADVISE_ON,
	MERGE_MADVISE_OFF,
	MERGE_UNREADABLE, /* it holds up who looks at it */
	MERGE_CUT,        /* looking at its container took too long */
	MERGE_SPARSE,     /* it has too much empty address space */
	MERGE_CHANGES
};

struct merge_work {
	pid_t pid;
	uint64_t start;
	enum merge_change kind;
	bool as_wanted; /* seen to be so */
	int chance;     /* 0: the best, and first, that it answers in time */
	int cpu; /* where it ran last: the tracer goes there, and that is the dearest step */
	int64_t pages; /* merged */
	pid_t task;    /* whose files show that (kernel/process.h) */
};

/*
 * Call visit for each process that is meant now, until it returns other than 0, which is returned;
 * or -errno with err.
 */
typedef int merge_walk(const void *arg, int (*visit)(pid_t pid, void *to), void *to,
		       struct error *err);

/*
 * What each process of a walk needs: *n of them, for the caller to free; with pid 0 where there is
 * nothing to do with it (it has ended, a kernel thread, the caller). The walk is done in a child
 * (kernel/watched.h), and each process looked at during its visit; which processes are meant is the caller's to
 * ask again. 0 or -errno with err.
 */
int merge_plan(const struct merge_wish *wish, merge_walk *walk, const void *arg,
	       struct merge_work **w, size_t *n, struct error *err);

/* More pages of 4 KiB than an address space has (2^56 bytes). */
#define MERGE_PAGES_MAX (INT64_C(1) << 44)

/*
 * Of the kernel's counters of a process, merged pages and zero pages, which may be below zero, or as large as a number
 * can be that has gone below it: they are counted apart from what they count.
 */
int64_t merge_pages_of(int64_t merging, int64_t zeros);

/* Can the child have answered that, whatever it has looked at? */
bool merge_work_is_possible(const struct merge_work *w);

/* Did it fail, and is there anything left to be done? */
bool merge_row_failed(const struct merge_row *row);

/* Of sorted rows, that of this process, or NULL. */
struct merge_row *merge_row_find(const struct merge_row *row, size_t n, pid_t pid,
				 uint64_t start);
void merge_rows_sort(struct merge_row *row, size_t n);

#endif
