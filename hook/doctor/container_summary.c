/* SPDX-License-Identifier: Apache-2.0 */
/* The containers that run, with what doctor asks of each: added up over its processes. */
#include "doctor/container_summary.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/ksm.h"
#include "kernel/process.h"
#include "kernel/same_memory.h"
#include "kernel/watched.h"

struct summary_scan {
	struct doctor *d;
	struct container_summaries *out;
};

static int compare_containers(const void *a, const void *b)
{
	const struct container_summary *x = a, *y = b;

	return container_name_compare(&x->name, &y->name);
}

/* Resident without what is of files and shared (proc(5), statm); -1 where there is no memory. */
static int64_t anonymous_pages(pid_t pid, int64_t *address_space)
{
	long size, resident, shared;
	char text[128];

	if (proc_read(pid, "statm", text, sizeof(text)) < 0 ||
	    sscanf(text, "%ld %ld %ld", &size, &resident, &shared) != 3 || size == 0)
		return -1;
	*address_space = size;
	return resident - shared;
}

static bool summarize_process(const struct doctor *d, struct container_summary *c,
			      const struct process *p)
{
	int64_t address_space;
	enum ksm_method method;
	struct ksm_stat st;

	*c = (struct container_summary){ .pid = p->pid, .task = p->task, .processes = 1 };
	if (!container_of(p->task, &c->name)) {
		if (!d->targets.n || !target_match(&d->targets, p->pid))
			return false;
		snprintf(c->name.engine, sizeof(c->name.engine), "pid");
		snprintf(c->name.id, sizeof(c->name.id), "%d", p->pid);
	}
	c->anonymous = anonymous_pages(p->task, &address_space);
	if (c->anonymous < 0)
		return false;
	c->start = p->stat.start;
	if (ksm_stat_read(p->task, &st) < 0)
		st = (struct ksm_stat){ .merge_any = KSM_UNKNOWN, .scanned = KSM_UNKNOWN };
	method = ksm_process_method(p->task, &st);
	c->unknown = method == KSM_BY_UNKNOWN;
	c->mergeable = method == KSM_BY_PRCTL || method == KSM_BY_MADVISE;
	c->named[0] = c->mergeable ? p->pid : 0;
	if (c->mergeable) {
		c->sparse_pid = p->pid;
		c->sparse_pages = address_space;
		c->sparse_anonymous = c->anonymous;
	}
	c->scanned = st.rmap_items;
	c->merged = st.merging_pages;
	c->zero = st.zero_pages;
	return true;
}

static bool append_summary(struct container_summaries *list, const struct container_summary *c)
{
	if (list->n == list->room) {
		size_t room = list->room ? list->room * 2 : 256;
		struct container_summary *more = realloc(list->c, room * sizeof(*more));

		if (!more)
			return false;
		list->c = more;
		list->room = room;
	}
	list->c[list->n++] = *c;
	return true;
}

static int visit_for_summary(const struct process *p, void *arg)
{
	struct summary_scan *s = arg;
	struct container_summary c;

	if (!summarize_process(s->d, &c, p))
		return 0;
	c.elsewhere = s->d->targets.n && !target_match(&s->d->targets, p->pid);
	if (c.elsewhere && !c.mergeable)
		return 0;
	return append_summary(s->out, &c) ? 0 : 1;
}

static void add_to_summary(struct container_summary *to, const struct container_summary *from)
{
	if (from->start < to->start) {
		to->start = from->start;
		to->pid = from->pid;
		to->task = from->task;
	}
	if (to->mergeable < SUMMARY_NAMED_MAX && from->mergeable)
		to->named[to->mergeable] = from->named[0];
	if (from->sparse_pages > to->sparse_pages) {
		to->sparse_pid = from->sparse_pid;
		to->sparse_pages = from->sparse_pages;
		to->sparse_anonymous = from->sparse_anonymous;
	}
	to->processes += from->processes;
	to->mergeable += from->mergeable;
	to->unknown += from->unknown;
	to->anonymous += from->anonymous;
	to->scanned += from->scanned;
	to->merged += from->merged;
	to->zero += from->zero;
}

static void summed_with_another(void *arg, size_t i)
{
	struct container_summary *c = arg;

	c[i].anonymous = c[i].scanned = c[i].merged = c[i].zero = 0;
}

/* One address space counts once. */
static int sum_memory_once(struct container_summaries *list)
{
	struct memory_user *u = calloc(list->n ? list->n : 1, sizeof(*u));
	int r;

	for (size_t i = 0; u && i < list->n; i++)
		u[i] = (struct memory_user){ .task = list->c[i].task,
					     .group = container_name_hash(&list->c[i].name),
					     .index = i };
	r = u ? same_memory_find(u, list->n, summed_with_another, list->c) : -ENOMEM;
	free(u);
	return r;
}

static void drop_who_is_elsewhere(struct container_summaries *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->n; i++) {
		if (!list->c[i].elsewhere)
			list->c[kept++] = list->c[i];
	}
	list->n = kept;
}

/* In a child (kernel/watched.h); its answer: one summary per process, the sum at their end. */
static int summarize_all(void *arg, void **data, size_t *size, struct error *err)
{
	struct summary_scan *s = arg;
	const struct container_summary sum = { .anonymous = 0 };

	(void)process_for_each(visit_for_summary, s);
	if (sum_memory_once(s->out) < 0)
		return err_set(err, ENOMEM, "out of memory");
	s->d->mergeable_pages = 0;
	for (size_t i = 0; i < s->out->n; i++)
		s->d->mergeable_pages += s->out->c[i].mergeable ? s->out->c[i].anonymous : 0;
	drop_who_is_elsewhere(s->out);
	if (!append_summary(s->out, &sum))
		return err_set(err, ENOMEM, "out of memory");
	s->out->c[s->out->n - 1].anonymous = s->d->mergeable_pages;
	*data = s->out->c;
	*size = s->out->n * sizeof(*s->out->c);
	return 0;
}

void container_summaries_take(struct doctor *d, struct container_summaries *out)
{
	struct summary_scan s = { .d = d, .out = out };
	size_t last = 0, size = 0;
	struct error err;
	void *p = NULL;

	*out = (struct container_summaries){ 0 };
	if (watched_run(summarize_all, &s, &p, &size, &err) < 0 || size < sizeof(*out->c)) {
		free(p);
		return;
	}
	out->c = p;
	out->n = size / sizeof(*out->c) - 1;
	d->mergeable_pages = out->c[out->n].anonymous;
	if (out->n == 0)
		return;
	qsort(out->c, out->n, sizeof(*out->c), compare_containers);
	for (size_t i = 1; i < out->n; i++) {
		if (compare_containers(&out->c[last], &out->c[i]) == 0)
			add_to_summary(&out->c[last], &out->c[i]);
		else
			out->c[++last] = out->c[i];
	}
	out->n = last + 1;
}
