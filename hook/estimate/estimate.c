/* SPDX-License-Identifier: Apache-2.0 */
/* What merging would save and cost, from the pages that processes have now. */
#include "estimate/estimate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "estimate/layout_bounds.h"
#include "kernel/ksm.h"
#include "kernel/process.h"
#include "kernel/same_memory.h"
#include "kernel/sandbox.h"
#include "kernel/watched.h"

/*
 * Contents that are counted: 48 MiB, exact up to about 7 GiB of memory without equal pages.
 * While the sample is halved there is a second table: with all else that is under 120 MiB.
 */
#define CONTENTS_MAX (2ul << 20)

/* One estimate that is being made. */
struct estimation {
	struct estimate *e;
	struct page_reader *reader;
	const struct target_set *set;
	enum estimate_kind kind;
	estimate_progress *progress;
	void *arg;
	uint64_t expected;
	struct error *err;
};

static void forward_progress(void *arg, uint64_t pages)
{
	const struct estimation *x = arg;

	if (x->progress && x->expected)
		x->progress(x->arg, pages, x->expected);
}

/* Pages of anonymous memory, more or less (proc(5), statm). */
static uint64_t expected_pages(const pid_t *pid, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		long size, resident, shared;
		struct process p;
		char text[128];

		if (process_find(pid[i], &p) == 0 &&
		    proc_read(p.task, "statm", text, sizeof(text)) > 0 &&
		    sscanf(text, "%ld %ld %ld", &size, &resident, &shared) == 3 &&
		    resident > shared)
			sum += (uint64_t)(resident - shared);
	}
	return sum;
}

/* What a process is counted with: its container, or itself or its cgroup where that was given. */
static bool name_of_row(const struct target_set *set, pid_t pid, struct container_name *out)
{
	for (size_t i = 0; i < set->n; i++) {
		struct target *t = &set->t[i];
		const struct target_set one = { t, 1 };

		if (!target_match(&one, pid))
			continue;
		*out = t->name;
		if (t->kind == TARGET_PID) {
			snprintf(out->engine, sizeof(out->engine), "process");
			snprintf(out->id, sizeof(out->id), "%d", pid);
		} else if (t->kind == TARGET_CGROUP) {
			snprintf(out->engine, sizeof(out->engine), "cgroup");
			snprintf(out->id, sizeof(out->id), "%.*s", (int)t->path_len, t->path);
		}
		return t->kind != TARGET_ALL || container_of(pid, out);
	}
	return false;
}

static int find_or_add_row(struct estimate *e, const struct container_name *name, uint32_t *at)
{
	struct estimate_row *more;

	for (uint32_t i = 1; i < e->n; i++) {
		if (container_name_compare(&e->row[i].name, name) == 0) {
			*at = i;
			return 0;
		}
	}
	more = realloc(e->row, (e->n + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	e->row = more;
	*at = e->n++;
	e->row[*at] = (struct estimate_row){ .name = *name };
	return 0;
}

static int read_process(struct estimation *x, const struct process *p, enum pages_which which,
			uint32_t at)
{
	struct estimate_row *row = &x->e->row[at];
	int r = page_reader_read(x->reader, p->task, which, at, &row->count);

	if (r == -ENOMEM)
		return err_set(x->err, ENOMEM, "out of memory");
	if (r == 0 && row->processes++ == 0 && x->kind == ESTIMATE_LAYOUT)
		row->program = page_reader_program(x->reader);
	else if (r < 0 && r != -ESRCH)
		x->e->unreadable++;
	return 0;
}

static bool takes_part(pid_t task)
{
	struct ksm_stat st;

	if (ksm_stat_read(task, &st) < 0)
		return ksm_has_mergeable_mapping(task);
	return st.merge_any == KSM_YES || st.rmap_items > 0 || st.merging_pages > 0;
}

static int read_if_mergeable(const struct process *p, void *arg)
{
	struct estimation *x = arg;

	if (!takes_part(p->task) || target_match(x->set, p->pid))
		return 0;
	return read_process(x, p, PAGES_MERGEABLE, 0);
}

static void note_sharer(void *arg, size_t i)
{
	((bool *)arg)[i] = true;
}

/* shares[i]: what it has was read with another of them; NULL: out of memory. For the caller to free. */
static bool *find_sharers(const pid_t *pid, size_t n)
{
	struct memory_user *u = calloc(n + 1, sizeof(*u));
	bool *shares = calloc(n + 1, sizeof(*shares));
	size_t users = 0;
	struct process p;

	for (size_t i = 0; u && i < n; i++) {
		if (process_find(pid[i], &p) == 0)
			u[users++] = (struct memory_user){ .task = p.task,
							   .group = watched_group(pid[i]),
							   .index = i };
	}
	if (!u || !shares || same_memory_find(u, users, note_sharer, shares) < 0) {
		free(shares);
		shares = NULL;
	}
	free(u);
	return shares;
}

static int read_target(struct estimation *x, pid_t pid, bool shares)
{
	struct container_name name;
	struct process p;
	uint32_t at;

	if (process_find(pid, &p) < 0 || !name_of_row(x->set, pid, &name))
		return 0;
	if (find_or_add_row(x->e, &name, &at) < 0)
		return err_set(x->err, ENOMEM, "out of memory");
	if (shares) {
		x->e->row[at].processes++;
		return 0;
	}
	return read_process(x, &p, PAGES_ELIGIBLE, at);
}

static int read_targets(struct estimation *x)
{
	pid_t *pids = NULL;
	ssize_t n = target_list(x->set, &pids, x->err);
	bool *shares = n < 0 ? NULL : find_sharers(pids, (size_t)n);
	int r = n < 0 ? (int)n : shares ? 0 : err_set(x->err, ENOMEM, "out of memory");

	if (n > 0 && x->progress)
		x->expected = expected_pages(pids, (size_t)n);
	for (ssize_t i = 0; shares && r == 0 && i < n; i++)
		r = read_target(x, pids[i], shares[i]);
	free(shares);
	free(pids);
	if (x->progress && x->expected)
		x->progress(x->arg, 0, 0);
	x->expected = 0;
	return r;
}

/* All others that take part already: their pages are there to be equal to. */
static int read_mergeable(struct estimation *x)
{
	/* for the case that none is reached: read_process() says more */
	err_set(x->err, EIO, "the processes of /proc cannot be listed");
	return process_for_each(read_if_mergeable, x);
}

static int add_up_layout(struct estimation *x, struct merge_sum *of)
{
	struct estimate *e = x->e;
	struct program_memory *m = calloc(e->n, sizeof(*m));
	double least;

	if (!m)
		return -ENOMEM;
	page_reader_finish_masked(x->reader, e->n, of, &e->layout.masked);
	for (uint32_t i = 1; i < e->n; i++) {
		e->row[i].masked = of[i];
		m[i - 1] =
			(struct program_memory){ e->row[i].program,
						 (double)e->row[i].count.frames, of[i].alone };
	}
	least = e->layout.masked.sum.saves;
	e->layout.wanted = true;
	e->layout.most = layout_most(m, e->n - 1);
	/* different programs have something in common, too */
	if (e->layout.most < least)
		e->layout.most = least;
	free(m);
	return 0;
}

static int add_up(struct estimation *x)
{
	struct estimate *e = x->e;
	struct merge_sum *of = calloc(e->n, sizeof(*of));

	if (!of)
		return err_set(x->err, ENOMEM, "out of memory");
	e->changed = page_reader_changed(x->reader, &e->changed_ms);
	page_reader_finish(x->reader, e->n, of, &e->total);
	for (uint32_t i = 1; i < e->n; i++)
		e->row[i].sum = of[i];
	if (x->kind == ESTIMATE_LAYOUT && add_up_layout(x, of) < 0) {
		free(of);
		return err_set(x->err, ENOMEM, "out of memory");
	}
	e->read_bytes = page_reader_bytes(x->reader);
	e->read_us = page_reader_us(x->reader);
	free(of);
	return 0;
}

static int estimate_all(struct estimation *x)
{
	static const enum page_reading reading[] = {
		[ESTIMATE_AS_IT_IS] = READ_AS_IT_IS,
		[ESTIMATE_LAYOUT] = READ_MASKED,
		[ESTIMATE_PAIR] = READ_UNMERGED,
	};
	struct estimate *e = x->e;
	int r;

	*e = (struct estimate){ .row = calloc(1, sizeof(*e->row)), .n = 1 };
	x->reader = page_reader_new(CONTENTS_MAX, reading[x->kind], forward_progress, x);
	if (!e->row || !x->reader)
		r = err_set(x->err, ENOMEM, "out of memory");
	else
		r = read_targets(x);
	if (r == 0 && x->kind != ESTIMATE_PAIR)
		r = read_mergeable(x);
	if (r == 0)
		r = add_up(x);
	page_reader_free(x->reader);
	return r;
}

/* In a child (kernel/watched.h); its answer: struct estimate, and its rows behind that. */
static int estimate_in_child(void *arg, void **data, size_t *size, struct error *err)
{
	struct estimation *x = arg;
	struct estimate *e = x->e;
	int r;

	x->err = err;
	/* all of it is what was asked for */
	watched_without_budget();
	r = estimate_all(x);
	if (r < 0)
		return r;
	*size = sizeof(*e) + e->n * sizeof(*e->row);
	*data = malloc(*size);
	if (!*data)
		return err_set(err, ENOMEM, "out of memory");
	memcpy(*data, e, sizeof(*e));
	memcpy((char *)*data + sizeof(*e), e->row, e->n * sizeof(*e->row));
	return 0;
}

int estimate_targets(struct estimate *e, const struct target_set *set, enum estimate_kind kind,
		     estimate_progress *progress, void *arg, struct error *err)
{
	struct estimation x = {
		.e = e, .set = set, .kind = kind, .progress = progress, .arg = arg
	};
	char *answer;
	size_t size;
	int r = watched_run(estimate_in_child, &x, (void **)&answer, &size, err);

	if (r < 0)
		return r;
	if (size < sizeof(*e)) {
		free(answer);
		return sandbox_malformed(err);
	}
	memcpy(e, answer, sizeof(*e));
	e->row = malloc(size - sizeof(*e));
	if ((size - sizeof(*e)) / sizeof(*e->row) != e->n)
		r = sandbox_malformed(err);
	else if (e->row)
		memcpy(e->row, answer + sizeof(*e), size - sizeof(*e));
	else
		r = err_set(err, ENOMEM, "out of memory");
	free(answer);
	return r;
}

int estimate_like_pair(struct estimate *e, const struct estimate *pair, struct error *err)
{
	struct program_memory m[2];
	uint64_t frames = 0;

	if (pair->n != 3)
		return err_set(err, EINVAL, "a pair is of two containers that run");
	for (uint32_t i = 1; i < e->n; i++)
		frames += e->row[i].count.frames + e->row[i].count.merged;
	for (size_t i = 0; i < 2; i++) {
		const struct estimate_row *r = &pair->row[i + 1];

		m[i] = (struct program_memory){ 0, (double)r->count.frames, r->sum.alone };
	}
	e->layout.has_pair = true;
	e->layout.of = (double)frames;
	e->layout.pair = layout_like_pair(m, pair->total.sum.saves, e->layout.of, e->n - 1);
	return 0;
}

void estimate_free(struct estimate *e)
{
	free(e->row);
	e->row = NULL;
	e->n = 0;
}
