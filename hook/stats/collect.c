/* SPDX-License-Identifier: Apache-2.0 */
/* One look at all containers of the machine: processes are measured, in several threads. */
#include "stats/collect.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/macros.h"
#include "kernel/proc.h"
#include "layout/layout.h"
#include "stats/aggregate.h"

/* More do not pay: the kernel's locks are shared, and others want to run. */
#define THREADS_MAX 4
/* Below that many processes a thread takes longer to start than to help. */
#define PARALLEL_MIN 512
#define CHUNK        32

/* struct ksm_rmap_item (mm/ksm.c): one for each page that ksmd has looked at */
#define RMAP_ITEM 64

struct work {
	void (*fn)(struct work *w, size_t i);
	size_t n, next;
	struct look_process *p;
	int64_t page;
	double share;
	bool huge_always;
	bool scanned; /* ksmd runs and has been through */
};

static void *worker(void *arg)
{
	struct work *w = arg;
	size_t at;

	while ((at = __atomic_fetch_add(&w->next, CHUNK, __ATOMIC_RELAXED)) < w->n) {
		for (size_t i = at; i < at + CHUNK && i < w->n; i++)
			w->fn(w, i);
	}
	return NULL;
}

static void run(struct work *w)
{
	pthread_t thread[THREADS_MAX];
	size_t threads = 0;
	cpu_set_t cpus;

	w->next = 0;
	if (w->n >= PARALLEL_MIN && sched_getaffinity(0, sizeof(cpus), &cpus) == 0) {
		while (threads + 1 < THREADS_MAX && threads + 1 < (size_t)CPU_COUNT(&cpus) &&
		       pthread_create(&thread[threads], NULL, worker, w) == 0)
			threads++;
	}
	worker(w);
	while (threads > 0)
		pthread_join(thread[--threads], NULL);
}

/*
 * Anonymous memory in bytes: resident without what is of files and shared (proc(5), statm);
 * -1 for what has no memory any more: a process that has ended and is not reaped.
 */
static int64_t anonymous(pid_t pid)
{
	long size, resident, shared;
	char text[128];
	pid_t tid;

	if (proc_read(pid, "statm", text, sizeof(text)) < 0 ||
	    sscanf(text, "%ld %ld %ld", &size, &resident, &shared) != 3)
		return -1;
	/* a first thread that has ended shows nothing of the others' */
	if (size == 0)
		return proc_live_thread(pid, &tid) < 0 ? -1 : 0;
	return (resident - shared) * sysconf(_SC_PAGESIZE);
}

/* False where the kernel does not show it (no Pss_Anon before Linux 5.2), or not to us. */
static bool read_rollup(struct look_process *p, int64_t counted)
{
	char text[2048];
	int64_t merged, proportional, anon;
	char *end;

	if (proc_read(p->pid, "smaps_rollup", text, sizeof(text)) <= 0)
		return false;
	anon = proc_field(text, "Anonymous");
	proportional = proc_field(text, "Pss_Anon");
	if (anon < 0 || proportional < 0)
		return false;
	p->first = strtoull(text, &end, 16);
	p->last = *end == '-' ? strtoull(end + 1, NULL, 16) : 0;
	p->saving.anonymous = anon * 1024;
	p->saving.proportional = proportional * 1024;
	merged = proc_field(text, "KSM"); /* Linux 6.7; ksmd's own count lags behind writes */
	p->saving.merged = merged < 0 ? counted : merged * 1024;
	/* all may be merged then: what is unshared has its full share, and adds nothing */
	if (p->uncounted && merged < 0)
		p->saving.merged = p->saving.anonymous;
	if (p->saving.merged > p->saving.anonymous)
		p->saving.merged = p->saving.anonymous;
	p->huge = proc_field(text, "AnonHugePages") > 0;
	return true;
}

/* What is not shown is taken to be like the machine's average. */
static void guess(struct look_process *p, double share)
{
	struct saving_process *s = &p->saving;

	if (s->merged > s->anonymous)
		s->merged = s->anonymous;
	s->proportional = s->anonymous - s->merged + (int64_t)(share * (double)s->merged);
	/* no addresses: it counts as not forked */
	p->first = p->last = (uint64_t)p->pid;
}

static void measure(struct work *w, size_t i)
{
	struct look_process *p = &w->p[i];
	struct ksm_stat st;
	bool host = !container_of(p->pid, &p->name), no_stat = false;

	if (ksm_stat_read(p->pid, &st) < 0) {
		st = (struct ksm_stat){ .merge_any = KSM_UNKNOWN, .scanned = KSM_UNKNOWN };
		no_stat = true;
	}
	/* of the host's many processes, only ask on where there is something to be seen */
	if (host && (no_stat || (st.merge_any == KSM_UNKNOWN && st.rmap_items == 0)))
		goto none;
	p->method = w->scanned && !no_stat ? ksm_process_method_quick(p->pid, &st) :
					     ksm_process_method(p->pid, &st);
	if (host && p->method != KSM_BY_PRCTL && p->method != KSM_BY_MADVISE)
		goto none;
	if (host)
		container_host_name(p->pid, &p->name);
	p->cost = st.rmap_items * RMAP_ITEM;
	p->profit = st.profit;
	p->saving.zeros = st.zero_pages * w->page;
	p->saving.merged = st.merging_pages * w->page;
	p->saving.own = -1;
	p->uncounted = !st.counted && p->method > KSM_BY_NONE;
	if ((p->saving.merged || p->uncounted) && read_rollup(p, p->saving.merged))
		return;
	p->saving.anonymous = anonymous(p->pid);
	if (p->saving.anonymous < 0)
		goto none;
	guess(p, w->share);
	return;
none:
	p->pid = 0;
}

static void count_faults(struct work *w, size_t i)
{
	struct look_process *p = &w->p[i];
	struct proc_stat st;

	if (p->saving.own == 0 && !p->huge && !w->huge_always && proc_stat(p->pid, &st) == 0)
		p->saving.own = (int64_t)st.faults * w->page;
	else
		p->saving.own = -1;
}

static bool huge_always(void)
{
	static const char path[] = "/sys/kernel/mm/transparent_hugepage/enabled";
	char text[128] = "";
	FILE *f = fopen(path, "re");

	if (!f)
		return false;
	if (!fgets(text, sizeof(text), f))
		text[0] = '\0';
	fclose(f);
	return strstr(text, "[always]");
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
	int64_t kept, more;

	if (ksm_sysfs("pages_shared", &kept) < 0 || ksm_sysfs("pages_sharing", &more) < 0 ||
	    kept + more == 0)
		return 1;
	return (double)kept / (double)(kept + more);
}

static int list_processes(struct work *w)
{
	DIR *dir = opendir("/proc");
	size_t room = 0;
	pid_t pid;

	if (!dir)
		return -errno;
	while ((pid = proc_next(dir)) != 0) {
		if (w->n == room) {
			struct look_process *more;

			room = room ? room * 2 : 512;
			more = realloc(w->p, room * sizeof(*more));
			if (!more) {
				closedir(dir);
				return -ENOMEM;
			}
			w->p = more;
		}
		w->p[w->n] = (struct look_process){ .pid = pid };
		w->n++;
	}
	closedir(dir);
	return 0;
}

static size_t drop_unwanted(struct look_process *p, size_t n)
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

struct ids {
	const char **id;
	size_t n;
};

static int by_id(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_there(const void *arg, const char *id)
{
	const struct ids *ids = arg;

	return bsearch(&id, ids->id, ids->n, sizeof(*ids->id), by_id);
}

/* What was written down at the start; of what is no more, nothing is kept. */
static void read_records(struct look *l)
{
	__cleanup(close_fd) int dir = metadata_open();
	struct ids ids = { .n = l->n };

	if (dir < 0)
		return;
	ids.id = calloc(l->n ? l->n : 1, sizeof(*ids.id));
	if (!ids.id)
		return;
	for (size_t i = 0; i < l->n; i++) {
		ids.id[i] = l->container[i].name.id;
		(void)metadata_read(dir, ids.id[i], &l->container[i].metadata);
	}
	qsort(ids.id, ids.n, sizeof(*ids.id), by_id);
	metadata_collect(dir, is_there, &ids);
	free(ids.id);
}

static void read_groups(struct look *l)
{
	for (size_t i = 0; i < l->n; i++) {
		struct look_container *c = &l->container[i];

		if (!layout_group_of(c->name.id, c->group, sizeof(c->group)))
			c->group[0] = '\0';
	}
}

int look(struct look *out, bool exact)
{
	struct work w = { .fn = measure,
			  .page = sysconf(_SC_PAGESIZE),
			  .share = average_share(),
			  .huge_always = huge_always(),
			  .scanned = has_scanned() };
	struct look_family *family = NULL;
	size_t families = 0;
	int r = list_processes(&w);

	*out = (struct look){ 0 };
	if (r == 0) {
		run(&w);
		w.n = drop_unwanted(w.p, w.n);
		r = look_find_families(w.p, w.n, &family, &families);
	}
	if (r == 0) {
		w.fn = count_faults;
		run(&w);
		for (size_t i = 0; i < families; i++)
			family[i].saving =
				look_family_saving(family[i].p, family[i].n, w.share);
		if (exact)
			r = look_exactly(family, families);
	}
	if (r == 0)
		r = look_fold(out, w.p, w.n, family, families);
	if (r == 0) {
		read_records(out);
		read_groups(out);
	}
	if (r < 0)
		log_error("/proc: %s", strerror(-r));
	free(family);
	free(w.p);
	return r;
}

void look_free(struct look *l)
{
	free(l->container);
	l->container = NULL;
	l->n = 0;
}
