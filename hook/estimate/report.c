/* SPDX-License-Identifier: Apache-2.0 */
/* An estimate as a table and as JSON. */
#include "estimate/report.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json_writer.h"
#include "base/text.h"
#include "kernel/ksm.h"

/*
 * What ksmd takes until a page is merged or known to have no equal, on a virtual machine:
 * 4 (mariadb) to 9 (PHP, whose pages are forked) as bench/efficiency has it.
 */
#define KSMD_US_PER_PAGE 7

static int64_t bytes(double pages)
{
	return (int64_t)(pages * (double)sysconf(_SC_PAGESIZE));
}

int64_t estimate_cost(const struct estimate_row *r)
{
	return (int64_t)r->count.mappings * KSM_ITEM_BYTES;
}

static struct estimate_row total_row(const struct estimate *e)
{
	struct estimate_row all = { .name = { "total", "" },
				    .sum = e->total.sum,
				    .masked = e->layout.masked.sum };

	for (uint32_t i = 1; i < e->n; i++) {
		const struct estimate_row *r = &e->row[i];

		all.processes += r->processes;
		all.count.mappings += r->count.mappings;
		all.count.frames += r->count.frames;
		all.count.merged += r->count.merged;
		all.count.huge += r->count.huge;
		all.count.unread += r->count.unread;
	}
	return all;
}

static void print_estimate_row(const struct estimate_row *r, bool is_total, bool layout)
{
	char id[40], anon[16], merged[16], equal[16], saves[16], alone[16], cost[16];

	printable(id, sizeof(id), r->name.id, container_id_shown(r->name.id));
	printf("%-11s %-24s %6zu %10s %10s %10s %10s %10s %10s", r->name.engine, id,
	       r->processes, format_bytes(anon, sizeof(anon), bytes((double)r->count.frames)),
	       format_bytes(merged, sizeof(merged), bytes((double)r->count.merged)),
	       format_bytes(equal, sizeof(equal), bytes(r->sum.equal)),
	       format_bytes(saves, sizeof(saves), bytes(r->sum.saves)),
	       is_total ? "" : format_bytes(alone, sizeof(alone), bytes(r->sum.alone)),
	       format_bytes(cost, sizeof(cost), estimate_cost(r)));
	if (layout)
		printf(" %10s", format_bytes(anon, sizeof(anon), bytes(r->masked.saves)));
	putchar('\n');
}

static double cpu_seconds(const struct estimate_row *all)
{
	return (double)all->count.mappings * KSMD_US_PER_PAGE / 1e6;
}

double estimate_cpu_seconds(const struct estimate *e)
{
	struct estimate_row all = total_row(e);

	return cpu_seconds(&all);
}

/* By less than that the ends of a range differ where it is as good as one figure. */
#define SURE_PERCENT 15

static void print_layout(const struct layout_estimate *l, double frames)
{
	char least[16], most[16];
	double from = l->masked.sum.saves;

	printf("With a shared layout it would free at least %s (%.1f %%), and at most %s "
	       "(%.1f %%):\npages were compared without the addresses in them.\n",
	       format_bytes(least, sizeof(least), bytes(from)), from * 100 / frames,
	       format_bytes(most, sizeof(most), bytes(l->most)), l->most * 100 / frames);
	if (l->has_pair)
		printf("As with the pair it would free %s of %s (%.1f %%), merged memory "
		       "included.\n",
		       format_bytes(least, sizeof(least), bytes(l->pair)),
		       format_bytes(most, sizeof(most), bytes(l->of)),
		       l->of < 1 ? 0 : l->pair * 100 / l->of);
	else if (from * 100 < l->most * (100 - SURE_PERCENT))
		printf("What lies between hangs on hash seeds and on the order of allocations, "
		       "which no\ncomparison shows: start two containers with a layout in "
		       "common "
		       "and name them with\n--pair.\n");
}

void estimate_print(const struct estimate *e)
{
	char saves[16], anon[16], zeros[16], cost[16], error[16];
	struct estimate_row all = total_row(e);

	printf("%-11s %-24s %6s %10s %10s %10s %10s %10s %10s%s\n", "ENGINE", "CONTAINER",
	       "PROCS", "ANONYMOUS", "MERGED", "EQUAL", "SAVES", "ALONE", "COST",
	       e->layout.wanted ? "     LAYOUT" : "");
	for (uint32_t i = 1; i < e->n; i++)
		print_estimate_row(&e->row[i], false, e->layout.wanted);
	if (e->n > 2)
		print_estimate_row(&all, true, e->layout.wanted);
	if (!all.count.frames)
		return;
	printf("\nMerging would free %s of %s (%.1f %%), %s of it zero pages.\n",
	       format_bytes(saves, sizeof(saves), bytes(all.sum.saves)),
	       format_bytes(anon, sizeof(anon), bytes((double)all.count.frames)),
	       all.sum.saves * 100 / (double)all.count.frames,
	       format_bytes(zeros, sizeof(zeros), bytes(e->total.zeros)));
	if (e->layout.wanted)
		print_layout(&e->layout, (double)all.count.frames);
	printf("It would take %s for the kernel's records and, once, about %.1f s of ksmd's "
	       "CPU time.\n",
	       format_bytes(cost, sizeof(cost), estimate_cost(&all)), cpu_seconds(&all));
	if (e->total.share < 1)
		printf("One content in %.0f was counted: give or take %s (two standard "
		       "errors).\n",
		       1 / e->total.share,
		       format_bytes(error, sizeof(error), bytes(2 * e->total.error)));
	printf("%.1f %% of the pages changed within %.1f s; ksmd leaves alone what does not "
	       "rest.\n",
	       e->changed * 100, (double)e->changed_ms / 1000);
	printf("Read in %.1f s, %.0f MB/s.\n", (double)e->read_us / 1e6,
	       (double)e->read_bytes / (double)(e->read_us + 1));
}

static void json_row(struct json_out *o, const struct estimate_row *r, bool layout)
{
	json_out_int(o, "processes", (int64_t)r->processes);
	json_out_int(o, "anonymous_bytes", bytes((double)r->count.frames));
	json_out_int(o, "huge_bytes", bytes((double)r->count.huge));
	json_out_int(o, "merged_bytes", bytes((double)r->count.merged));
	json_out_int(o, "unread_bytes", bytes((double)r->count.unread));
	json_out_int(o, "equal_bytes", bytes(r->sum.equal));
	json_out_int(o, "saves_bytes", bytes(r->sum.saves));
	json_out_int(o, "cost_bytes", estimate_cost(r));
	if (layout)
		json_out_int(o, "layout_saves_bytes", bytes(r->masked.saves));
}

static void json_layout(struct json_out *o, const struct layout_estimate *l)
{
	json_out_object(o, "layout");
	json_out_int(o, "at_least_bytes", bytes(l->masked.sum.saves));
	json_out_int(o, "at_most_bytes", bytes(l->most));
	json_out_int(o, "error_bytes", bytes(2 * l->masked.error));
	if (l->has_pair) {
		json_out_int(o, "pair_bytes", bytes(l->pair));
		json_out_int(o, "pair_of_bytes", bytes(l->of));
	}
	json_out_end_object(o);
}

int estimate_print_json(const struct estimate *e)
{
	struct json_out *o = json_out_new();
	struct estimate_row all = total_row(e);

	if (!o)
		return -ENOMEM;
	json_out_object(o, NULL);
	json_out_array(o, "containers");
	for (uint32_t i = 1; i < e->n; i++) {
		json_out_object(o, NULL);
		json_out_string(o, "engine", e->row[i].name.engine);
		json_out_string(o, "id", e->row[i].name.id);
		json_row(o, &e->row[i], e->layout.wanted);
		json_out_int(o, "alone_bytes", bytes(e->row[i].sum.alone));
		json_out_end_object(o);
	}
	json_out_end_array(o);
	json_out_object(o, "total");
	json_row(o, &all, e->layout.wanted);
	json_out_int(o, "zeros_bytes", bytes(e->total.zeros));
	json_out_int(o, "error_bytes", bytes(2 * e->total.error));
	json_out_int(o, "ksmd_cpu_ms", (int64_t)(cpu_seconds(&all) * 1000));
	json_out_end_object(o);
	if (e->layout.wanted)
		json_layout(o, &e->layout);
	json_out_int(o, "one_content_in", (int64_t)(1 / e->total.share));
	json_out_int(o, "changed_per_mille", (int64_t)(e->changed * 1000 + 0.5));
	json_out_int(o, "changed_within_ms", e->changed_ms);
	json_out_int(o, "mergeable_processes", (int64_t)e->row[0].processes);
	json_out_int(o, "unreadable_processes", (int64_t)e->unreadable);
	json_out_int(o, "read_bytes", (int64_t)e->read_bytes);
	json_out_int(o, "read_us", e->read_us);
	json_out_end_object(o);
	return json_out_finish(o) == 0 ? 0 : -ENOMEM;
}
