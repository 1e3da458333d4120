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
	size_t processes, mergeable, unknown;
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

/* Anonymous memory in bytes: resident without what is of files and shared (proc(5), statm). */
static int64_t anonymous(pid_t pid)
{
	char text[128];
	long resident, shared;

	if (proc_read(pid, "statm", text, sizeof(text)) < 0 ||
	    sscanf(text, "%*d %ld %ld", &resident, &shared) != 2)
		return 0;
	return (resident - shared) * sysconf(_SC_PAGESIZE);
}

static bool add(struct table *t, pid_t pid)
{
	struct row r = { .processes = 1 };
	struct ksm_stat st;
	enum ksm_flag flag;
	bool told;

	if (!container_of(pid, &r.name))
		return true;
	if (ksm_stat_read(pid, &st) < 0)
		st = (struct ksm_stat){ .merge_any = KSM_UNKNOWN };
	flag = st.merge_any == KSM_UNKNOWN ? ksm_process_flag(pid, &told) :
	       st.scanned == KSM_NO        ? KSM_NO :
					     st.merge_any;
	r.mergeable = flag == KSM_YES;
	r.unknown = flag == KSM_UNKNOWN;
	r.anonymous = anonymous(pid);
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

/* A row per process becomes a row per container. */
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
		to->processes += from->processes;
		to->mergeable += from->mergeable;
		to->unknown += from->unknown;
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
	else
		snprintf(out, size, "%zu of %zu", r->mergeable, r->processes);
}

static void print_row(const struct row *r)
{
	char id[40], mergeable[32], anon[16], merged[16], profit[16];
	size_t len = strlen(r->name.id);

	/* as engines print their ids */
	printable(id, sizeof(id), r->name.id,
		  len == 64 && strspn(r->name.id, "0123456789abcdef") == 64 ? 12 : len);
	mergeable_text(r, mergeable, sizeof(mergeable));
	printf("%-11s %-24s %6zu  %-9s %10s %10s %10s\n", r->name.engine, id, r->processes,
	       mergeable, format_bytes(anon, sizeof(anon), r->anonymous),
	       format_bytes(merged, sizeof(merged), r->merged),
	       format_bytes(profit, sizeof(profit), r->profit));
}

static void print_table(const struct table *t)
{
	struct row total = { .name = { "total", "" } };

	printf("%-11s %-24s %6s  %-9s %10s %10s %10s\n", "ENGINE", "CONTAINER", "PROCS",
	       "MERGEABLE", "ANONYMOUS", "MERGED", "PROFIT");
	for (size_t i = 0; i < t->n; i++) {
		const struct row *r = &t->row[i];

		print_row(r);
		total.processes += r->processes;
		total.mergeable += r->mergeable;
		total.anonymous += r->anonymous;
		total.merged += r->merged;
		total.profit += r->profit;
	}
	if (t->n > 1)
		print_row(&total);
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
