/* SPDX-License-Identifier: Apache-2.0 */
/* Puts processes together: those that were forked from each other, and those of a container. */
#include "stats/aggregate.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/proc.h"

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* Any order will do that puts a container's together: numbers are compared faster. */
static int by_container(const struct process_stats *a, const struct process_stats *b)
{
	int r = compare_numbers(a->name_hash, b->name_hash);

	return r ? r : container_name_compare(&a->name, &b->name);
}

static int by_container_and_pid(const void *a, const void *b)
{
	const struct process_stats *x = *(struct process_stats *const *)a;
	const struct process_stats *y = *(struct process_stats *const *)b;
	int r = by_container(x, y);

	return r ? r : (x->pid > y->pid) - (x->pid < y->pid);
}

/* By way of pointers: the processes are too large to be moved at every step. */
static int sort_by_container(struct process_stats *p, size_t n)
{
	/* NOLINTNEXTLINE(bugprone-sizeof-expression): pointers it is */
	struct process_stats **at = calloc(n ? n : 1, sizeof(*at));
	struct process_stats *copy = calloc(n ? n : 1, sizeof(*copy));
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
static int by_fork_group(const struct process_stats *a, const struct process_stats *b)
{
	int r = by_container(a, b);

	r = r ? r : compare_numbers(a->first, b->first);
	return r ? r : compare_numbers(a->last, b->last);
}

static int compare_fork_groups(const void *a, const void *b)
{
	return by_fork_group(a, b);
}

/* The index of a process, PARENT_OUTSIDE where it is not among them. */
static size_t index_of(const struct process_stats *p, size_t n, pid_t pid)
{
	size_t from = 0, to = n;

	while (from < to) {
		size_t mid = (from + to) / 2;

		if (p[mid].pid == pid)
			return mid;
		if (p[mid].pid < pid)
			from = mid + 1;
		else
			to = mid;
	}
	return PARENT_OUTSIDE;
}

size_t find_topmost(const size_t *parent, size_t n, size_t *topmost)
{
	/* beside the results: not yet looked at, and on the way that is followed now */
	const size_t fresh = SIZE_MAX - 1, followed = SIZE_MAX - 2;
	size_t steps = 0;

	for (size_t i = 0; i < n; i++)
		topmost[i] = fresh;
	for (size_t i = 0; i < n; i++) {
		size_t found = TOPMOST_UNKNOWN, at = i;

		/* upwards to the first that is known, outside, or met before: a circle */
		for (; topmost[at] == fresh; at = parent[at]) {
			steps++;
			topmost[at] = followed;
			if (parent[at] == PARENT_OUTSIDE)
				found = at;
			if (parent[at] >= n)
				break;
		}
		if (topmost[at] < n)
			found = topmost[at];
		/* and once more the same way, to write down what was found at its end */
		for (at = i; topmost[at] == followed; at = parent[at]) {
			steps++;
			topmost[at] = found;
			if (parent[at] >= n)
				break;
		}
	}
	return steps;
}

static bool is_mergeable(const struct process_stats *p)
{
	return p->method == KSM_BY_PRCTL || p->method == KSM_BY_MADVISE;
}

/* Whose parents are who; returns the index of the one outside of which it started first. */
static size_t find_parents(const struct process_stats *p, size_t n, size_t *parent)
{
	uint64_t first_start = UINT64_MAX;
	size_t first = n;

	for (size_t i = 0; i < n; i++) {
		struct proc_stat st;

		if (proc_stat(p[i].pid, &st) < 0) {
			parent[i] = PARENT_UNKNOWN;
			continue;
		}
		parent[i] = index_of(p, n, st.ppid);
		if (parent[i] == PARENT_OUTSIDE && st.start < first_start) {
			first_start = st.start;
			first = i;
		}
	}
	return first;
}

/*
 * The processes of one container, by number. What engines call exec enters from outside, so
 * its topmost process is not the container's first, which is the one that was started first.
 */
static int find_entered(struct process_stats *p, size_t n)
{
	size_t mergeable = 0, unknown = 0, first;
	size_t *parent, *topmost;

	for (size_t i = 0; i < n; i++) {
		mergeable += is_mergeable(&p[i]);
		unknown += p[i].method == KSM_BY_UNKNOWN;
	}
	if (mergeable == 0 || mergeable + unknown == n)
		return 0;
	parent = calloc(n, 2 * sizeof(*parent));
	if (!parent)
		return -ENOMEM;
	topmost = parent + n;
	first = find_parents(p, n, parent);
	find_topmost(parent, n, topmost);
	for (size_t i = 0; i < n; i++) {
		if (!is_mergeable(&p[i]) && p[i].method != KSM_BY_UNKNOWN)
			p[i].entered = topmost[i] != TOPMOST_UNKNOWN && topmost[i] != first;
	}
	free(parent);
	return 0;
}

static size_t end_of(struct process_stats *p, size_t n, size_t i,
		     int (*compare)(const struct process_stats *, const struct process_stats *))
{
	size_t k = i + 1;

	while (k < n && compare(&p[i], &p[k]) == 0)
		k++;
	return k;
}

/* A group in which only one process has merged pages shares none of them by fork. */
static void request_own_memory(struct process_stats *p, size_t n)
{
	size_t with = 0;

	for (size_t i = 0; i < n; i++)
		with += p[i].memory.merged + p[i].memory.zeros > 0;
	for (size_t i = 0; i < n && with > 1; i++)
		p[i].memory.own = 0;
}

int find_fork_groups(struct process_stats *p, size_t n, struct fork_group **group,
		     size_t *groups)
{
	size_t container = 0;

	*groups = 0;
	*group = calloc(n ? n : 1, sizeof(**group));
	if (!*group)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		p[i].name_hash = container_name_hash(&p[i].name);
	if (sort_by_container(p, n) < 0)
		return -ENOMEM;
	for (size_t i = 0, k; i < n; i = k) {
		k = end_of(p, n, i, by_container);
		if (find_entered(&p[i], k - i) < 0)
			return -ENOMEM;
		qsort(&p[i], k - i, sizeof(*p), compare_fork_groups);
	}
	for (size_t i = 0, k; i < n; i = k) {
		k = end_of(p, n, i, by_fork_group);
		request_own_memory(&p[i], k - i);
		if (i && by_container(&p[i], &p[i - 1]) != 0)
			container++;
		(*group)[(*groups)++] =
			(struct fork_group){ .p = &p[i], .n = k - i, .container = container };
	}
	return 0;
}

/* The memory of all of them, NULL where there is none for that. The caller's to free. */
static struct process_memory *memory_of_all(const struct process_stats *p, size_t n)
{
	struct process_memory *list = calloc(n, sizeof(*list));

	for (size_t i = 0; list && i < n; i++)
		list[i] = p[i].memory;
	return list;
}

struct saving fork_group_saving(const struct process_stats *p, size_t n, double share)
{
	struct process_memory *list = n > 1 ? memory_of_all(p, n) : NULL;
	struct saving s = saving_of_group(list ? list : &p->memory, list ? n : 1, share);

	free(list);
	return s;
}

static void add_charge_base(struct container_stats *c, const struct fork_group *g)
{
	struct process_memory *list = g->n > 1 ? memory_of_all(g->p, g->n) : NULL;
	struct charge_base base =
		charge_base_of_group(list ? list : &g->p->memory, list ? g->n : 1);

	charge_base_add(&c->charge_base, &base);
	free(list);
}

static void add_process_stats(struct container_stats *c, const struct process_stats *p)
{
	c->processes++;
	c->mergeable += is_mergeable(p);
	c->unknown += p->method == KSM_BY_UNKNOWN;
	c->estimated += p->estimated;
	c->left_out += p->left_out;
	c->by_prctl += p->method == KSM_BY_PRCTL;
	c->by_madvise += p->method == KSM_BY_MADVISE;
	c->entered += p->entered;
	c->anonymous += p->memory.anonymous;
	c->merged += p->uncounted ? p->memory.anonymous - p->memory.proportional :
				    p->memory.merged + p->memory.zeros;
	c->zeros += p->memory.zeros;
	c->cost += p->cost;
	c->profit += p->profit;
}

void container_stats_add(struct container_stats *to, const struct container_stats *c)
{
	/* before the figures that it looks at are added */
	charges_add_open(&to->charges, to->merged > 0, &c->charges, c->merged > 0);
	to->processes += c->processes;
	to->mergeable += c->mergeable;
	to->unknown += c->unknown;
	to->estimated += c->estimated;
	to->left_out += c->left_out;
	to->by_prctl += c->by_prctl;
	to->by_madvise += c->by_madvise;
	to->entered += c->entered;
	to->anonymous += c->anonymous;
	to->merged += c->merged;
	to->zeros += c->zeros;
	to->cost += c->cost;
	to->profit += c->profit;
	to->would += c->would;
	to->against += c->against;
	to->saving.least += c->saving.least;
	to->saving.most += c->saving.most;
	to->by_layout.known |= c->by_layout.known;
	to->by_layout.least += c->by_layout.least;
}

int aggregate_containers(struct snapshot *out, struct process_stats *p, size_t n,
			 const struct fork_group *group, size_t groups)
{
	struct container_stats *c;
	size_t containers = 0;

	for (size_t i = 0; i < n; i = end_of(p, n, i, by_container))
		containers++;
	out->container = calloc(containers ? containers : 1, sizeof(*out->container));
	if (!out->container)
		return -ENOMEM;
	c = out->container - 1;
	for (size_t i = 0; i < groups; i++) {
		if (i == 0 || group[i].container != group[i - 1].container) {
			(++c)->name = group[i].p->name;
			c->pid = group[i].p->pid;
			c->charges = group[i].charges;
		}
		add_charge_base(c, &group[i]);
		c->saving.least += group[i].saving.least;
		c->saving.most += group[i].saving.most;
		c->by_layout.known |= group[i].by_layout.known;
		c->by_layout.least += group[i].by_layout.least;
		for (size_t k = 0; k < group[i].n; k++)
			add_process_stats(c, &group[i].p[k]);
	}
	out->n = containers;
	for (size_t i = 0; i < containers; i++)
		container_stats_add(&out->total, &out->container[i]);
	snapshot_sort(out, ORDER_BY_NAME);
	return 0;
}
