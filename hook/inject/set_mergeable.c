/* SPDX-License-Identifier: Apache-2.0 */
/* Make running processes mergeable, or take it back, until none is left that is not. */
#include "inject/set_mergeable.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "inject/inject.h"
#include "kernel/proc.h"

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
/* A process that is never as wanted (a mapping that cannot merge after all) is left alone. */
#define TRIES_MAX 4
/* Frozen containers must not hold up the caller for longer than about this. */
#define LOST_MAX_MS 10000

enum kind { NOTHING, ON, AGAIN, OFF, MADVISE_ON, MADVISE_OFF, KINDS };

static const struct {
	struct inject_call call[2];
	size_t n;
	enum ksm_method method;
} kinds[KINDS] = {
	[ON] = { { { PR_SET_MEMORY_MERGE, 1 } }, 1, KSM_BY_PRCTL },
	/*
	 * Off and on again: where the mark survived exec but ksmd lost the process (Linux 6.7
	 * to 6.9, mended by 3a9e567ca45f), setting it a second time does nothing.
	 */
	[AGAIN] = { { { PR_SET_MEMORY_MERGE, 0 }, { PR_SET_MEMORY_MERGE, 1 } },
		    2,
		    KSM_BY_PRCTL },
	[OFF] = { { { PR_SET_MEMORY_MERGE, 0 } }, 1, KSM_BY_PRCTL },
	[MADVISE_ON] = { { { 0, WHOLE_SPACE, MADV_MERGEABLE, INJECT_MADVISE } },
			 1,
			 KSM_BY_MADVISE },
	[MADVISE_OFF] = { { { 0, WHOLE_SPACE, MADV_UNMERGEABLE, INJECT_MADVISE } },
			  1,
			  KSM_BY_MADVISE },
};

struct work {
	pid_t pid;
	uint64_t start;
	enum kind kind;
	int cpu; /* where it ran last: the tracer goes there, and that is the dearest step */
	int64_t pages; /* merged */
};

static int compare_rows(const void *a, const void *b)
{
	const struct mark_row *x = a, *y = b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return x->start < y->start ? -1 : x->start > y->start;
}

static struct mark_row *find_row(const struct mark *m, pid_t pid, uint64_t start)
{
	struct mark_row key = { .pid = pid, .start = start };

	return m->n ? bsearch(&key, m->row, m->n, sizeof(key), compare_rows) : NULL;
}

static bool kernel_has_prctl(void)
{
	return ksm_self_is_merged() != -EINVAL;
}

static bool use_madvise(const struct mark *m)
{
	return m->method == MARK_MADVISE || (m->method == MARK_AUTO && !kernel_has_prctl());
}

/* A kernel that does not tell: it has the mark, and what ksmd holds of it says it is scanned. */
static bool seems_merged(pid_t pid, const struct ksm_stat *st)
{
	return st->rmap_items > 0 && ksm_process_method(pid, st) == KSM_BY_PRCTL;
}

static enum kind to_turn_on(const struct mark *m, pid_t pid, const struct ksm_stat *st,
			    const struct mark_row *before)
{
	if (st->merge_any == KSM_YES && st->scanned != KSM_NO)
		return NOTHING;
	if (use_madvise(m))
		return ksm_lacks_marks(pid) ? MADVISE_ON : NOTHING;
	if (st->merge_any == KSM_NO)
		return ON;
	if (st->merge_any == KSM_YES)
		return AGAIN;
	/* a second look would find the same again */
	return (before && before->result == 0) || seems_merged(pid, st) ? NOTHING : AGAIN;
}

static enum kind to_turn_off(const struct mark *m, pid_t pid, const struct ksm_stat *st,
			     const struct mark_row *before)
{
	bool tried = before && before->result == 0 && before->method == KSM_BY_PRCTL;

	if (st->merge_any == KSM_YES)
		return m->method == MARK_MADVISE ? NOTHING : OFF;
	if (!ksm_has_marks(pid))
		return NOTHING;
	if (st->merge_any == KSM_UNKNOWN && m->method != MARK_MADVISE && !tried &&
	    kernel_has_prctl())
		return OFF;
	return m->method == MARK_PRCTL ? NOTHING : MADVISE_OFF;
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

/* What a process needs; false when it is none to look at (ended, a thread of the kernel). */
static bool look(const struct mark *m, pid_t pid, struct work *w)
{
	const struct mark_row *before;
	struct ksm_stat st;
	struct proc_stat p;
	pid_t tid = pid;

	if (proc_stat(pid, &p) < 0 || p.kernel_thread)
		return false;
	/* a first thread that has ended has no memory to ask about, the others do */
	if (p.state == 'Z' && (p.threads == 1 || proc_live_thread(pid, &tid) < 0))
		return false;
	if (ksm_stat_read(tid, &st) < 0)
		st = (struct ksm_stat){ .merge_any = KSM_UNKNOWN, .scanned = KSM_UNKNOWN };
	before = find_row(m, pid, p.start);
	*w = (struct work){ .pid = pid, .start = p.start, .cpu = p.cpu };
	if (before && (before->result < 0 ? !m->retry : before->tries >= TRIES_MAX))
		return true;
	w->pages = st.counted ? st.merging_pages + st.zero_pages : merged_at_most(tid);
	w->kind = m->off ? to_turn_off(m, tid, &st, before) : to_turn_on(m, tid, &st, before);
	return true;
}

static void command_of(pid_t pid, char *out, size_t size)
{
	char text[64];
	ssize_t n = proc_read(pid, "comm", text, sizeof(text));

	printable(out, size, text, n > 0 ? (size_t)n - (text[n - 1] == '\n') : 0);
}

/* The row of a process; a new one goes behind the sorted ones, *n counts both. */
static struct mark_row *row_for(struct mark *m, const struct work *w, size_t *n)
{
	struct mark_row *row = find_row(m, w->pid, w->start);

	if (row)
		return row;
	row = &m->row[(*n)++];
	*row = (struct mark_row){ .pid = w->pid, .start = w->start };
	command_of(w->pid, row->command, sizeof(row->command));
	return row;
}

static void record(struct mark *m, const struct work *w, const struct inject_target *t,
		   size_t *n)
{
	struct mark_row *row;

	if (t->result == -ESRCH) {
		row = find_row(m, w->pid, w->start);
		if (row)
			row->gone = true;
		return;
	}
	row = row_for(m, w, n);
	row->tries++;
	row->method = kinds[w->kind].method;
	row->result = t->result;
	/* the holes of its address space */
	if (row->method == KSM_BY_MADVISE && t->result == -ENOMEM)
		row->result = 0;
	row->err = t->err;
	if (t->stopped_us > row->stopped_us)
		row->stopped_us = t->stopped_us;
}

/* Is it still the process that was looked at, and still one that is meant? */
static bool is_same(const struct mark *m, const struct work *w)
{
	struct proc_stat p;

	return proc_stat(w->pid, &p) == 0 && p.start == w->start &&
	       (!m->still_right || m->still_right(m->arg, w->pid));
}

/* Up to TOGETHER processes that need the same; returns how many entries of w are through. */
static int try_some(struct mark *m, const struct work *w, size_t n_work, size_t *n,
		    struct error *err)
{
	struct inject_target t[TOGETHER];
	const struct work *of[TOGETHER];
	enum kind kind = w->kind;
	size_t used = 0, k = 0;
	int r = 0;

	for (; used < n_work && k < TOGETHER && w[used].kind == kind; used++) {
		t[k] = (struct inject_target){ .pid = w[used].pid,
					       .pidfd = proc_pin(w[used].pid) };
		if (t[k].pidfd < 0)
			continue;
		if (!is_same(m, &w[used])) {
			close(t[k].pidfd);
			continue;
		}
		of[k++] = &w[used];
	}
	if (k && m->lost_ms > LOST_MAX_MS) {
		for (size_t i = 0; i < k; i++)
			t[i].result = err_set(&t[i].err, ETIMEDOUT,
					      "not tried: too many others did not answer "
					      "in time (frozen?)");
	} else if (k) {
		r = inject_run_patiently(t, k, kinds[kind].call, kinds[kind].n, m->timeout_ms,
					 m->call_ms, err);
		/* those that were through before the time was over count */
		if (r == -ETIMEDOUT)
			r = 0;
	}
	for (size_t i = 0; i < k; i++) {
		close(t[i].pidfd);
		if (t[i].result == -ETIMEDOUT || t[i].result == -EINTR)
			m->lost_ms += m->timeout_ms;
		if (r == 0)
			record(m, of[i], &t[i], n);
	}
	return r < 0 ? r : (int)used;
}

static int compare_work(const void *a, const void *b)
{
	const struct work *x = a, *y = b;

	if (x->kind != y->kind)
		return (int)x->kind - (int)y->kind;
	return x->cpu != y->cpu ? x->cpu - y->cpu : (x->pid > y->pid) - (x->pid < y->pid);
}

/* All of the list, the same kinds together. */
static int try_all(struct mark *m, struct work *w, size_t n_work, struct error *err)
{
	size_t n = m->n;
	struct mark_row *row = realloc(m->row, (n + n_work) * sizeof(*row));
	int r = 0;

	if (!row)
		return err_set(err, ENOMEM, "out of memory");
	m->row = row;
	qsort(w, n_work, sizeof(*w), compare_work);
	for (size_t i = 0; r >= 0 && i < n_work; i += (size_t)r)
		r = try_some(m, &w[i], n_work - i, &n, err);
	m->n = n;
	qsort(m->row, n, sizeof(*m->row), compare_rows);
	return r < 0 ? r : 0;
}

ssize_t mark_pass(struct mark *m, const pid_t *pids, size_t n, struct error *err)
{
	struct work *w = calloc(n + 1, sizeof(*w));
	size_t n_work = 0;
	int r = 0;

	if (!w)
		return err_set(err, ENOMEM, "out of memory");
	m->already = 0;
	for (size_t i = 0; i < n; i++) {
		if (!look(m, pids[i], &w[n_work]))
			continue;
		if (w[n_work].kind != NOTHING)
			n_work++;
		else if (!find_row(m, pids[i], w[n_work].start))
			m->already++;
	}
	if (n_work)
		r = try_all(m, w, n_work, err);
	free(w);
	return r < 0 ? r : (ssize_t)n_work;
}

int64_t mark_merged_pages(const struct mark *m, pid_t pid)
{
	struct work w;

	return look(m, pid, &w) && w.kind != NOTHING ? w.pages : 0;
}

size_t mark_failed(const struct mark *m)
{
	size_t failed = 0;

	for (size_t i = 0; i < m->n; i++)
		failed += m->row[i].result < 0 && !m->row[i].gone;
	return failed;
}

void mark_free(struct mark *m)
{
	free(m->row);
	m->row = NULL;
	m->n = 0;
}
