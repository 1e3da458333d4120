/* SPDX-License-Identifier: Apache-2.0 */
/* Make running processes mergeable, or disable merging, until none is left that is not. */
#include "inject/set_mergeable.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "inject/inject.h"
#include "inject/merge_plan.h"
#include "kernel/proc.h"
#include "kernel/process.h"
#include "kernel/watched.h"

/* uapi/asm-generic/mman-common.h */
#define MADV_MERGEABLE   12
#define MADV_UNMERGEABLE 13

/*
 * One madvise for the whole address space: it skips what cannot merge and goes on behind
 * holes, which it reports as ENOMEM at its end (mm/madvise.c). Above every user address, and
 * it must not wrap when it is rounded up.
 */
#define WHOLE_SPACE (1UL << 56)

/* So many processes have one tracer after the other. */
#define TOGETHER 32
/*
 * So much time the processes of one container that do not answer may take: twenty of the first
 * try, three of the second. Who stops hundreds of his own must not keep others from their turn.
 */
#define LOST_TRIES_MAX   20
#define LOST_RETRIES_MAX 3

static const struct {
	struct inject_call call[2];
	size_t n;
	enum ksm_method method;
} merge_changes[MERGE_CHANGES] = {
	[MERGE_ON] = { { { PR_SET_MEMORY_MERGE, 1 } }, 1, KSM_BY_PRCTL },
	/*
	 * Off and on again: where mergeability survived exec but ksmd lost the process (Linux 6.7
	 * to 6.9, fixed by 3a9e567ca45f), setting it a second time does nothing.
	 */
	[MERGE_AGAIN] = { { { PR_SET_MEMORY_MERGE, 0 }, { PR_SET_MEMORY_MERGE, 1 } },
			  2,
			  KSM_BY_PRCTL },
	[MERGE_OFF] = { { { PR_SET_MEMORY_MERGE, 0 } }, 1, KSM_BY_PRCTL },
	[MERGE_MADVISE_ON] = { { { 0, WHOLE_SPACE, MADV_MERGEABLE, INJECT_MADVISE } },
			       1,
			       KSM_BY_MADVISE },
	[MERGE_MADVISE_OFF] = { { { 0, WHOLE_SPACE, MADV_UNMERGEABLE, INJECT_MADVISE } },
				1,
				KSM_BY_MADVISE },
	/* nothing is done, but it is said why */
	[MERGE_UNREADABLE] = { .method = KSM_BY_UNKNOWN },
	[MERGE_CUT] = { .method = KSM_BY_UNKNOWN },
	[MERGE_SPARSE] = { .method = KSM_BY_NONE },
};

static int why_not_tried(enum merge_change kind, struct error *err)
{
	if (kind == MERGE_CUT)
		return err_reason(
			err, REASON_TARGET_SKIPPED,
			err_set(err, EBUSY,
				"not tried: looking at the processes of its container "
				"takes longer than one may among all: name the "
				"container"));
	if (kind == MERGE_SPARSE)
		return err_reason(
			err, REASON_TARGET_SPARSE,
			err_set(err, EPERM,
				"it has more address space without memory in it than "
				"\"max_sparse\", which ksmd of some kernels looks at page by "
				"page; --force does it all the same"));
	return err_reason(err, REASON_TARGET_UNREADABLE,
			  err_set(err, EBUSY,
				  "not tried: its memory cannot be looked at, it holds up who "
				  "does (a file system that does not answer?)"));
}

/* The row of a process; a new one goes behind the sorted ones, *n counts both. */
static struct merge_row *merge_row_for(struct set_mergeable *m, const struct merge_work *w,
				       size_t *n)
{
	struct merge_row *row = merge_row_find(m->row, m->n, w->pid, w->start);

	if (row)
		return row;
	row = &m->row[(*n)++];
	*row = (struct merge_row){ .pid = w->pid, .start = w->start };
	if (process_command(w->pid, row->command, sizeof(row->command)) < 0)
		row->command[0] = '\0';
	return row;
}

static void record_result(struct set_mergeable *m, const struct merge_work *w,
			  const struct inject_target *t, size_t *n)
{
	struct merge_row *row;

	if (t->result == -ESRCH) {
		row = merge_row_find(m->row, m->n, w->pid, w->start);
		if (row)
			row->gone = true;
		return;
	}
	row = merge_row_for(m, w, n);
	row->tries++;
	row->turned = false;
	row->method = merge_changes[w->kind].method;
	row->result = t->result;
	/* the holes of its address space */
	if (row->method == KSM_BY_MADVISE && t->result == -ENOMEM)
		row->result = 0;
	row->err = t->err;
	if (t->stopped_us > row->stopped_us)
		row->stopped_us = t->stopped_us;
}

/* Is it still the process that was examined, and still one that is meant? */
static bool is_still_meant(const struct set_mergeable *m, const struct merge_work *w)
{
	struct proc_stat p;

	return proc_stat(w->pid, &p) == 0 && p.start == w->start &&
	       (!m->still_right || m->still_right(m->arg, w->pid));
}

/* How many of a container did not answer in this round; NULL: none, or out of memory. */
static struct merge_lost *lost_of(struct set_mergeable *m, uint64_t group, bool add)
{
	struct merge_lost *more;

	for (size_t i = 0; i < m->n_lost; i++) {
		if (m->lost[i].group == group)
			return &m->lost[i];
	}
	if (!add)
		return NULL;
	more = realloc(m->lost, (m->n_lost + 1) * sizeof(*more));
	if (!more)
		return NULL;
	m->lost = more;
	more[m->n_lost] = (struct merge_lost){ .group = group };
	return &more[m->n_lost++];
}

static void count_lost(struct set_mergeable *m, const struct merge_work *w)
{
	struct merge_lost *l = lost_of(m, watched_group(w->pid), true);

	if (l)
		l->n++;
}

/* Its container's time, of which the others there have had their share. */
static bool is_time_used_up(struct set_mergeable *m, const struct merge_work *w)
{
	const struct merge_lost *l =
		m->n_lost ? lost_of(m, watched_group(w->pid), false) : NULL;

	return l && l->n >= (m->retry ? LOST_RETRIES_MAX : LOST_TRIES_MAX);
}

/* Up to TOGETHER processes that need the same; returns how many entries of w are through. */
static int inject_batch(struct set_mergeable *m, const struct merge_work *w, size_t n_work,
			size_t *n, struct error *err)
{
	struct inject_target t[TOGETHER];
	const struct merge_work *of[TOGETHER];
	enum merge_change kind = w->kind;
	/* one that holds up its tracer must not take the others with it a second time */
	size_t together = m->retry ? 1 : TOGETHER, used = 0, k = 0;
	int r = 0;

	for (; used < n_work && k < together && w[used].kind == kind; used++) {
		t[k] = (struct inject_target){ .pid = w[used].pid,
					       .pidfd = proc_pin(w[used].pid) };
		if (t[k].pidfd < 0)
			continue;
		if (!is_still_meant(m, &w[used])) {
			close(t[k].pidfd);
			continue;
		}
		if (merge_changes[kind].n && is_time_used_up(m, &w[used])) {
			close(t[k].pidfd);
			t[k].result = err_reason(
				&t[k].err, REASON_TARGET_SKIPPED,
				err_set(&t[k].err, ETIMEDOUT,
					"not tried: too many others of its container did not "
					"answer in time (stopped, frozen?)"));
			record_result(m, &w[used], &t[k], n);
			continue;
		}
		of[k++] = &w[used];
	}
	if (k && !merge_changes[kind].n) {
		for (size_t i = 0; i < k; i++)
			t[i].result = why_not_tried(kind, &t[i].err);
	} else if (k) {
		r = inject_run_patiently(t, k, merge_changes[kind].call, merge_changes[kind].n,
					 m->timeout_ms, m->call_ms, err);
		/* those that were through before the time was over count */
		if (r == -ETIMEDOUT)
			r = 0;
	}
	for (size_t i = 0; i < k; i++) {
		close(t[i].pidfd);
		if (t[i].result == -ETIMEDOUT || t[i].result == -EINTR || t[i].result == -EBUSY)
			count_lost(m, of[i]);
		if (r == 0)
			record_result(m, of[i], &t[i], n);
	}
	return r < 0 ? r : (int)used;
}

static int compare_merge_work(const void *a, const void *b)
{
	const struct merge_work *x = a, *y = b;

	if (x->kind != y->kind)
		return (int)x->kind - (int)y->kind;
	if (x->chance != y->chance)
		return x->chance - y->chance;
	return x->cpu != y->cpu ? x->cpu - y->cpu : (x->pid > y->pid) - (x->pid < y->pid);
}

/* All of the list, the same kinds together. */
static int inject_all(struct set_mergeable *m, struct merge_work *w, size_t n_work,
		      struct error *err)
{
	size_t n = m->n;
	struct merge_row *row = realloc(m->row, (n + n_work) * sizeof(*row));
	int r = 0;

	if (!row)
		return err_set(err, ENOMEM, "out of memory");
	m->row = row;
	qsort(w, n_work, sizeof(*w), compare_merge_work);
	for (size_t i = 0; r >= 0 && i < n_work; i += (size_t)r) {
		r = m->may_go_on ? m->may_go_on(err) : 0;
		if (r == 0)
			r = inject_batch(m, &w[i], n_work - i, &n, err);
	}
	m->n = n;
	merge_rows_sort(m->row, n);
	return r < 0 ? r : 0;
}

static struct merge_wish wish_of(const struct set_mergeable *m)
{
	return (struct merge_wish){ .off = m->off,
				    .method = m->method,
				    .retry = m->retry,
				    .named = m->named,
				    .max_sparse = m->max_sparse,
				    .row = m->row,
				    .n = m->n };
}

/*
 * One that failed, and is as wanted at a later look: whoever shares its address space did answer, or it
 * made the call itself. Mergeability is one for all that share an address space.
 */
static bool is_as_wanted_by_itself(struct set_mergeable *m, const struct merge_work *w)
{
	struct merge_row *row = merge_row_find(m->row, m->n, w->pid, w->start);

	if (row && row->result < 0)
		row->turned = w->as_wanted;
	return !row || row->turned;
}

ssize_t set_mergeable_walk(struct set_mergeable *m, merge_walk *walk, const void *arg,
			   size_t *found, struct error *err)
{
	struct merge_wish wish = wish_of(m);
	struct merge_work *w = NULL;
	size_t n = 0, n_work = 0;
	int r = m->may_go_on ? m->may_go_on(err) : 0;

	if (r == 0)
		r = merge_plan(&wish, walk, arg, &w, &n, err);
	if (r < 0)
		return r;
	*found = n;
	m->already = m->ended = 0;
	for (size_t i = 0; i < n; i++) {
		if (!w[i].pid)
			m->ended++;
		else if (w[i].kind != MERGE_NOTHING)
			w[n_work++] = w[i];
		else
			m->already += is_as_wanted_by_itself(m, &w[i]);
	}
	if (n_work)
		r = inject_all(m, w, n_work, err);
	free(w);
	return r < 0 ? r : (ssize_t)n_work;
}

struct pid_span {
	const pid_t *pid;
	size_t n;
};

static int walk_span(const void *arg, int (*visit)(pid_t pid, void *arg), void *to,
		     struct error *err)
{
	const struct pid_span *s = arg;
	int r = 0;

	(void)err;
	for (size_t i = 0; r == 0 && i < s->n; i++)
		r = visit(s->pid[i], to);
	return r;
}

ssize_t set_mergeable_pass(struct set_mergeable *m, const pid_t *pids, size_t n,
			   struct error *err)
{
	const struct pid_span s = { pids, n };

	return set_mergeable_walk(m, walk_span, &s, &n, err);
}

int set_mergeable_copies(const struct set_mergeable *m, merge_walk *walk, const void *arg,
			 struct room_need **need, size_t *n, struct error *err)
{
	struct merge_wish wish = wish_of(m);
	struct merge_work *w;
	size_t n_work;
	int r;

	wish.copies = true;
	r = merge_plan(&wish, walk, arg, &w, &n_work, err);
	if (r < 0)
		return r;
	*n = 0;
	*need = calloc(n_work + 1, sizeof(**need));
	for (size_t i = 0; *need && i < n_work; i++) {
		if (w[i].pid && w[i].kind != MERGE_NOTHING)
			(*need)[(*n)++] =
				(struct room_need){ w[i].pid,
						    w[i].pages * sysconf(_SC_PAGESIZE) };
	}
	free(w);
	return *need ? 0 : err_set(err, ENOMEM, "out of memory");
}

size_t set_mergeable_failed(const struct set_mergeable *m)
{
	size_t failed = 0;

	for (size_t i = 0; i < m->n; i++)
		failed += merge_row_failed(&m->row[i]);
	return failed;
}

void set_mergeable_free(struct set_mergeable *m)
{
	free(m->lost);
	m->lost = NULL;
	m->n_lost = 0;
	free(m->row);
	m->row = NULL;
	m->n = 0;
}
