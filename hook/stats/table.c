/* SPDX-License-Identifier: Apache-2.0 */
/* A look at all containers as a table and as JSON. */
#include "stats/table.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_writer.h"
#include "base/macros.h"
#include "base/text.h"

/* Longer labels are cut: a table that wraps is none. */
#define LABEL_MAX 48
/* Of 512 pages: less is not worth a warning. */
#define COST_MIN 32768

int look_order_parse(const char *text, enum look_order *out)
{
	static const char *const names[] = { "name", "saved", "anonymous", "cost" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(names[i], text) == 0) {
			*out = (enum look_order)i;
			return 0;
		}
	}
	return -EINVAL;
}

static int by_name(const void *a, const void *b)
{
	const struct look_container *x = a, *y = b;
	int r = strcmp(x->name.engine, y->name.engine);

	return r ? r : strcmp(x->name.id, y->name.id);
}

static int falling(int64_t a, int64_t b, const void *x, const void *y)
{
	return a != b ? (a < b) - (a > b) : by_name(x, y);
}

static int by_saved(const void *a, const void *b)
{
	const struct look_container *x = a, *y = b;

	return falling(x->saving.least, y->saving.least, a, b);
}

static int by_anonymous(const void *a, const void *b)
{
	const struct look_container *x = a, *y = b;

	return falling(x->anonymous, y->anonymous, a, b);
}

static int by_cost(const void *a, const void *b)
{
	const struct look_container *x = a, *y = b;

	return falling(x->cost, y->cost, a, b);
}

void look_sort(struct look *l, enum look_order order)
{
	static int (*const compare[])(const void *, const void *) = {
		[LOOK_BY_NAME] = by_name,
		[LOOK_BY_SAVED] = by_saved,
		[LOOK_BY_ANONYMOUS] = by_anonymous,
		[LOOK_BY_COST] = by_cost,
	};

	if (l->n)
		qsort(l->container, l->n, sizeof(*l->container), compare[order]);
}

enum ksm_method look_method(const struct look_container *c)
{
	if (c->unknown == c->processes)
		return KSM_BY_UNKNOWN;
	if (!c->mergeable)
		return KSM_BY_NONE;
	return c->by_prctl >= c->by_madvise ? KSM_BY_PRCTL : KSM_BY_MADVISE;
}

const char *look_label(const struct look_container *c, char *out, size_t size)
{
	const struct metadata *r = &c->metadata;
	size_t len = strlen(c->name.id);

	if (r->pod[0])
		snprintf(out, size, "%s/%s/%s", r->pod_namespace, r->pod,
			 r->container[0] ? r->container : "(sandbox)");
	else if (r->container[0])
		snprintf(out, size, "%s", r->container);
	else /* as engines print their ids */
		printable(out, size, c->name.id,
			  len == 64 && strspn(c->name.id, "0123456789abcdef") == 64 ? 12 : len);
	return out;
}

bool look_loses(const struct look_container *c)
{
	return c->cost > COST_MIN && c->cost > c->saving.most;
}

static void mergeable_text(const struct look_container *c, char *out, size_t size)
{
	if (c->unknown == c->processes)
		snprintf(out, size, "?");
	else if (c->mergeable == c->processes)
		snprintf(out, size, "yes");
	else if (c->mergeable == 0)
		snprintf(out, size, "no");
	else if (c->entered)
		snprintf(out, size, "%zu of %zu (%zu exec)", c->mergeable, c->processes,
			 c->entered);
	else
		snprintf(out, size, "%zu of %zu", c->mergeable, c->processes);
}

/* A range where it is one that matters. */
static const char *saved_text(const struct saving *s, char *out, size_t size)
{
	char least[16], most[16];

	format_bytes(least, sizeof(least), s->least);
	format_bytes(most, sizeof(most), s->most);
	if (s->most - s->least <= s->most / 20)
		snprintf(out, size, "%s", least);
	else
		snprintf(out, size, "%s-%s", least, most);
	return out;
}

struct widths {
	int label, mergeable, saved;
	bool groups; /* somebody is in one */
};

static void print_row(FILE *f, const struct look_container *c, bool is_total,
		      const struct widths *w)
{
	char label[640] = "", mergeable[80], anon[16], merged[16], saved[40], cost[16];

	if (!is_total)
		look_label(c, label, sizeof(label));
	mergeable_text(c, mergeable, sizeof(mergeable));
	fprintf(f, "%-11s %-*.*s %6zu  %-*s %-7s %10s %10s %*s %10s%s%s%s\n",
		is_total ? "total" : c->name.engine, w->label, w->label, label, c->processes,
		w->mergeable, mergeable, is_total ? "" : ksm_method_name(look_method(c)),
		format_bytes(anon, sizeof(anon), c->anonymous),
		format_bytes(merged, sizeof(merged), c->merged), w->saved,
		saved_text(&c->saving, saved, sizeof(saved)),
		format_bytes(cost, sizeof(cost), c->cost), c->group[0] ? "  " : "", c->group,
		look_loses(c) ? " !" : "");
}

static int widest(int width, const char *text)
{
	int len = (int)strlen(text);

	return len > width ? len : width;
}

static void print_losers(FILE *f, const struct look *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		n += look_loses(&l->container[i]);
	if (n)
		fprintf(f,
			"! %zu of %zu cost more than they save; ksm-hook-ps(8) says what to "
			"do\n",
			n, l->n);
}

void look_print_table(FILE *f, const struct look *l)
{
	struct widths w = { 24, 9, 10, false };
	char text[640];

	for (size_t i = 0; i < l->n; i++) {
		w.label = widest(w.label, look_label(&l->container[i], text, sizeof(text)));
		mergeable_text(&l->container[i], text, sizeof(text));
		w.mergeable = widest(w.mergeable, text);
		w.saved = widest(w.saved,
				 saved_text(&l->container[i].saving, text, sizeof(text)));
		w.groups = w.groups || l->container[i].group[0];
	}
	mergeable_text(&l->total, text, sizeof(text));
	w.mergeable = widest(w.mergeable, text);
	w.saved = widest(w.saved, saved_text(&l->total.saving, text, sizeof(text)));
	if (w.label > LABEL_MAX)
		w.label = LABEL_MAX;
	fprintf(f, "%-11s %-*s %6s  %-*s %-7s %10s %10s %*s %10s%s\n", "ENGINE", w.label,
		"CONTAINER", "PROCS", w.mergeable, "MERGEABLE", "METHOD", "ANONYMOUS", "MERGED",
		w.saved, "SAVED", "COST", w.groups ? "  GROUP" : "");
	for (size_t i = 0; i < l->n; i++)
		print_row(f, &l->container[i], false, &w);
	if (l->n > 1)
		print_row(f, &l->total, true, &w);
	print_losers(f, l);
}

static void optional(struct json_out *o, const char *key, const char *text)
{
	if (text[0])
		json_out_string(o, key, text);
}

int look_print_json(const struct look *l)
{
	struct json_out *o = json_out_new();

	if (!o)
		return 1;
	json_out_array(o, NULL);
	for (size_t i = 0; i < l->n; i++) {
		const struct look_container *c = &l->container[i];

		json_out_object(o, NULL);
		json_out_string(o, "engine", c->name.engine);
		json_out_string(o, "id", c->name.id);
		optional(o, "namespace", c->metadata.pod_namespace);
		optional(o, "pod", c->metadata.pod);
		optional(o, "container", c->metadata.container);
		optional(o, "image", c->metadata.image);
		optional(o, "group", c->group);
		json_out_int(o, "processes", (int64_t)c->processes);
		json_out_int(o, "mergeable_processes", (int64_t)c->mergeable);
		json_out_bool(o, "mergeable", c->mergeable == c->processes);
		json_out_string(o, "method", ksm_method_name(look_method(c)));
		json_out_int(o, "exec_not_mergeable", (int64_t)c->entered);
		json_out_int(o, "anonymous_bytes", c->anonymous);
		json_out_int(o, "merged_bytes", c->merged);
		json_out_int(o, "saved_bytes", c->saving.least);
		json_out_int(o, "saved_at_most_bytes", c->saving.most);
		json_out_int(o, "cost_bytes", c->cost);
		json_out_int(o, "profit_bytes", c->profit);
		json_out_end_object(o);
	}
	json_out_end_array(o);
	return json_out_finish(o);
}
