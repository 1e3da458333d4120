/* SPDX-License-Identifier: Apache-2.0 */
/* Measures the processes of all containers, in several threads. */
#include "stats/collect.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/macros.h"
#include "containers/engine_names.h"
#include "containers/metadata_janitor.h"
#include "kernel/process.h"
#include "kernel/read_budget.h"
#include "kernel/watched.h"
#include "layout/layout_of.h"
#include "stats/aggregate.h"
#include "stats/exact.h"
#include "stats/snapshot_charges.h"

/* More do not pay: the kernel's locks are shared, and others want to run. */
#define THREADS_MAX 4
/* Below that many processes a thread takes longer to start than to help. */
#define PARALLEL_MIN 512
#define CHUNK        32

/* struct ksm_rmap_item (mm/ksm.c): one for each page that ksmd has scanned */
#define RMAP_ITEM 64

struct collection {
	void (*fn)(struct collection *c, size_t i);
	size_t n, next, capacity;
	struct process_stats *p;
	pid_t self;
	int64_t page;
	double share;
	bool huge_always;
	bool scanned; /* ksmd runs and has completed full scans */
	bool exact;
	struct read_budget *budget; /* for who cannot wait; NULL: that of kernel/watched.c */
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

/* Resident without what is of files and shared (proc(5), statm); -1 where there is no memory. */
static int64_t anonymous_bytes(pid_t task)
{
	long size, resident, shared;
	char text[128];

	if (proc_read(task, "statm", text, sizeof(text)) < 0 ||
	    sscanf(text, "%ld %ld %ld", &size, &resident, &shared) != 3 || size == 0)
		return -1;
	return (resident - shared) * sysconf(_SC_PAGESIZE);
}

/* False where the kernel does not show it (no Pss_Anon before Linux 5.2), or not to us. */
static bool read_rollup(struct process_stats *p, int64_t counted)
{
	char text[4096];
	int64_t merged, proportional, anon;
	ssize_t got;
	char *end;

	if (!watched_enter(p->task)) {
		p->left_out = true;
		return false;
	}
	got = proc_read_head(p->task, "smaps_rollup", text, sizeof(text));
	watched_leave();
	if (got <= 0)
		return false;
	anon = proc_field(text, "Anonymous");
	proportional = proc_field(text, "Pss_Anon");
	if (anon < 0 || proportional < 0)
		return false;
	p->first = strtoull(text, &end, 16);
	p->last = *end == '-' ? strtoull(end + 1, NULL, 16) : 0;
	p->memory.anonymous = anon * 1024;
	p->memory.proportional = proportional * 1024;
	merged = proc_field(text, "KSM"); /* Linux 6.7; ksmd's own count lags behind writes */
	p->memory.merged = merged < 0 ? counted : merged * 1024;
	/* all may be merged then: what is unshared has its full share, and adds nothing */
	if (p->uncounted && merged < 0)
		p->memory.merged = p->memory.anonymous;
	if (p->memory.merged > p->memory.anonymous)
		p->memory.merged = p->memory.anonymous;
	p->huge = proc_field(text, "AnonHugePages") > 0;
	return true;
}

static int64_t clock_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* The same, where the process's container has not used up its time. */
static bool read_rollup_in_time(const struct collection *c, struct process_stats *p)
{
	uint64_t container = container_name_hash(&p->name);
	int64_t since;
	bool r;

	if (!c->budget)
		return read_rollup(p, p->memory.merged);
	if (!read_budget_is_left(c->budget, container)) {
		p->left_out = true;
		return false;
	}
	since = clock_us();
	r = read_rollup(p, p->memory.merged);
	read_budget_use(c->budget, container, clock_us() - since);
	return r;
}

/* What is not shown is taken to be like the machine's average. */
static void estimate_memory(struct process_stats *p, double share)
{
	struct process_memory *m = &p->memory;

	if (m->merged > m->anonymous)
		m->merged = m->anonymous;
	m->proportional = m->anonymous - m->merged + (int64_t)(share * (double)m->merged);
	/* no addresses: it counts as not forked */
	p->first = p->last = (uint64_t)p->pid;
}

/*
 * The rule of kernel/process.h. It reads one file more, so it is asked only where ksm_stat,
 * which is read anyway, shows no memory.
 */
static bool read_ksm_stat(struct process_stats *p, struct ksm_stat *st, bool *read)
{
	int r = ksm_stat_read(p->pid, st);
	struct process process;

	p->task = p->pid;
	*read = r == 0;
	p->left_out = r == -EBUSY;
	if (*read)
		return true;
	if (process_find(p->pid, &process) < 0)
		return false;
	p->task = process.task;
	*read = p->task != p->pid && ksm_stat_read(p->task, st) == 0;
	if (!*read)
		*st = (struct ksm_stat){ .merge_any = KSM_UNKNOWN, .scanned = KSM_UNKNOWN };
	return true;
}

/* False where it is not shown: it has ended, or is one of the host's and not mergeable. */
static bool measure(const struct collection *c, struct process_stats *p)
{
	struct ksm_stat st;
	bool host, read;

	if (!read_ksm_stat(p, &st, &read))
		return false;
	host = !container_of(p->task, &p->name);
	/* of the host's many processes, only those go on that may have something to show */
	if (host && (!read || (st.merge_any == KSM_UNKNOWN && st.rmap_items == 0)))
		return false;
	p->method = c->scanned && read ? ksm_process_method_quick(p->task, &st) :
					 ksm_process_method(p->task, &st);
	if (host && p->method != KSM_BY_PRCTL && p->method != KSM_BY_MADVISE)
		return false;
	if (host)
		container_host_name(p->pid, &p->name);
	p->cost = st.rmap_items * RMAP_ITEM;
	p->profit = st.profit;
	p->memory.zeros = st.zero_pages * c->page;
	p->memory.merged = st.merging_pages * c->page;
	p->memory.own = -1;
	p->uncounted = !st.counted && p->method > KSM_BY_NONE;
	if ((p->memory.merged || p->uncounted) && read_rollup_in_time(c, p))
		return true;
	p->estimated = p->memory.merged || p->uncounted;
	p->memory.anonymous = anonymous_bytes(p->task);
	if (p->memory.anonymous < 0)
		return false;
	estimate_memory(p, c->share);
	return true;
}

static void measure_one(struct collection *c, size_t i)
{
	if (!measure(c, &c->p[i]))
		c->p[i].pid = 0;
}

static void count_faults(struct collection *c, size_t i)
{
	struct process_stats *p = &c->p[i];
	struct proc_stat st;

	if (p->memory.own == 0 && !p->huge && !c->huge_always && proc_stat(p->pid, &st) == 0)
		p->memory.own = (int64_t)st.faults * c->page;
	else
		p->memory.own = -1;
}

static bool always_huge(void)
{
	static const char path[] = "/sys/kernel/mm/transparent_hugepage/enabled";
	char text[128];

	return read_kernel_file(path, text, sizeof(text)) > 0 && strstr(text, "[always]");
}

static bool has_scanned(void)
{
	int64_t run, scans;

	/* a first scan makes checksums, the second looks for what is equal */
	return ksm_sysfs("run", &run) == 0 && run == 1 &&
	       ksm_sysfs("full_scans", &scans) == 0 && scans >= 2;
}

static double average_share(void)
{
	int64_t shared, sharing;

	if (ksm_sysfs("pages_shared", &shared) < 0 ||
	    ksm_sysfs("pages_sharing", &sharing) < 0 || shared + sharing == 0)
		return 1;
	return (double)shared / (double)(shared + sharing);
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

/* In a child (kernel/watched.h): its answer is the processes that are shown. */
static int measure_all(void *arg, void **data, size_t *size, struct error *err)
{
	struct collection *c = arg;

	(void)err;
	if (c->exact)
		watched_without_budget();
	for_all(c, measure_one);
	c->n = drop_not_shown(c->p, c->n);
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
			group[i].saving = fork_group_saving(group[i].p, group[i].n, c->share);
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
				.budget = budget,
				.page = sysconf(_SC_PAGESIZE),
				.share = average_share(),
				.huge_always = always_huge(),
				.scanned = has_scanned() };
	int r = proc_for_each(add_process, &c);

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
