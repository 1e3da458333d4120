/* SPDX-License-Identifier: Apache-2.0 */
/* A snapshot of the containers of the machine: are they mergeable, what do they save and cost. */
#include "stats/snapshot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"

/* The cost of 512 pages: less is not worth a warning. */
#define COST_MIN 32768

void snapshot_free(struct snapshot *s)
{
	free(s->container);
	s->container = NULL;
	s->n = 0;
}

int snapshot_order_parse(const char *text, enum snapshot_order *out)
{
	static const char *const names[] = { "name", "saved", "anonymous", "cost" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(names[i], text) == 0) {
			*out = (enum snapshot_order)i;
			return 0;
		}
	}
	return -EINVAL;
}

static int order_by_name(const void *a, const void *b)
{
	const struct container_stats *x = a, *y = b;

	return container_name_compare(&x->name, &y->name);
}

static int falling(int64_t a, int64_t b, const void *x, const void *y)
{
	return a != b ? (a < b) - (a > b) : order_by_name(x, y);
}

static int order_by_saved(const void *a, const void *b)
{
	const struct container_stats *x = a, *y = b;

	return falling(x->saving.least, y->saving.least, a, b);
}

static int order_by_anonymous(const void *a, const void *b)
{
	const struct container_stats *x = a, *y = b;

	return falling(x->anonymous, y->anonymous, a, b);
}

static int order_by_cost(const void *a, const void *b)
{
	const struct container_stats *x = a, *y = b;

	return falling(x->cost, y->cost, a, b);
}

void snapshot_sort(struct snapshot *s, enum snapshot_order order)
{
	static int (*const compare[])(const void *, const void *) = {
		[ORDER_BY_NAME] = order_by_name,
		[ORDER_BY_SAVED] = order_by_saved,
		[ORDER_BY_ANONYMOUS] = order_by_anonymous,
		[ORDER_BY_COST] = order_by_cost,
	};

	if (s->n)
		qsort(s->container, s->n, sizeof(*s->container), compare[order]);
}

enum ksm_method container_method(const struct container_stats *c)
{
	if (c->unknown == c->processes)
		return KSM_BY_UNKNOWN;
	if (!c->mergeable)
		return KSM_BY_NONE;
	return c->by_prctl >= c->by_madvise ? KSM_BY_PRCTL : KSM_BY_MADVISE;
}

const char *container_label(const struct container_stats *c, char *out, size_t size)
{
	metadata_label(&c->metadata, out, size);
	if (!out[0])
		snprintf(out, size, "%.*s", (int)container_id_shown(c->name.id), c->name.id);
	return out;
}

bool container_costs_more(const struct container_stats *c)
{
	return c->cost > COST_MIN && c->cost > c->saving.most;
}
