/* SPDX-License-Identifier: Apache-2.0 */
/* What each process needs to be as wanted. */
#include "inject/merge_plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kernel/address_space.h"
#include "kernel/ksm.h"
#include "kernel/proc.h"
#include "kernel/process.h"
#include "kernel/same_memory.h"
#include "kernel/sandbox.h"
#include "kernel/watched.h"

/* A process that is never as wanted (a mapping that cannot merge after all) is left alone. */
#define TRIES_MAX 4

static int compare_merge_rows(const void *a, const void *b)
{
	const struct merge_row *x = a, *y = b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return x->start < y->start ? -1 : x->start > y->start;
}

struct merge_row *merge_row_find(const struct merge_row *row, size_t n, pid_t pid,
				 uint64_t start)
{
	struct merge_row key = { .pid = pid, .start = start };

	return n ? bsearch(&key, row, n, sizeof(key), compare_merge_rows) : NULL;
}

bool merge_row_failed(const struct merge_row *row)
{
	return row->result < 0 && !row->gone && !row->turned;
}

void merge_rows_sort(struct merge_row *row, size_t n)
{
	qsort(row, n, sizeof(*row), compare_merge_rows);
}

static bool kernel_has_prctl(void)
{
	return ksm_self_is_merged() != -EINVAL;
}

static bool use_madvise(const struct merge_wish *wish)
{
	return wish->method == MERGE_BY_MADVISE ||
	       (wish->method == MERGE_BY_AUTO && !kernel_has_prctl());
}

/* A kernel that does not tell: a mapping is mergeable, and ksmd holds items of the process. */
static bool seems_merged(pid_t pid, const struct ksm_stat *st)
{
	return st->rmap_items > 0 && ksm_process_method(pid, st) == KSM_BY_PRCTL;
}

static enum merge_change to_turn_on(const struct merge_wish *wish, pid_t pid,
				    const struct ksm_stat *st, const struct merge_row *before)
{
	if (st->merge_any == KSM_YES && st->scanned != KSM_NO)
		return MERGE_NOTHING;
	if (use_madvise(wish))
		return ksm_has_unmergeable_mapping(pid) ? MERGE_MADVISE_ON : MERGE_NOTHING;
	if (st->merge_any == KSM_NO)
		return MERGE_ON;
	if (st->merge_any == KSM_YES)
		return MERGE_AGAIN;
	/* a second pass would find the same again */
	return (before && before->result == 0) || seems_merged(pid, st) ? MERGE_NOTHING :
									  MERGE_AGAIN;
}

static enum merge_change to_turn_off(const struct merge_wish *wish, pid_t pid,
				     const struct ksm_stat *st, const struct merge_row *before)
{
	bool tried = before && before->result == 0 && before->method == KSM_BY_PRCTL;

	if (st->merge_any == KSM_YES)
		return wish->method == MERGE_BY_MADVISE ? MERGE_NOTHING : MERGE_OFF;
	/* where the kernel tells, it has looked itself: smaps would take long for many mappings */
	if (st->scanned == KSM_NO || !ksm_has_mergeable_mapping(pid))
		return MERGE_NOTHING;
	if (st->merge_any == KSM_UNKNOWN && wish->method != MERGE_BY_MADVISE && !tried &&
	    kernel_has_prctl())
		return MERGE_OFF;
	return wish->method == MERGE_BY_PRCTL ? MERGE_NOTHING : MERGE_MADVISE_OFF;
}

static enum merge_change wanted_change(const struct merge_wish *wish, pid_t pid,
				       const struct ksm_stat *st,
				       const struct merge_row *before)
{
	return wish->off ? to_turn_off(wish, pid, st, before) :
			   to_turn_on(wish, pid, st, before);
}

/* Where the kernel does not count: no more than it has, and no more than there is. */
static int64_t merged_at_most(pid_t pid)
{
	int64_t shared = 0, sharing = 0;
	long resident, files;
	char text[128];

	(void)ksm_sysfs("pages_shared", &shared);
	(void)ksm_sysfs("pages_sharing", &sharing);
	if (proc_read(pid, "statm", text, sizeof(text)) <= 0 ||
	    sscanf(text, "%*d %ld %ld", &resident, &files) != 2)
		return 0;
	return resident - files < shared + sharing ? resident - files : shared + sharing;
}

static int64_t bounded_pages(int64_t n)
{
	return n < 0 ? 0 : n > MERGE_PAGES_MAX ? MERGE_PAGES_MAX : n;
}

int64_t merge_pages_of(int64_t merging, int64_t zeros)
{
	return bounded_pages(merging) + bounded_pages(zeros);
}

/*
 * Its container has a bounded time for those who do not answer: who is stopped, or did not answer
 * before, is not to use it up before the others have had their turn.
 */
static int chance_of(const struct process *p, const struct merge_row *before)
{
	bool stopped = p->stat.state == 'T' || p->stat.state == 't';
	bool tried =
		before && before->result < 0 && before->err.reason != REASON_TARGET_SKIPPED;

	return 2 * stopped + tried;
}

/* What a process needs; false when there is nothing to do with it (ended, a kernel thread). */
static bool find_what_to_do(const struct merge_wish *wish, pid_t pid, struct merge_work *w)
{
	const struct merge_row *before;
	struct ksm_stat st;
	struct process p;
	bool sparse;
	int r;

	if (process_find(pid, &p) < 0)
		return false;
	sparse = wish->max_sparse && address_space_is_sparse(p.task, wish->max_sparse);
	if (wish->off && wish->max_sparse && !sparse)
		return false;
	before = merge_row_find(wish->row, wish->n, pid, p.stat.start);
	*w = (struct merge_work){ .pid = pid,
				  .task = p.task,
				  .start = p.stat.start,
				  .chance = chance_of(&p, before),
				  .cpu = p.stat.cpu };
	/* it waits within our call, or keeps its memory locked anyhow */
	if (before && before->result == -EBUSY)
		return true;
	r = ksm_stat_read(p.task, &st);
	if (r < 0)
		st = (struct ksm_stat){ .merge_any = KSM_UNKNOWN, .scanned = KSM_UNKNOWN };
	if (r == 0 && st.merge_any != KSM_UNKNOWN)
		w->as_wanted = wanted_change(wish, p.task, &st, before) == MERGE_NOTHING;
	if (before && (before->result < 0 ? !wish->retry : before->tries >= TRIES_MAX))
		return true;
	if (r == -EBUSY) {
		/* what was done is done, though it cannot be seen now */
		if (before && before->result == 0)
			return true;
		w->kind = !wish->named && watched_is_cut(pid) ? MERGE_CUT : MERGE_UNREADABLE;
		return true;
	}
	w->pages = st.counted ? merge_pages_of(st.merging_pages, st.zero_pages) :
				merge_pages_of(merged_at_most(p.task), 0);
	/* whom we may not look at may be mergeable; the attempt says why it cannot be changed */
	if (r == -EACCES || r == -EPERM)
		w->kind = wish->off ? MERGE_OFF : MERGE_ON;
	else
		w->kind = wanted_change(wish, p.task, &st, before);
	if (sparse && !wish->off && w->kind != MERGE_NOTHING)
		w->kind = MERGE_SPARSE;
	return true;
}

struct merge_planner {
	const struct merge_wish *wish;
	merge_walk *walk;
	const void *arg;
	struct merge_work *w;
	size_t n, capacity;
};

static int add_work(pid_t pid, void *arg)
{
	struct merge_planner *p = arg;

	if (p->n == p->capacity) {
		size_t capacity = p->capacity ? p->capacity * 2 : 64;
		struct merge_work *more = realloc(p->w, capacity * sizeof(*more));

		if (!more)
			return -ENOMEM;
		p->w = more;
		p->capacity = capacity;
	}
	/* here the caller is our parent */
	if (pid == getpid() || pid == getppid() || !find_what_to_do(p->wish, pid, &p->w[p->n]))
		p->w[p->n] = (struct merge_work){ 0 };
	p->n++;
	return 0;
}

static void copied_with_another(void *arg, size_t i)
{
	struct merge_work *w = arg;

	w[i].pages = 0;
}

/* The copies are made once, with the first one's call. */
static int count_copies_once(struct merge_work *w, size_t n)
{
	struct memory_user *u = calloc(n ? n : 1, sizeof(*u));
	size_t users = 0;
	int r;

	for (size_t i = 0; u && i < n; i++) {
		if (w[i].pid && w[i].kind != MERGE_NOTHING && w[i].pages > 0)
			u[users++] = (struct memory_user){ .task = w[i].task,
							   .group = watched_group(w[i].pid),
							   .index = i };
	}
	r = u ? same_memory_find(u, users, copied_with_another, w) : -ENOMEM;
	free(u);
	return r;
}

static int plan_walk(void *arg, void **data, size_t *size, struct error *err)
{
	struct merge_planner p = *(struct merge_planner *)arg;
	int r;

	if (p.wish->named)
		watched_without_budget();
	r = p.walk(p.arg, add_work, &p, err);
	if (r >= 0 && p.wish->copies)
		r = count_copies_once(p.w, p.n);
	if (r < 0) {
		free(p.w);
		return r == -ENOMEM ? err_set(err, ENOMEM, "out of memory") : r;
	}
	*data = p.w;
	*size = p.n * sizeof(*p.w);
	return 0;
}

bool merge_work_is_possible(const struct merge_work *w)
{
	return w->pid >= 0 && w->task >= 0 && (unsigned)w->kind < MERGE_CHANGES &&
	       sandbox_bool(&w->as_wanted) && w->chance >= 0 && w->chance <= 3 && w->cpu >= 0 &&
	       w->pages >= 0 && w->pages <= 2 * MERGE_PAGES_MAX;
}

int merge_plan(const struct merge_wish *wish, merge_walk *walk, const void *arg,
	       struct merge_work **w, size_t *n, struct error *err)
{
	struct merge_planner p = { .wish = wish, .walk = walk, .arg = arg };
	size_t size;
	int r = watched_run(plan_walk, &p, (void **)w, &size, err);

	*n = size / sizeof(**w);
	for (size_t i = 0; r == 0 && i < *n; i++) {
		if (!merge_work_is_possible(&(*w)[i]))
			r = sandbox_malformed(err);
	}
	if (r < 0) {
		free(*w);
		*w = NULL;
	}
	return r;
}
