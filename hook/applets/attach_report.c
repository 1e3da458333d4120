/* SPDX-License-Identifier: Apache-2.0 */
/* What attach and detach did, for people, programs and the log. */
#include "applets/attach_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_writer.h"
#include "base/log.h"
#include "base/reason.h"
#include "base/text.h"
#include "containers/identify.h"

static int compare_int(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

struct attach_totals {
	size_t done, failed;
	int median_us, max_us;
};

static struct attach_totals attach_totals(const struct set_mergeable *m)
{
	struct attach_totals t = { .failed = set_mergeable_failed(m) };
	int *us = calloc(m->n + 1, sizeof(*us));

	for (size_t i = 0; i < m->n; i++) {
		if (m->row[i].result == 0 && us)
			us[t.done] = m->row[i].stopped_us;
		t.done += m->row[i].result == 0;
	}
	if (us && t.done) {
		qsort(us, t.done, sizeof(*us), compare_int);
		t.median_us = us[t.done / 2];
		t.max_us = us[t.done - 1];
	}
	free(us);
	return t;
}

void attach_log_failures(const struct set_mergeable *m)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct merge_row *r = &m->row[i];

		if (merge_row_failed(r))
			log_reason(LOG_LEVEL_ERROR, r->err.reason, "process %d (%s): %s",
				   r->pid, r->command, r->err.msg);
	}
}

static const char *result_text(const struct set_mergeable *m, const struct merge_row *r)
{
	return r->result < 0 ? "failed" : m->off ? "no longer mergeable" : "mergeable";
}

void attach_print_row(const struct set_mergeable *m, const struct merge_row *r)
{
	char command[4 * sizeof(r->command)];

	printable(command, sizeof(command), r->command, strlen(r->command));
	printf("%7d  %-15s  %-7s  %7d us  %s\n", r->pid, command, ksm_method_name(r->method),
	       r->stopped_us, result_text(m, r));
}

static void print_attach_head(void)
{
	printf("%7s  %-15s  %-7s  %10s  %s\n", "PID", "COMMAND", "METHOD", "STOPPED", "RESULT");
}

void attach_print_skipped(struct merge_gate *g)
{
	for (size_t i = 0; i < g->n; i++) {
		struct merge_verdict *v = &g->v[i];
		char id[4 * sizeof(v->name.id)], text[4 * sizeof(v->text)];

		if (!v->current || !v->refused || v->told)
			continue;
		v->told = true;
		printable(id, sizeof(id), v->name.id, container_id_shown(v->name.id));
		printable(text, sizeof(text), v->text, strlen(v->text));
		printf("skipped %s:%s: reason=%s: %s\n", v->name.engine, id,
		       reason_name(v->reason), text);
	}
}

void attach_print_text(const struct set_mergeable *m, struct merge_gate *g, int64_t elapsed_us)
{
	struct attach_totals t = attach_totals(m);

	if (m->n)
		print_attach_head();
	for (size_t i = 0; i < m->n; i++) {
		if (m->row[i].result == 0 || merge_row_failed(&m->row[i]))
			attach_print_row(m, &m->row[i]);
	}
	attach_print_skipped(g);
	printf(m->off ? "%zu no longer mergeable, %zu were not mergeable, %zu failed" :
			"%zu made mergeable, %zu were already, %zu failed",
	       t.done, m->already, t.failed);
	if (t.done)
		printf("; stopped for %d us (median), %d us at most", t.median_us, t.max_us);
	printf("; took %.1f ms\n", (double)elapsed_us / 1000);
}

static void print_json_skipped(struct json_out *j, const struct merge_gate *g)
{
	json_out_array(j, "skipped");
	for (size_t i = 0; i < g->n; i++) {
		const struct merge_verdict *v = &g->v[i];

		if (!v->current || !v->refused)
			continue;
		json_out_object(j, NULL);
		json_out_string(j, "engine", v->name.engine);
		json_out_string(j, "id", v->name.id);
		json_out_string(j, "reason", reason_name(v->reason));
		json_out_string(j, "text", v->text);
		json_out_end_object(j);
	}
	json_out_end_array(j);
}

int attach_print_json(const struct set_mergeable *m, const struct merge_gate *g,
		      int64_t elapsed_us)
{
	struct json_out *j = json_out_new();
	struct attach_totals t = attach_totals(m);

	if (!j)
		return 1;
	json_out_object(j, NULL);
	json_out_array(j, "processes");
	for (size_t i = 0; i < m->n; i++) {
		const struct merge_row *r = &m->row[i];

		if (r->result < 0 && !merge_row_failed(r))
			continue;
		json_out_object(j, NULL);
		json_out_int(j, "pid", r->pid);
		json_out_string(j, "command", r->command);
		json_out_string(j, "method", ksm_method_name(r->method));
		json_out_int(j, "stopped_us", r->stopped_us);
		json_out_bool(j, "done", r->result == 0);
		if (r->result < 0)
			json_out_string(j, "error", r->err.msg);
		if (r->result < 0 && r->err.reason != REASON_NONE)
			json_out_string(j, "reason", reason_name(r->err.reason));
		json_out_end_object(j);
	}
	json_out_end_array(j);
	if (!m->off)
		print_json_skipped(j, g);
	json_out_int(j, "done", (int64_t)t.done);
	json_out_int(j, "already", (int64_t)m->already);
	json_out_int(j, "failed", (int64_t)t.failed);
	json_out_int(j, "stopped_us_median", t.median_us);
	json_out_int(j, "stopped_us_max", t.max_us);
	json_out_int(j, "elapsed_us", elapsed_us);
	json_out_end_object(j);
	return json_out_finish(j);
}
