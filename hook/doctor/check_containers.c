/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: containers that run: did those that asked get the mark, and is it worth it? */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "containers/identify.h"
#include "doctor/container_request.h"
#include "doctor/findings.h"
#include "kernel/proc.h"
#include "layout/layout.h"

/* After so many containers with something to tell, the others are counted. */
#define TOLD_MAX 100

/* 4 MiB: what less memory costs or saves is nobody's problem */
#define SMALL_PAGES 1024

/* One equal page in so many is what the kernel's 64 bytes per scanned page eat up. */
#define BREAK_EVEN 64

/* Below one in so many there is nothing equal to speak of. */
#define NOTHING_EQUAL 16

/* First a row per process, then one per container. */
struct row {
	struct container_name name;
	pid_t pid; /* of a container the one that was started first */
	uint64_t start;
	size_t processes, mergeable, unknown;
	int64_t anonymous, scanned, merged, zero, profit; /* pages, but the profit in bytes */
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

/* Resident without what is of files and shared (proc(5), statm); -1 where there is no memory. */
static int64_t anonymous(pid_t pid)
{
	long size, resident, shared;
	char text[128];

	if (proc_read(pid, "statm", text, sizeof(text)) < 0 ||
	    sscanf(text, "%ld %ld %ld", &size, &resident, &shared) != 3 || size == 0)
		return -1;
	return resident - shared;
}

static bool examine(const struct doctor *d, struct row *r, pid_t pid)
{
	struct proc_stat stat;
	enum ksm_method method;
	struct ksm_stat st;

	*r = (struct row){ .pid = pid, .processes = 1 };
	if (proc_stat(pid, &stat) < 0 || stat.kernel_thread)
		return false;
	if (!container_of(pid, &r->name)) {
		if (!d->targets.n || !target_match(&d->targets, pid))
			return false;
		snprintf(r->name.engine, sizeof(r->name.engine), "pid");
		snprintf(r->name.id, sizeof(r->name.id), "%d", pid);
	}
	r->anonymous = anonymous(pid);
	if (r->anonymous < 0)
		return false;
	r->start = stat.start;
	if (ksm_stat_read(pid, &st) < 0)
		st = (struct ksm_stat){ .merge_any = KSM_UNKNOWN, .scanned = KSM_UNKNOWN };
	method = ksm_process_method(pid, &st);
	r->unknown = method == KSM_BY_UNKNOWN;
	r->mergeable = method == KSM_BY_PRCTL || method == KSM_BY_MADVISE;
	r->scanned = st.rmap_items;
	r->merged = st.merging_pages;
	r->zero = st.zero_pages;
	r->profit = st.profit;
	return true;
}

static bool add(struct table *t, const struct row *r)
{
	if (t->n == t->room) {
		size_t room = t->room ? t->room * 2 : 256;
		struct row *row = realloc(t->row, room * sizeof(*row));

		if (!row)
			return false;
		t->row = row;
		t->room = room;
	}
	t->row[t->n++] = *r;
	return true;
}

static void fold(struct table *t)
{
	size_t n = 0;

	if (t->n == 0)
		return;
	qsort(t->row, t->n, sizeof(*t->row), compare);
	for (size_t i = 1; i < t->n; i++) {
		struct row *to = &t->row[n], *from = &t->row[i];

		if (compare(to, from) != 0) {
			t->row[++n] = *from;
			continue;
		}
		if (from->start < to->start) {
			to->start = from->start;
			to->pid = from->pid;
		}
		to->processes += from->processes;
		to->mergeable += from->mergeable;
		to->unknown += from->unknown;
		to->anonymous += from->anonymous;
		to->scanned += from->scanned;
		to->merged += from->merged;
		to->zero += from->zero;
		to->profit += from->profit;
	}
	t->n = n + 1;
}

static void scan(struct doctor *d, struct table *t)
{
	DIR *dir = opendir("/proc");
	struct row r;
	pid_t pid;

	while (dir && (pid = proc_next(dir)) != 0) {
		if (pid == getpid() || !examine(d, &r, pid))
			continue;
		d->marked_pages += r.mergeable ? r.anonymous : 0;
		if (d->targets.n && !target_match(&d->targets, pid))
			continue;
		if (!add(t, &r))
			break;
	}
	if (dir)
		closedir(dir);
	fold(t);
}

/* For messages and, in quotes, for a shell: the name of a cgroup may be any bytes. */
static const char *target(char *out, size_t size, const struct row *r)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789_.+@-";
	size_t len = strlen(r->name.id);
	bool hex = len == 64 && strspn(r->name.id, "0123456789abcdef") == 64;

	if (r->name.id[0] == '-' || strspn(r->name.id, plain) != len)
		snprintf(out, size, "pid:%d", r->pid);
	else
		snprintf(out, size, "%s:%.*s", r->name.engine, (int)(hex ? 12 : len),
			 r->name.id);
	return out;
}

/* AnonHugePages and Anonymous, both in kB, of one process. */
static bool mostly_huge(pid_t pid)
{
	char text[4096];

	return proc_read(pid, "smaps_rollup", text, sizeof(text)) > 0 &&
	       proc_field(text, "AnonHugePages") * 2 > proc_field(text, "Anonymous");
}

/* Has it run for so many scans as ksmd is now, and some seconds for one that was slower? */
static bool is_older(const struct doctor *d, const struct row *r, int scans)
{
	int64_t scan = 0, nap = 0, ms, age;
	struct timespec now;

	(void)ksm_sysfs("pages_to_scan", &scan);
	(void)ksm_sysfs("sleep_millisecs", &nap);
	ms = scan ? check_scan_pages(d) * nap / scan : INT64_MAX / 4;
	clock_gettime(CLOCK_BOOTTIME, &now);
	age = now.tv_sec - (int64_t)(r->start / (uint64_t)sysconf(_SC_CLK_TCK));
	return age * 1000 >= scans * ms + 10000;
}

/*
 * Has ksmd looked at it twice? The first time it only remembers. Pages that it has not seen
 * unchanged are told for the whole host (pages_volatile): where these are few, this container's
 * are not among them; else its age has to do, with one scan more for a mark that came late.
 */
static bool scanned_twice(const struct doctor *d, const struct row *r)
{
	int64_t fresh;

	if (r->scanned < SMALL_PAGES || r->scanned * 4 < r->anonymous * 3)
		return false;
	if (ksm_sysfs("pages_volatile", &fresh) == 0 && fresh * 4 < r->scanned)
		return true;
	return is_older(d, r, 3);
}

/* Marked, and yet ksmd passes it by: what Linux 6.7 to 6.9 do after exec. */
static void scanned(struct doctor *d, const struct row *r, const char *name)
{
	struct finding *f;

	if (!d->kernel.per_process || r->scanned || r->merged || r->anonymous < SMALL_PAGES ||
	    !is_older(d, r, 3))
		return;
	f = check_add(
		d, CHECK_BROKEN, "container-scanned",
		"the kernel keeps the mark at exec and forgets to tell ksmd, or ksmd came "
		"no further yet; a poststart hook sets the mark anew",
		"%s is mergeable, but ksmd has scanned none of it", name);
	check_fix(f, "%s attach %s", d->command, name);
}

static void worth(struct doctor *d, const struct row *r, const char *name)
{
	int64_t page = sysconf(_SC_PAGESIZE), equal = r->merged + r->zero;
	char scanned[16], merged[16], cost[16];
	struct finding *f;

	if (!scanned_twice(d, r))
		return;
	format_bytes(scanned, sizeof(scanned), r->scanned * page);
	format_bytes(merged, sizeof(merged), equal * page);
	format_bytes(cost, sizeof(cost), r->scanned * 64);
	if (equal * NOTHING_EQUAL < r->scanned) {
		f = check_add(d, CHECK_NOTE, "container-equal",
			      "it is mergeable and was scanned, but neither it nor others hold "
			      "the same pages: its data differ, or its addresses are random",
			      "%s: %s merged of %s scanned", name, merged, scanned);
		check_fix(f, "%s detach %s", d->command, name);
	}
	if (equal * BREAK_EVEN < r->scanned) {
		f = check_add(
			d, CHECK_WARNING, "container-cost",
			"the kernel keeps 64 bytes for each page that was scanned, merged "
			"or not",
			"%s costs %s of the kernel's memory and saves %s", name, cost, merged);
		check_fix(f, "%s detach %s", d->command, name);
	}
	if (equal * NOTHING_EQUAL < r->scanned && mostly_huge(r->pid))
		check_add(d, CHECK_NOTE, "container-huge-pages",
			  "ksmd splits a huge page only where it finds one of its 512 pages "
			  "elsewhere, and the kernel's counters tell less of them than is so",
			  "%s: most of its memory is in huge pages", name);
}

static void not_marked(struct doctor *d, const struct row *r, const char *name,
		       const struct decision *asked)
{
	struct finding *f;

	f = check_add(d, CHECK_BROKEN, "container-asked",
		      "the hook was not called when it started, or the call was refused (then "
		      "the system log has a line of ksm-hook's)",
		      "%s is to be merged (%s), and is not mergeable", name, asked->text);
	check_fix(f, "%s attach %s", d->command, name);
	if (proc_seccomp(r->pid) != 2)
		return;
	check_add(d, CHECK_NOTE, "container-seccomp",
		  "the hook and attach are not bound by it; the preload library is, if the "
		  "profile refuses prctl: which it does cannot be seen from outside",
		  "%s is under a seccomp filter", name);
}

/* Which a hook would have done, and what there is. */
static void mark(struct doctor *d, const struct row *r, const char *name)
{
	struct decision asked;
	/* which costs a process: not where there is nothing to complain about */
	bool known = r->mergeable < r->processes && check_asked(&r->name, &d->config, &asked);
	struct finding *f;

	if (known && asked.warning[0]) {
		f = check_add(d, CHECK_WARNING, "container-annotation",
			      "a value that is not understood counts as not given", "%s: %s",
			      name, asked.warning);
		check_fix(f, "start it with io.ksm.merge=true; until then: %s attach %s",
			  d->command, name);
	}
	if (r->mergeable == 0 && known && asked.merge) {
		not_marked(d, r, name, &asked);
	} else if (r->mergeable && r->mergeable + r->unknown < r->processes) {
		f = check_add(d, CHECK_WARNING, "container-partly",
			      "what came in by exec does not inherit the mark, and neither did "
			      "what ran before attach",
			      "%s: %zu of %zu processes are mergeable", name, r->mergeable,
			      r->processes);
		check_fix(f, "%s attach %s", d->command, name);
	} else if (r->mergeable == 0 && known &&
		   (asked.reason == REASON_DENIED_BY_RULE ||
		    asked.reason == REASON_NOT_ALLOWED ||
		    asked.reason == REASON_CONTAINERS_NONE)) {
		f = check_add(d, CHECK_NOTE, "container-denied",
			      "the administrator's rules come before what a container asks",
			      "%s is left alone: %s", name, asked.text);
		check_fix(f, "%s attach %s", d->command, name);
	} else if (r->mergeable == 0 && d->targets.n) {
		f = check_add(
			d, CHECK_NOTE, "container-asked",
			"only what is mergeable can be merged",
			known ? "%s is not mergeable: %s" :
				"%s is not mergeable; what it asked for is not known here%s",
			name, known ? asked.text : "");
		check_fix(f, "%s attach %s", d->command, name);
	} else if (d->targets.n && r->mergeable) {
		check_add(d, CHECK_OK, "container-asked", NULL, "%s is mergeable", name);
	}
}

static void layout(struct doctor *d, const struct row *r, const char *name)
{
	char group[POLICY_GROUP_MAX];
	struct finding *f;

	if (!layout_group_of(r->name.id, group, sizeof(group)))
		return;
	f = check_add(d, CHECK_NOTE, "container-layout",
		      "every container of the group knows where the others have their memory, "
		      "and a leak in one tells it of all",
		      "%s shares the address-space layout of %s", name, group);
	check_fix(f, "start it without io.ksm.layout=shared, unless that is meant");
}

static bool is_running(void)
{
	int64_t run;

	return ksm_sysfs("run", &run) == 0 && run == 1;
}

void check_containers(struct doctor *d)
{
	size_t before = d->n, mergeable = 0, left_out = 0;
	struct table t = { 0 };
	char name[300];

	scan(d, &t);
	for (size_t i = 0; i < t.n; i++) {
		mergeable += t.row[i].mergeable > 0;
		if (d->n - before >= TOLD_MAX) {
			left_out++;
			continue;
		}
		target(name, sizeof(name), &t.row[i]);
		mark(d, &t.row[i], name);
		layout(d, &t.row[i], name);
		if (t.row[i].mergeable && is_running()) {
			scanned(d, &t.row[i], name);
			worth(d, &t.row[i], name);
		}
	}
	if (left_out)
		check_add(d, CHECK_NOTE, "containers", "there is a limit to what can be read",
			  "%zu more containers were not looked at", left_out);
	check_add(d, CHECK_OK, "containers", NULL, "%zu of %zu containers are mergeable",
		  mergeable, t.n);
	free(t.row);
}
