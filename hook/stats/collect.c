/* SPDX-License-Identifier: Apache-2.0 */
/* Takes a snapshot: walks over all processes once, in several threads. */
#include "stats/collect.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/macros.h"
#include "containers/engine_names.h"
#include "containers/metadata_janitor.h"
#include "kernel/proc.h"
#include "kernel/read_budget.h"
#include "kernel/same_memory.h"
#include "kernel/sandbox.h"
#include "kernel/watched.h"
#include "layout/layout_of.h"
#include "stats/aggregate.h"
#include "stats/exact.h"
#include "stats/measure.h"
#include "stats/process_stats_check.h"
#include "stats/snapshot_charges.h"

/* More do not pay: the kernel's locks are shared, and others want to run. */
#define THREADS_MAX 4
/* Below that many processes a thread takes longer to start than to help. */
#define PARALLEL_MIN 512
#define CHUNK        32

struct collection {
	void (*fn)(struct collection *c, size_t i);
	size_t n, next, capacity;
	struct process_stats *p;
	pid_t self;
	struct measuring how;
	bool huge_always;
	bool exact;
};

static void *collect_chunks(void *arg)
{
	struct collection *c = arg;
	size_t at;

	while ((at = __atomic_fetch_add(&c->next, CHUNK, __ATOMIC_RELAXED)) < c->n) {
		for (size_t i = at; i < at + CHUNK && i < c->n; i++)
			c->fn(c, i);
	}
	return NULL;
}

/* Call fn for all of them. */
static void for_all(struct collection *c, void (*fn)(struct collection *c, size_t i))
{
	pthread_t thread[THREADS_MAX];
	size_t threads = 0;
	cpu_set_t cpus;

	c->fn = fn;
	c->next = 0;
	if (c->n >= PARALLEL_MIN && sched_getaffinity(0, sizeof(cpus), &cpus) == 0) {
		while (threads + 1 < THREADS_MAX && threads + 1 < (size_t)CPU_COUNT(&cpus) &&
		       pthread_create(&thread[threads], NULL, collect_chunks, c) == 0)
			threads++;
	}
	collect_chunks(c);
	while (threads > 0)
		pthread_join(thread[--threads], NULL);
}

static void measure_one(struct collection *c, size_t i)
{
	if (!measure_process(&c->how, &c->p[i]))
		c->p[i].pid = 0;
}

static void count_faults(struct collection *c, size_t i)
{
	struct process_stats *p = &c->p[i];
	struct proc_stat st;

	if (p->memory.own == 0 && !p->huge && !c->huge_always && proc_stat(p->pid, &st) == 0)
		p->memory.own = (int64_t)st.faults * c->how.page;
	else
		p->memory.own = -1;
}

static bool always_huge(void)
{
	static const char path[] = "/sys/kernel/mm/transparent_hugepage/enabled";
	char text[128];

	return read_kernel_file(path, text, sizeof(text)) > 0 && strstr(text, "[always]");
}

static int add_process(pid_t pid, void *arg)
{
	struct collection *c = arg;

	if (pid == c->self)
		return 0;
	if (c->n == c->capacity) {
		size_t capacity = c->capacity ? c->capacity * 2 : 512;
		struct process_stats *more = realloc(c->p, capacity * sizeof(*more));

		if (!more)
			return -ENOMEM;
		c->p = more;
		c->capacity = capacity;
	}
	c->p[c->n++] = (struct process_stats){ .pid = pid };
	return 0;
}

static size_t drop_not_shown(struct process_stats *p, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (p[i].pid == 0)
			continue;
		if (kept != i)
			p[kept] = p[i];
		kept++;
	}
	return kept;
}

struct id_list {
	const char **id;
	size_t n;
};

static int compare_ids(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_listed_id(const void *arg, const char *id)
{
	const struct id_list *ids = arg;

	return bsearch(&id, ids->id, ids->n, sizeof(*ids->id), compare_ids);
}

/* Names, and the end of what was stored for containers that have ended. */
static void read_metadata(struct snapshot *s)
{
	__cleanup(close_fd) int dir = metadata_open();
	struct named_container *named = calloc(s->n ? s->n : 1, sizeof(*named));
	struct id_list ids = { .n = s->n };

	ids.id = calloc(s->n ? s->n : 1, sizeof(*ids.id));
	for (size_t i = 0; ids.id && named && i < s->n; i++) {
		struct container_stats *c = &s->container[i];

		ids.id[i] = c->name.id;
		named[i] = (struct named_container){ &c->name, c->pid, &c->metadata, NULL };
	}
	if (ids.id && named)
		engine_names_fill(named, s->n);
	for (size_t i = 0; ids.id && named && i < s->n; i++)
		s->container[i].unread = named[i].unread;
	if (ids.id && dir >= 0) {
		qsort(ids.id, ids.n, sizeof(*ids.id), compare_ids);
		metadata_collect(dir, &(struct metadata_collector){ is_listed_id, &ids,
								    metadata_janitor_remove });
	}
	free(ids.id);
	free(named);
}

static void read_layout_groups(struct snapshot *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct container_stats *c = &s->container[i];

		if (!layout_group_of(c->pid, c->group, sizeof(c->group)))
			c->group[0] = '\0';
	}
}

static void count_elsewhere(void *arg, size_t i)
{
	struct process_stats *p = &((struct process_stats *)arg)[i];

	p->shares = true;
	p->estimated = p->uncounted = p->left_out = false;
	p->memory = (struct process_memory){ .own = -1 };
	p->cost = p->profit = 0;
}

/* One address space counts once, with the first process of it whose memory could be read. */
static int count_memory_once(struct process_stats *p, size_t n)
{
	struct memory_user *u = calloc(n ? n : 1, sizeof(*u));
	int r;

	for (size_t i = 0; u && i < n; i++)
		u[i] = (struct memory_user){ p[i].task, container_name_hash(&p[i].name), i,
					     p[i].estimated || p[i].left_out };
	r = u ? same_memory_find(u, n, count_elsewhere, p) : -ENOMEM;
	free(u);
	return r;
}

/* In a child (kernel/watched.h): its answer is the processes that are shown. */
static int measure_all(void *arg, void **data, size_t *size, struct error *err)
{
	struct collection *c = arg;

	if (c->exact)
		watched_without_budget();
	for_all(c, measure_one);
	c->n = drop_not_shown(c->p, c->n);
	if (count_memory_once(c->p, c->n) < 0)
		return err_set(err, ENOMEM, "out of memory");
	*data = c->p;
	*size = c->n * sizeof(*c->p);
	return 0;
}

static int measure_all_watched(struct collection *c, struct error *err)
{
	size_t size;
	void *p;
	int r = watched_run(measure_all, c, &p, &size, err);

	if (r < 0)
		return r;
	if (!process_stats_are_possible(p, size / sizeof(*c->p), c->n)) {
		free(p);
		return sandbox_malformed(err);
	}
	free(c->p);
	c->p = p;
	c->n = size / sizeof(*c->p);
	return 0;
}

static int build(struct snapshot *out, struct collection *c, struct error *err)
{
	struct fork_group *group = NULL;
	size_t groups = 0;
	int r = measure_all_watched(c, err);

	if (r < 0)
		return r;
	r = find_fork_groups(c->p, c->n, &group, &groups);
	if (r == 0) {
		for_all(c, count_faults);
		for (size_t i = 0; i < groups; i++)
			group[i].saving =
				fork_group_saving(group[i].p, group[i].n, c->how.share);
	}
	if (r == 0 && c->exact)
		r = measure_exactly(group, groups, err);
	else if (r < 0)
		err_errno(err, -r, "/proc");
	if (r == 0) {
		r = aggregate_containers(out, c->p, c->n, group, groups);
		if (r < 0)
			err_errno(err, -r, "/proc");
	}
	free(group);
	return r;
}

int snapshot_prepare(enum privileges keep, struct error *err)
{
	metadata_janitor_start();
	return privileges_only_look(keep, err);
}

static int take_snapshot(struct snapshot *out, bool exact, struct read_budget *budget,
			 struct error *err)
{
	struct collection c = { .self = getpid(),
				.exact = exact,
				.huge_always = always_huge() };
	int r;

	measuring_begin(&c.how, budget);
	r = proc_for_each(add_process, &c);

	*out = (struct snapshot){ 0 };
	r = r < 0 ? err_errno(err, -r, "/proc") : build(out, &c, err);
	if (r == 0) {
		snapshot_charges(out, exact);
		read_metadata(out);
		read_layout_groups(out);
	}
	free(c.p);
	return r;
}

int snapshot_take(struct snapshot *out, bool exact, struct error *err)
{
	return take_snapshot(out, exact, NULL, err);
}

int snapshot_take_in_time(struct snapshot *out, struct error *err)
{
	/* who asks for metrics waits for some seconds (applets/nri_pages.c) */
	static const struct read_limits in_time = { .each_ms = 500,
						    .all_ms = 3000,
						    .least_ms = 20 };
	struct read_budget *budget = calloc(1, sizeof(*budget));
	int r;

	*out = (struct snapshot){ 0 };
	if (budget)
		budget->limit = in_time;
	r = budget ? take_snapshot(out, false, budget, err) :
		     err_set(err, ENOMEM, "out of memory");

	free(budget);
	return r;
}
