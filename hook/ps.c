/* SPDX-License-Identifier: Apache-2.0 */
/* ksm-hook ps: a line per container: is it mergeable, what is merged, what does it save. */
#include <dirent.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "applets.h"
#include "container.h"
#include "json_out.h"
#include "ksm.h"
#include "log.h"
#include "proc.h"

struct row {
	struct container_name name;
	pid_t pid; /* of a row that stands for one process */
	size_t processes, mergeable, unknown;
	size_t by_prctl, by_madvise;
	size_t entered; /* not mergeable, and came in from outside instead of being forked there */
	int64_t anonymous, merged, profit; /* bytes */
};

struct table {
	struct row *row;
	size_t n, room;
};

static int compare(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	int r = strcmp(x->name.engine, y->name.engine);

	return r ? r : strcmp(x->name.id, y->name.id);
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
	int cpu;

	if (proc_read(pid, "statm", text, sizeof(text)) < 0 ||
	    sscanf(text, "%ld %ld %ld", &size, &resident, &shared) != 3)
		return -1;
	/* a first thread that has ended shows nothing of the others' */
	if (size == 0)
		return proc_pick_thread(pid, &tid, &cpu) < 0 ? -1 : 0;
	return (resident - shared) * sysconf(_SC_PAGESIZE);
}

static bool add(struct table *t, pid_t pid)
{
	struct row r = { .processes = 1, .pid = pid };
	enum ksm_method method;
	struct ksm_stat st;

	if (!container_of(pid, &r.name))
		return true;
	r.anonymous = anonymous(pid);
	if (r.anonymous < 0)
		return true;
	if (ksm_stat_read(pid, &st) < 0)
		st = (struct ksm_stat){ .merge_any = KSM_UNKNOWN, .scanned = KSM_UNKNOWN };
	method = ksm_process_method(pid, &st);
	r.by_prctl = method == KSM_BY_PRCTL;
	r.by_madvise = method == KSM_BY_MADVISE;
	r.mergeable = r.by_prctl + r.by_madvise;
	r.unknown = method == KSM_BY_UNKNOWN;
	r.merged = (st.merging_pages + st.zero_pages) * sysconf(_SC_PAGESIZE);
	r.profit = st.profit;
	if (t->n == t->room) {
		size_t room = t->room ? t->room * 2 : 256;
		struct row *row = realloc(t->row, room * sizeof(*row));

		if (!row)
			return false;
		t->row = row;
		t->room = room;
	}
	t->row[t->n++] = r;
	return true;
}

static int by_container_and_pid(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	int r = compare(a, b);

	return r ? r : (x->pid > y->pid) - (x->pid < y->pid);
}

static struct row *find(struct row *r, size_t n, pid_t pid)
{
	size_t from = 0, to = n;

	while (from < to) {
		size_t mid = (from + to) / 2;

		if (r[mid].pid == pid)
			return &r[mid];
		if (r[mid].pid < pid)
			from = mid + 1;
		else
			to = mid;
	}
	return NULL;
}

/* From a process upwards to the last that is in the container, whose parent is outside. */
static pid_t topmost(struct row *r, size_t n, pid_t pid)
{
	struct proc_stat st;

	/* n steps: a number that is used anew meanwhile must not lead in circles */
	for (size_t i = 0; i < n && proc_stat(pid, &st) == 0; i++) {
		if (!find(r, n, st.ppid))
			return pid;
		pid = st.ppid;
	}
	return 0;
}

/*
 * The rows of one container, by process id. What engines call exec enters from outside, so
 * its topmost process is not the container's first, which is the one that was started first.
 */
static void find_entered(struct row *r, size_t n)
{
	uint64_t first_start = UINT64_MAX;
	size_t mergeable = 0, unknown = 0;
	pid_t first = 0;

	for (size_t i = 0; i < n; i++) {
		mergeable += r[i].mergeable;
		unknown += r[i].unknown;
	}
	if (mergeable == 0 || mergeable + unknown == n)
		return;
	for (size_t i = 0; i < n; i++) {
		struct proc_stat st;

		if (proc_stat(r[i].pid, &st) == 0 && !find(r, n, st.ppid) &&
		    st.start < first_start) {
			first_start = st.start;
			first = r[i].pid;
		}
	}
	for (size_t i = 0; i < n; i++) {
		pid_t top;

		if (r[i].mergeable || r[i].unknown)
			continue;
		top = topmost(r, n, r[i].pid);
		r[i].entered = top && top != first;
	}
}

/* A row per process becomes a row per container. */
static void fold(struct table *t)
{
	size_t n = 0;

	if (t->n == 0)
		return;
	qsort(t->row, t->n, sizeof(*t->row), by_container_and_pid);
	for (size_t i = 0, k; i < t->n; i = k) {
		for (k = i + 1; k < t->n && compare(&t->row[i], &t->row[k]) == 0; k++)
			;
		find_entered(&t->row[i], k - i);
	}
	for (size_t i = 1; i < t->n; i++) {
		struct row *to = &t->row[n], *from = &t->row[i];

		if (compare(to, from) != 0) {
			t->row[++n] = *from;
			continue;
		}
		to->processes += from->processes;
		to->mergeable += from->mergeable;
		to->unknown += from->unknown;
		to->by_prctl += from->by_prctl;
		to->by_madvise += from->by_madvise;
		to->entered += from->entered;
		to->anonymous += from->anonymous;
		to->merged += from->merged;
		to->profit += from->profit;
	}
	t->n = n + 1;
}

static int scan(struct table *t)
{
	DIR *dir = opendir("/proc");
	pid_t pid;

	if (!dir) {
		log_error("/proc: %s", strerror(errno));
		return -1;
	}
	while ((pid = proc_next(dir)) != 0) {
		if (!add(t, pid)) {
			closedir(dir);
			log_error("out of memory");
			return -1;
		}
	}
	closedir(dir);
	fold(t);
	return 0;
}

static void mergeable_text(const struct row *r, char *out, size_t size)
{
	if (r->unknown == r->processes)
		snprintf(out, size, "?");
	else if (r->mergeable == r->processes)
		snprintf(out, size, "yes");
	else if (r->mergeable == 0)
		snprintf(out, size, "no");
	else if (r->entered)
		snprintf(out, size, "%zu of %zu (%zu exec)", r->mergeable, r->processes,
			 r->entered);
	else
		snprintf(out, size, "%zu of %zu", r->mergeable, r->processes);
}

/* Whatever mark an engine's exec has or has not: what most have who have one. */
static enum ksm_method method_of(const struct row *r)
{
	if (r->unknown == r->processes)
		return KSM_BY_UNKNOWN;
	if (!r->mergeable)
		return KSM_BY_NONE;
	return r->by_prctl >= r->by_madvise ? KSM_BY_PRCTL : KSM_BY_MADVISE;
}

static void print_row(const struct row *r, bool is_total)
{
	char id[40], mergeable[80], anon[16], merged[16], profit[16];
	size_t len = strlen(r->name.id);

	/* as engines print their ids */
	printable(id, sizeof(id), r->name.id,
		  len == 64 && strspn(r->name.id, "0123456789abcdef") == 64 ? 12 : len);
	mergeable_text(r, mergeable, sizeof(mergeable));
	printf("%-11s %-24s %6zu  %-20s %-7s %10s %10s %10s\n", r->name.engine, id,
	       r->processes, mergeable, is_total ? "" : ksm_method_name(method_of(r)),
	       format_bytes(anon, sizeof(anon), r->anonymous),
	       format_bytes(merged, sizeof(merged), r->merged),
	       format_bytes(profit, sizeof(profit), r->profit));
}

static void print_table(const struct table *t)
{
	struct row total = { .name = { "total", "" } };

	printf("%-11s %-24s %6s  %-20s %-7s %10s %10s %10s\n", "ENGINE", "CONTAINER", "PROCS",
	       "MERGEABLE", "METHOD", "ANONYMOUS", "MERGED", "PROFIT");
	for (size_t i = 0; i < t->n; i++) {
		const struct row *r = &t->row[i];

		print_row(r, false);
		total.processes += r->processes;
		total.mergeable += r->mergeable;
		total.anonymous += r->anonymous;
		total.merged += r->merged;
		total.profit += r->profit;
	}
	if (t->n > 1)
		print_row(&total, true);
}

static int print_json(const struct table *t)
{
	struct json_out *o = json_out_new();

	if (!o)
		return 1;
	json_out_array(o, NULL);
	for (size_t i = 0; i < t->n; i++) {
		const struct row *r = &t->row[i];

		json_out_object(o, NULL);
		json_out_string(o, "engine", r->name.engine);
		json_out_string(o, "id", r->name.id);
		json_out_int(o, "processes", (int64_t)r->processes);
		json_out_int(o, "mergeable_processes", (int64_t)r->mergeable);
		json_out_bool(o, "mergeable", r->mergeable == r->processes);
		json_out_string(o, "method", ksm_method_name(method_of(r)));
		json_out_int(o, "exec_not_mergeable", (int64_t)r->entered);
		json_out_int(o, "anonymous_bytes", r->anonymous);
		json_out_int(o, "merged_bytes", r->merged);
		json_out_int(o, "profit_bytes", r->profit);
		json_out_end_object(o);
	}
	json_out_end_array(o);
	return json_out_finish(o);
}

int applet_ps(int argc, char **argv)
{
	struct table t = { 0 };
	bool json = false;
	int ret = 1;

	log_init("ps", false);
	ret = look_options(argc, argv, &json);
	if (ret >= 0)
		return ret;
	ret = 1;
	if (scan(&t) == 0) {
		ret = 0;
		if (json)
			ret = print_json(&t);
		else
			print_table(&t);
	}
	free(t.row);
	return ret;
}
