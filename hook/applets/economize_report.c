/* SPDX-License-Identifier: Apache-2.0 */
/* What economize decided and did, for people, programs and the log. */
#include "applets/economize_report.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/json_writer.h"
#include "base/log.h"
#include "base/text.h"
#include "kernel/ksm.h"

/* As ps has it: four characters for each byte of the longest label. */
#define LABEL_TEXT 2048

enum economize_action { ACTION_DISABLE, ACTION_NARROW, ACTION_WIDEN, ACTIONS };

static const struct {
	const char *done, *would;
} actions[ACTIONS] = {
	[ACTION_DISABLE] = { "disabled", "would-disable" },
	[ACTION_NARROW] = { "narrowed", "would-narrow" },
	[ACTION_WIDEN] = { "widened", "would-widen" },
};

/* Of a row that was chosen. */
static enum economize_action action_for(const struct economize_row *row)
{
	return row->reason == REASON_ECONOMY_PIECES ? ACTION_NARROW :
	       row->reason == REASON_ECONOMY_AGAIN  ? ACTION_WIDEN :
						      ACTION_DISABLE;
}

static const char *action_of(const struct economize_report *r, const struct economize_row *row)
{
	if (!row->chosen)
		return "kept";
	if (r->dry_run)
		return actions[action_for(row)].would;
	if (row->result < 0)
		return "failed";
	/* it paid for none of its processes */
	return action_for(row) != ACTION_DISABLE && !row->change.done ?
		       "kept" :
		       actions[action_for(row)].done;
}

static const char *shown_label(const struct economize_row *row, char *out, size_t size)
{
	char label[640];

	container_label(row->c, label, sizeof(label));
	printable(out, size, label, strlen(label));
	return out;
}

static void print_row(const struct economize_report *r, const struct economize_row *row,
		      int width)
{
	char label[LABEL_TEXT], cost[16], saved[16];

	printf("%-11s %-*s %10s %10s  %-13s  %s\n", row->c->name.engine, width,
	       shown_label(row, label, sizeof(label)),
	       format_bytes(cost, sizeof(cost), row->c->cost),
	       format_bytes(saved, sizeof(saved), row->c->saving.most), action_of(r, row),
	       reason_name(row->reason));
}

struct economize_total {
	int64_t freed[ACTIONS];
	size_t n[ACTIONS];
	int stopped_us;
};

static struct economize_total total_of(const struct economize_report *r)
{
	struct economize_total t = { 0 };

	for (size_t i = 0; i < r->n; i++) {
		const struct economize_row *row = &r->row[i];
		enum economize_action a = action_for(row);

		if (!row->chosen || row->result < 0)
			continue;
		t.n[a] += r->dry_run || a == ACTION_DISABLE || row->change.done;
		t.freed[a] += a == ACTION_DISABLE ? row->c->cost - row->c->saving.most :
						    (int64_t)row->change.freed * KSM_ITEM_BYTES;
		if (row->change.stopped_us > t.stopped_us)
			t.stopped_us = row->change.stopped_us;
	}
	return t;
}

static void print_total(const struct economize_report *r)
{
	const struct economize_total t = total_of(r);
	char bytes[16];

	printf("%zu of %zu containers %s, %s of memory; ", t.n[ACTION_DISABLE], r->n,
	       r->dry_run ? "would be no longer mergeable" : "no longer mergeable",
	       format_bytes(bytes, sizeof(bytes), t.freed[ACTION_DISABLE]));
	if (t.n[ACTION_NARROW])
		printf("%zu narrowed, %s; ", t.n[ACTION_NARROW],
		       format_bytes(bytes, sizeof(bytes), t.freed[ACTION_NARROW]));
	if (t.n[ACTION_WIDEN])
		printf("%zu widened; ", t.n[ACTION_WIDEN]);
	if (t.stopped_us)
		printf("processes stopped for %d us at most; ", t.stopped_us);
	printf("%zu failed\n", economize_failed(r));
}

void economize_log_total(const struct economize_report *r)
{
	const struct economize_total t = total_of(r);

	if (t.n[ACTION_DISABLE] || t.n[ACTION_NARROW] || t.n[ACTION_WIDEN])
		log_info("economize: %zu of %zu containers no longer mergeable, %zu narrowed, "
			 "%zu widened; processes stopped for %d us at most",
			 t.n[ACTION_DISABLE], r->n, t.n[ACTION_NARROW], t.n[ACTION_WIDEN],
			 t.stopped_us);
}

void economize_print(const struct economize_report *r)
{
	char label[LABEL_TEXT];
	int width = 24;

	for (size_t i = 0; i < r->n; i++) {
		int len = (int)strlen(shown_label(&r->row[i], label, sizeof(label)));

		if (len > width)
			width = len;
	}
	printf("%-11s %-*s %10s %10s  %-13s  %s\n", "ENGINE", width, "CONTAINER", "COST",
	       "SAVED", "ACTION", "REASON");
	for (size_t i = 0; i < r->n; i++)
		print_row(r, &r->row[i], width);
	print_total(r);
}

static void write_row(struct json_out *o, const struct economize_report *r,
		      const struct economize_row *row)
{
	json_out_object(o, NULL);
	json_out_string(o, "engine", row->c->name.engine);
	json_out_string(o, "id", row->c->name.id);
	json_out_int(o, "cost_bytes", row->c->cost);
	json_out_int(o, "saved_bytes", row->c->saving.least);
	json_out_int(o, "saved_at_most_bytes", row->c->saving.most);
	json_out_string(o, "action", action_of(r, row));
	json_out_string(o, "reason", reason_name(row->reason));
	if (row->chosen && !r->dry_run) {
		json_out_int(o, "processes", (int64_t)row->change.done);
		json_out_int(o, "failed_processes", (int64_t)row->change.failed);
		json_out_int(o, "stopped_us", row->change.stopped_us);
	}
	if (row->chosen && !r->dry_run && action_for(row) == ACTION_NARROW) {
		json_out_int(o, "scanned_pages",
			     (int64_t)(row->change.pages - row->change.freed));
		json_out_int(o, "left_out_pages", (int64_t)row->change.freed);
		json_out_int(o, "runs", (int64_t)row->change.runs);
	}
	if (row->result < 0) {
		json_out_string(o, "error", row->err.msg);
		json_out_string(o, "error_reason", reason_name(row->err.reason));
	}
	json_out_end_object(o);
}

int economize_print_json(const struct economize_report *r)
{
	struct json_out *o = json_out_new();

	if (!o)
		return -ENOMEM;
	json_out_object(o, NULL);
	json_out_bool(o, "dry_run", r->dry_run);
	json_out_array(o, "containers");
	for (size_t i = 0; i < r->n; i++)
		write_row(o, r, &r->row[i]);
	json_out_end_array(o);
	json_out_end_object(o);
	return json_out_finish(o) == 0 ? 0 : -ENOMEM;
}

void economize_log_failures(const struct economize_report *r)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct economize_row *row = &r->row[i];
		char label[LABEL_TEXT];

		if (row->chosen && row->result < 0)
			log_reason(LOG_LEVEL_ERROR, row->err.reason, "%s:%.200s is not %s: %s",
				   row->c->name.engine, shown_label(row, label, sizeof(label)),
				   actions[action_for(row)].done, row->err.msg);
	}
}

size_t economize_failed(const struct economize_report *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += r->row[i].chosen && r->row[i].result < 0;
	return n;
}
