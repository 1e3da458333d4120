/* SPDX-License-Identifier: Apache-2.0 */
/* Containers that run already when the node's agent comes, or comes back. */
#include "nri/nri_existing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "containers/identify.h"
#include "inject/set_mergeable.h"
#include "kernel/proc.h"
#include "policy/stop.h"

/* A workload may be busy; nobody waits for this. */
#define EXISTING_TIMEOUT_MS 1000
/* Who forks faster than so many lists are made is reported. */
#define EXISTING_PASSES_MAX 16

int nri_existing_add(struct nri_existing *e, const struct container_decision *d,
		     struct error *err)
{
	struct nri_existing_container *c;

	if (e->n == NRI_EXISTING_MAX)
		return err_set(err, E2BIG, "more than %d containers run already",
			       NRI_EXISTING_MAX);
	if (e->n == e->room) {
		size_t room = e->room ? 2 * e->room : 64;

		c = realloc(e->c, room * sizeof(*c));
		if (!c)
			return err_set(err, ENOMEM, "no memory for the list of containers");
		e->c = c;
		e->room = room;
	}
	c = &e->c[e->n++];
	memcpy(c->id, d->id, sizeof(c->id));
	c->pid = d->pid;
	c->metadata = d->metadata;
	return 0;
}

void nri_existing_free(struct nri_existing *e)
{
	free(e->c);
	*e = (struct nri_existing){ 0 };
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct nri_existing_container *)a)->id,
		      ((const struct nri_existing_container *)b)->id);
}

static bool is_existing(const void *arg, const char *id)
{
	const struct nri_existing *e = arg;
	struct nri_existing_container key = { 0 };

	snprintf(key.id, sizeof(key.id), "%s", id);
	return bsearch(&key, e->c, e->n, sizeof(key), by_id) != NULL;
}

static bool is_of_existing(const void *arg, pid_t pid)
{
	struct container_name name;

	return container_of(pid, &name) && is_existing(arg, name.id);
}

void nri_existing_forget_others(struct nri_existing *e, const char *place)
{
	if (e->n)
		qsort(e->c, e->n, sizeof(*e->c), by_id);
	metadata_remove_created(place, is_existing, e);
}

struct existing_search {
	const struct nri_existing *e;
	int (*visit)(pid_t pid, void *to);
	void *to;
};

static int visit_existing(pid_t pid, void *arg)
{
	struct existing_search *s = arg;

	return is_of_existing(s->e, pid) ? s->visit(pid, s->to) : 0;
}

static int walk_existing(const void *e, int (*visit)(pid_t pid, void *to), void *to,
			 struct error *err)
{
	struct existing_search s = { e, visit, to };
	int r = proc_for_each(visit_existing, &s);

	return r < 0 ? err_errno(err, -r, "the list of processes") : r;
}

/* What ps and metrics show. An init that is not the container's is not believed. */
static void store_names(const struct nri_existing *e)
{
	for (size_t i = 0; i < e->n; i++) {
		const struct nri_existing_container *c = &e->c[i];

		if (c->pid > 1 && container_has_process(c->id, c->pid))
			metadata_write(c->id, c->pid, &c->metadata);
	}
}

ssize_t nri_existing_merge(struct nri_existing *e, size_t *failed, struct error *err)
{
	struct set_mergeable m = { .method = MERGE_BY_PRCTL,
				   .may_go_on = stop_check,
				   .timeout_ms = EXISTING_TIMEOUT_MS,
				   .still_right = is_of_existing,
				   .arg = e };
	size_t found;
	ssize_t r = 1;

	*failed = 0;
	qsort(e->c, e->n, sizeof(*e->c), by_id);
	store_names(e);
	for (int i = 0; i < EXISTING_PASSES_MAX && r > 0; i++)
		r = set_mergeable_walk(&m, walk_existing, e, &found, err);
	for (size_t i = 0; i < m.n; i++) {
		if (!merge_row_failed(&m.row[i]))
			continue;
		*err = m.row[i].err;
		err_wrap(err, 0, "process %d", m.row[i].pid);
	}
	*failed = set_mergeable_failed(&m);
	if (r >= 0)
		r = (ssize_t)(m.n - *failed);
	set_mergeable_free(&m);
	return r;
}
