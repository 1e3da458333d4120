/* SPDX-License-Identifier: Apache-2.0 */
/* A snapshot as a table and as JSON. */
#include "stats/table.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_writer.h"
#include "base/macros.h"
#include "base/text.h"

/* On a terminal longer labels are truncated, so that lines do not wrap. */
#define LABEL_MAX 48
/* Of the longest label, four characters for each byte. */
#define LABEL_SIZE 2048

static void mergeable_text(const struct container_stats *c, char *out, size_t size)
{
	if (c->unknown == c->processes)
		snprintf(out, size, "?");
	else if (c->mergeable == c->processes)
		snprintf(out, size, "yes");
	else if (c->mergeable == 0)
		snprintf(out, size, c->would ? "would" : "no");
	else if (c->entered)
		snprintf(out, size, "%zu of %zu (%zu exec)", c->mergeable, c->processes,
			 c->entered);
	else
		snprintf(out, size, "%zu of %zu", c->mergeable, c->processes);
}

#define RANGE_SIZE 40

/* Where its ends differ by more than a twentieth, both. */
static const char *range_text(int64_t from, int64_t to, char *out, size_t size)
{
	char least[16], most[16];

	format_bytes(least, sizeof(least), from);
	format_bytes(most, sizeof(most), to);
	if (to - from <= to / 20)
		snprintf(out, size, "%s", least);
	else
		snprintf(out, size, "%s-%s", least, most);
	return out;
}

static const char *saved_text(const struct container_stats *c, char *out, size_t size)
{
	return range_text(c->saving.least, c->saving.most, out, size);
}

static const char *charged_text(const struct container_stats *c, char *out, size_t size)
{
	if (!c->charges.known)
		return "?";
	return range_text(c->charges.charged_least, c->charges.charged_most, out, size);
}

static const char *elsewhere_text(const struct container_stats *c, char *out, size_t size)
{
	if (!c->charges.known)
		return "?";
	return range_text(c->charges.elsewhere_least, c->charges.elsewhere_most, out, size);
}

/* What the layout adds; blank where none is shared, which is not 0. */
static const char *layout_text(const struct container_stats *c, char *out, size_t size)
{
	return c->by_layout.known ? format_bytes(out, size, c->by_layout.least) : "";
}

struct widths {
	int label, mergeable, saved, charged, elsewhere;
	int layout;  /* 0: it is known of none */
	bool groups; /* some container is in one */
};

/* What is shown in the column CONTAINER. */
static const char *label_text(const struct container_stats *c, char *out, size_t size)
{
	char label[640];

	container_label(c, label, sizeof(label));
	printable(out, size, label, strlen(label));
	return out;
}

/* Its figures are then no more than a part. */
static const char *left_out_text(const struct container_stats *c, char *out, size_t size)
{
	out[0] = '\0';
	if (c->left_out)
		snprintf(out, size, "  %zu of %zu processes not read", c->left_out,
			 c->processes);
	return out;
}

static void print_container(FILE *f, const struct container_stats *c, bool is_total,
			    const struct widths *w)
{
	char left_out[80], label[LABEL_SIZE] = "", mergeable[80], anon[16], merged[16],
			   cost[16];
	char saved[RANGE_SIZE], charged[RANGE_SIZE], elsewhere[RANGE_SIZE], layout[16];

	if (!is_total)
		label_text(c, label, sizeof(label));
	mergeable_text(c, mergeable, sizeof(mergeable));
	fprintf(f, "%-11s %-*.*s %6zu  %-*s %-7s %10s %10s %*s %10s%-2s %*s %*s%*s%s%s%s%s%s\n",
		is_total ? "total" : c->name.engine, w->label, w->label, label, c->processes,
		w->mergeable, mergeable, is_total ? "" : ksm_method_name(container_method(c)),
		format_bytes(anon, sizeof(anon), c->anonymous),
		format_bytes(merged, sizeof(merged), c->merged), w->saved,
		saved_text(c, saved, sizeof(saved)), format_bytes(cost, sizeof(cost), c->cost),
		container_costs_more(c) ? " !" : "", w->charged,
		charged_text(c, charged, sizeof(charged)), w->elsewhere,
		is_total ? "" : elsewhere_text(c, elsewhere, sizeof(elsewhere)), w->layout,
		layout_text(c, layout, sizeof(layout)), c->group[0] ? "  " : "", c->group,
		c->unread ? "  name not read: " : "", c->unread ? c->unread : "",
		left_out_text(c, left_out, sizeof(left_out)));
}

static int widest(int width, const char *text)
{
	int len = (int)strlen(text);

	return len > width ? len : width;
}

static void widen(struct widths *w, const struct container_stats *c)
{
	char text[80];

	mergeable_text(c, text, sizeof(text));
	w->mergeable = widest(w->mergeable, text);
	w->saved = widest(w->saved, saved_text(c, text, sizeof(text)));
	w->charged = widest(w->charged, charged_text(c, text, sizeof(text)));
	w->elsewhere = widest(w->elsewhere, elsewhere_text(c, text, sizeof(text)));
	if (c->by_layout.known)
		w->layout = 11;
}

static void print_warning(FILE *f, const struct snapshot *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += container_costs_more(&s->container[i]);
	if (n)
		fprintf(f, "! %zu of %zu cost more than they save: see ksm-hook-ps(8)\n", n,
			s->n);
}

void table_print(FILE *f, const struct snapshot *s, bool terminal)
{
	struct widths w = { 24, 9, 10, 10, 10, 0, false };
	char text[LABEL_SIZE];

	for (size_t i = 0; i < s->n; i++) {
		w.label = widest(w.label, label_text(&s->container[i], text, sizeof(text)));
		widen(&w, &s->container[i]);
		w.groups = w.groups || s->container[i].group[0];
	}
	widen(&w, &s->total);
	if (terminal && w.label > LABEL_MAX)
		w.label = LABEL_MAX;
	fprintf(f, "%-11s %-*s %6s  %-*s %-7s %10s %10s %*s %10s   %*s %*s%*s%s\n", "ENGINE",
		w.label, "CONTAINER", "PROCS", w.mergeable, "MERGEABLE", "METHOD", "ANONYMOUS",
		"MERGED", w.saved, "SAVED", "COST", w.charged, "CHARGED", w.elsewhere,
		"ELSEWHERE", w.layout, w.layout ? "LAYOUT" : "", w.groups ? "  GROUP" : "");
	for (size_t i = 0; i < s->n; i++)
		print_container(f, &s->container[i], false, &w);
	if (s->n > 1)
		print_container(f, &s->total, true, &w);
	print_warning(f, s);
}

static void print_if_known(struct json_out *o, const char *key, const char *text)
{
	if (text[0])
		json_out_string(o, key, text);
}

/* Left out where they are not known: a 0 would be a claim. */
static void print_charges(struct json_out *o, const struct charges *c)
{
	if (!c->known)
		return;
	json_out_int(o, "charged_bytes", c->charged_least);
	json_out_int(o, "charged_at_most_bytes", c->charged_most);
	json_out_int(o, "charged_elsewhere_bytes", c->elsewhere_least);
	json_out_int(o, "charged_elsewhere_at_most_bytes", c->elsewhere_most);
}

int table_print_json(const struct snapshot *s)
{
	struct json_out *o = json_out_new();

	if (!o)
		return -ENOMEM;
	json_out_array(o, NULL);
	for (size_t i = 0; i < s->n; i++) {
		const struct container_stats *c = &s->container[i];

		json_out_object(o, NULL);
		json_out_string(o, "engine", c->name.engine);
		json_out_string(o, "id", c->name.id);
		print_if_known(o, "namespace", c->metadata.pod_namespace);
		print_if_known(o, "pod", c->metadata.pod);
		print_if_known(o, "container", c->metadata.container);
		print_if_known(o, "image", c->metadata.image);
		print_if_known(o, "group", c->group);
		print_if_known(o, "unread", c->unread ? c->unread : "");
		json_out_int(o, "processes", (int64_t)c->processes);
		json_out_int(o, "mergeable_processes", (int64_t)c->mergeable);
		json_out_bool(o, "mergeable", c->mergeable == c->processes);
		json_out_int(o, "unread_processes", (int64_t)c->left_out);
		json_out_bool(o, "would", c->would > 0);
		json_out_bool(o, "against_rules", c->against > 0);
		json_out_string(o, "method", ksm_method_name(container_method(c)));
		json_out_int(o, "exec_not_mergeable", (int64_t)c->entered);
		json_out_int(o, "anonymous_bytes", c->anonymous);
		json_out_int(o, "merged_bytes", c->merged);
		json_out_int(o, "saved_bytes", c->saving.least);
		json_out_int(o, "saved_at_most_bytes", c->saving.most);
		if (c->by_layout.known)
			json_out_int(o, "saved_by_layout_bytes", c->by_layout.least);
		json_out_int(o, "cost_bytes", c->cost);
		json_out_int(o, "profit_bytes", c->profit);
		print_charges(o, &c->charges);
		json_out_end_object(o);
	}
	json_out_end_array(o);
	return json_out_finish(o) == 0 ? 0 : -ENOMEM;
}
