/* SPDX-License-Identifier: Apache-2.0 */
/* Measures one process: whose it is, what of it is merged, and what that costs. */
#include "stats/measure.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "containers/identify.h"
#include "kernel/process.h"
#include "kernel/watched.h"

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

void measuring_begin(struct measuring *how, struct read_budget *budget)
{
	*how = (struct measuring){ .page = sysconf(_SC_PAGESIZE),
				   .share = average_share(),
				   .scanned = has_scanned(),
				   .budget = budget };
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
static bool read_rollup_in_time(const struct measuring *how, struct process_stats *p)
{
	uint64_t container = container_name_hash(&p->name);
	int64_t since;
	bool r;

	if (!how->budget)
		return read_rollup(p, p->memory.merged);
	if (!read_budget_is_left(how->budget, container)) {
		p->left_out = true;
		return false;
	}
	since = clock_us();
	r = read_rollup(p, p->memory.merged);
	read_budget_use(how->budget, container, clock_us() - since);
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

bool measure_process(const struct measuring *how, struct process_stats *p)
{
	struct ksm_stat st;
	bool host, read;

	if (!read_ksm_stat(p, &st, &read))
		return false;
	host = !container_of(p->task, &p->name);
	/* of the host's many processes, only those go on that may have something to show */
	if (host && (!read || (st.merge_any == KSM_UNKNOWN && st.rmap_items == 0)))
		return false;
	p->method = how->scanned && read ? ksm_process_method_quick(p->task, &st) :
					   ksm_process_method(p->task, &st);
	if (host && p->method != KSM_BY_PRCTL && p->method != KSM_BY_MADVISE)
		return false;
	if (host)
		container_host_name(p->pid, &p->name);
	p->cost = st.rmap_items * KSM_ITEM_BYTES;
	p->profit = st.profit;
	p->memory.zeros = st.zero_pages * how->page;
	p->memory.merged = st.merging_pages * how->page;
	p->memory.own = -1;
	p->uncounted = !st.counted && p->method > KSM_BY_NONE;
	if ((p->memory.merged || p->uncounted) && read_rollup_in_time(how, p))
		return true;
	p->estimated = p->memory.merged || p->uncounted;
	p->memory.anonymous = anonymous_bytes(p->task);
	if (p->memory.anonymous < 0)
		return false;
	estimate_memory(p, how->share);
	return true;
}
