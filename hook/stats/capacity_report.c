/* SPDX-License-Identifier: Apache-2.0 */
/* What can be promised of a machine, from its samples and from what runs there now. */
#include "stats/capacity_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "kernel/memory_headroom.h"

static int by_image(const void *a, const void *b)
{
	const struct container_stats *const *x = a, *const *y = b;

	return strcmp((*x)->metadata.image, (*y)->metadata.image);
}

static void add_to_image(struct capacity_row *row, const struct container_stats *c)
{
	struct capacity_image *image = &row->image;

	image->containers++;
	/* a new one has its zero pages, too */
	image->needs = greater(image->needs, c->anonymous + c->zeros);
	image->saves += c->saving.least;
	image->storm += c->saving.most;
}

/* The sums become what one saves. */
static int find_images(struct capacity_report *r, const struct snapshot *s)
{
	const struct container_stats **list = calloc(s->n + 1, sizeof(const void *));

	r->row = calloc(s->n + 1, sizeof(*r->row));
	if (!list || !r->row) {
		free(list);
		return -ENOMEM;
	}
	for (size_t i = 0; i < s->n; i++)
		list[i] = &s->container[i];
	qsort(list, s->n, sizeof(const void *), by_image);
	for (size_t i = 0; i < s->n; i++) {
		if (!i || by_image(&list[i - 1], &list[i]) != 0)
			snprintf(r->row[r->n++].name, sizeof(r->row->name), "%s",
				 list[i]->metadata.image);
		add_to_image(&r->row[r->n - 1], list[i]);
	}
	for (size_t i = 0; i < r->n; i++) {
		struct capacity_image *image = &r->row[i].image;

		if (image->containers)
			image->saves /= (int64_t)image->containers;
	}
	free(list);
	return 0;
}

static void choose_reserve(struct capacity_report *r, int64_t given)
{
	r->why = given >= 0 ? RESERVE_GIVEN : RESERVE_FALL;
	r->reserve = given >= 0 ? given : r->past.fall;
	for (size_t i = 0; given < 0 && i < r->n; i++) {
		if (r->row[i].image.storm <= r->reserve)
			continue;
		r->why = RESERVE_IMAGE;
		r->reserve = r->row[i].image.storm;
		memcpy(r->image, r->row[i].name, sizeof(r->image));
	}
}

int capacity_report(struct capacity_report *out, const struct capacity_history *h,
		    const struct snapshot *s, int64_t window_s, int64_t reserve,
		    struct error *err)
{
	double share;

	*out = (struct capacity_report){ .window_s = window_s,
					 .saved = s->total.saving,
					 .available = room_available() };
	if (find_images(out, s) < 0)
		return err_set(err, ENOMEM, "out of memory");
	capacity_look_back(h, window_s, &out->past);
	choose_reserve(out, reserve);
	out->room = capacity_room(&out->past, out->reserve);
	share = capacity_held_share(out->saved.least, out->past.held);
	for (size_t i = 0; i < out->n; i++)
		out->row[i].fits =
			!out->past.enough ?
				-1 :
				capacity_fits(&out->row[i].image, out->room, out->reserve,
					      out->why != RESERVE_GIVEN, share);
	return 0;
}

void capacity_report_free(struct capacity_report *r)
{
	free(r->row);
	r->row = NULL;
	r->n = 0;
}
