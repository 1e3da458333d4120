/* SPDX-License-Identifier: Apache-2.0 */
/* Processes become families, and families containers. */
#include "stats/aggregate.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/proc.h"

static int by_name(const struct container_name *a, const struct container_name *b)
{
	int r = strcmp(a->engine, b->engine);

	return r ? r : strcmp(a->id, b->id);
}

static int order(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* Any order will do that puts a container's together: numbers are compared faster. */
static int by_container(const struct look_process *a, const struct look_process *b)
{
	int r = order(a->name_hash, b->name_hash);

	return r ? r : by_name(&a->name, &b->name);
}

static int by_container_and_pid(const void *a, const void *b)
{
	const struct look_process *x = *(struct look_process *const *)a;
	const struct look_process *y = *(struct look_process *const *)b;
	int r = by_container(x, y);

	return r ? r : (x->pid > y->pid) - (x->pid < y->pid);
}

/* By way of pointers: the processes are too large to be moved at every step. */
static int sort_by_container(struct look_process *p, size_t n)
{
	/* NOLINTNEXTLINE(bugprone-sizeof-expression): pointers it is */
	struct look_process **at = calloc(n ? n : 1, sizeof(*at));
	struct look_process *copy = calloc(n ? n : 1, sizeof(*copy));
	int r = at && copy ? 0 : -ENOMEM;

	if (r == 0) {
		for (size_t i = 0; i < n; i++)
			at[i] = &p[i];
		/* NOLINTNEXTLINE(bugprone-sizeof-expression) */
		qsort(at, n, sizeof(*at), by_container_and_pid);
		for (size_t i = 0; i < n; i++)
			copy[i] = *at[i];
		memcpy(p, copy, n * sizeof(*p));
	}
	free(copy);
	free(at);
	return r;
}

/*
 * Fork copies all addresses, exec chooses them anew, at random or, without that, by the
 * program: then too many count as forked, and too little as saved.
 */
static int by_family(const void *a, const void *b)
{
	const struct look_process *x = a, *y = b;
	int r = by_container(x, y);

	r = r ? r : order(x->first, y->first);
	return r ? r : order(x->last, y->last);
}

/* FNV-1a (RFC 9923) */
static uint64_t hash(const struct container_name *name)
{
	uint64_t h = 0xcbf29ce484222325;

	for (const char *p = name->engine; *p; p++)
		h = (h ^ (unsigned char)*p) * 0x100000001b3;
	for (const char *p = name->id; *p; p++)
		h = (h ^ (unsigned char)*p) * 0x100000001b3;
	return h;
}

static struct look_process *find(struct look_process *p, size_t n, pid_t pid)
{
	size_t from = 0, to = n;

	while (from < to) {
		size_t mid = (from + to) / 2;

		if (p[mid].pid == pid)
			return &p[mid];
		if (p[mid].pid < pid)
			from = mid + 1;
		else
			to = mid;
	}
	return NULL;
}

/* From a process upwards to the last that is in the container, whose parent is outside. */
static pid_t topmost(struct look_process *p, size_t n, pid_t pid)
{
	struct proc_stat st;

	/* n steps: a number that is used anew meanwhile must not lead in circles */
	for (size_t i = 0; i < n && proc_stat(pid, &st) == 0; i++) {
		if (!find(p, n, st.ppid))
			return pid;
		pid = st.ppid;
	}
	return 0;
}

static bool is_mergeable(const struct look_process *p)
{
	return p->method == KSM_BY_PRCTL || p->method == KSM_BY_MADVISE;
}

/*
 * The processes of one container, by number. What engines call exec enters from outside, so
 * its topmost process is not the container's first, which is the one that was started first.
 */
static void find_entered(struct look_process *p, size_t n)
{
	uint64_t first_start = UINT64_MAX;
	size_t mergeable = 0, unknown = 0;
	pid_t first = 0;

	for (size_t i = 0; i < n; i++) {
		mergeable += is_mergeable(&p[i]);
		unknown += p[i].method == KSM_BY_UNKNOWN;
	}
	if (mergeable == 0 || mergeable + unknown == n)
		return;
	for (size_t i = 0; i < n; i++) {
		struct proc_stat st;

		if (proc_stat(p[i].pid, &st) == 0 && !find(p, n, st.ppid) &&
		    st.start < first_start) {
			first_start = st.start;
			first = p[i].pid;
		}
	}
	for (size_t i = 0; i < n; i++) {
		pid_t top;

		if (is_mergeable(&p[i]) || p[i].method == KSM_BY_UNKNOWN)
			continue;
		top = topmost(p, n, p[i].pid);
		p[i].entered = top && top != first;
	}
}

static size_t end_of(struct look_process *p, size_t n, size_t i,
		     int (*compare)(const struct look_process *, const struct look_process *))
{
	size_t k = i + 1;

	while (k < n && compare(&p[i], &p[k]) == 0)
		k++;
	return k;
}

static int compare_family(const struct look_process *a, const struct look_process *b)
{
	return by_family(a, b);
}

/* Who alone has merged pages has them for himself. */
static void ask_for_own(struct look_process *p, size_t n)
{
	size_t with = 0;

	for (size_t i = 0; i < n; i++)
		with += p[i].saving.merged + p[i].saving.zeros > 0;
	for (size_t i = 0; i < n && with > 1; i++)
		p[i].saving.own = 0;
}

int look_find_families(struct look_process *p, size_t n, struct look_family **family,
		       size_t *families)
{
	*families = 0;
	*family = calloc(n ? n : 1, sizeof(**family));
	if (!*family)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		p[i].name_hash = hash(&p[i].name);
	if (sort_by_container(p, n) < 0)
		return -ENOMEM;
	for (size_t i = 0, k; i < n; i = k) {
		k = end_of(p, n, i, by_container);
		find_entered(&p[i], k - i);
		qsort(&p[i], k - i, sizeof(*p), by_family);
	}
	for (size_t i = 0, k; i < n; i = k) {
		k = end_of(p, n, i, compare_family);
		ask_for_own(&p[i], k - i);
		(*family)[(*families)++] = (struct look_family){ .p = &p[i], .n = k - i };
	}
	return 0;
}

struct saving look_family_saving(const struct look_process *p, size_t n, double share)
{
	struct saving_process one = p->saving, *list = NULL;
	struct saving s;

	if (n > 1)
		list = calloc(n, sizeof(*list));
	for (size_t i = 0; list && i < n; i++)
		list[i] = p[i].saving;
	s = saving_of_family(list ? list : &one, list ? n : 1, share);
	free(list);
	return s;
}

static void add_process(struct look_container *c, const struct look_process *p)
{
	c->processes++;
	c->mergeable += is_mergeable(p);
	c->unknown += p->method == KSM_BY_UNKNOWN;
	c->by_prctl += p->method == KSM_BY_PRCTL;
	c->by_madvise += p->method == KSM_BY_MADVISE;
	c->entered += p->entered;
	c->anonymous += p->saving.anonymous;
	c->merged += p->uncounted ? p->saving.anonymous - p->saving.proportional :
				    p->saving.merged + p->saving.zeros;
	c->cost += p->cost;
	c->profit += p->profit;
}

static void add_container(struct look_container *to, const struct look_container *c)
{
	to->processes += c->processes;
	to->mergeable += c->mergeable;
	to->unknown += c->unknown;
	to->by_prctl += c->by_prctl;
	to->by_madvise += c->by_madvise;
	to->entered += c->entered;
	to->anonymous += c->anonymous;
	to->merged += c->merged;
	to->cost += c->cost;
	to->profit += c->profit;
	to->saving.least += c->saving.least;
	to->saving.most += c->saving.most;
}

int look_fold(struct look *out, struct look_process *p, size_t n,
	      const struct look_family *family, size_t families)
{
	struct look_container *c;
	size_t containers = 0;

	for (size_t i = 0; i < n; i = end_of(p, n, i, by_container))
		containers++;
	out->container = calloc(containers ? containers : 1, sizeof(*out->container));
	if (!out->container)
		return -ENOMEM;
	c = out->container - 1;
	for (size_t i = 0; i < families; i++) {
		if (i == 0 || by_container(family[i].p, family[i - 1].p) != 0)
			(++c)->name = family[i].p->name;
		c->saving.least += family[i].saving.least;
		c->saving.most += family[i].saving.most;
		for (size_t k = 0; k < family[i].n; k++)
			add_process(c, &family[i].p[k]);
	}
	out->n = containers;
	for (size_t i = 0; i < containers; i++)
		add_container(&out->total, &out->container[i]);
	look_sort(out, LOOK_BY_NAME);
	return 0;
}
