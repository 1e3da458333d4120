/* SPDX-License-Identifier: Apache-2.0 */
/* What of a saving can be promised, from how it held over time: pure arithmetic. */
#include "stats/capacity.h"

#include <string.h>

#include "stats/savings.h"

static int64_t within(int64_t v, int64_t least)
{
	return v < least ? least : v > CAPACITY_BYTES_MAX ? CAPACITY_BYTES_MAX : v;
}

/* Does v lie below what is stored by more than that may be wrong? */
static bool falls_below(int64_t v, int64_t stored)
{
	int64_t size = stored < 0 ? -stored : stored;

	return v < stored - size / 100;
}

static void drop_oldest_sample(struct capacity_history *h)
{
	h->n--;
	memmove(h->sample, h->sample + 1, h->n * sizeof(*h->sample));
}

bool capacity_add(struct capacity_history *h, struct capacity_sample s)
{
	struct capacity_sample *last;

	s.saved = within(s.saved, 0);
	s.bare = within(s.bare, -CAPACITY_BYTES_MAX);
	/* of this boot, and later than now: somebody has put an old file back */
	while (h->n && h->sample[h->n - 1].boot == s.boot &&
	       h->sample[h->n - 1].uptime_s > s.uptime_s)
		h->n--;
	last = h->n ? &h->sample[h->n - 1] : NULL;
	if (last && last->boot == s.boot && s.uptime_s - last->uptime_s < CAPACITY_SPACING_S) {
		bool changed =
			falls_below(s.saved, last->saved) || falls_below(s.bare, last->bare);

		last->saved = lesser(last->saved, s.saved);
		last->bare = lesser(last->bare, s.bare);
		return changed;
	}
	if (h->n == CAPACITY_SAMPLES_MAX)
		drop_oldest_sample(h);
	h->sample[h->n++] = s;
	return true;
}

/* The time from a to b, which is the next one; -1 where what was between them is not known. */
static int64_t time_between(const struct capacity_sample *a, const struct capacity_sample *b)
{
	int64_t s = a->boot == b->boot ? b->uptime_s - a->uptime_s : b->time_s - a->time_s;

	return s < 0 || s > CAPACITY_GAP_S ? -1 : s;
}

static bool counts(const struct capacity_sample *s)
{
	return s->uptime_s >= CAPACITY_BUILD_UP_S;
}

/* From the highest of the hour before each to what that one has. */
static int64_t largest_fall(const struct capacity_history *h, size_t first)
{
	int64_t fall = 0;

	for (size_t i = first; i < h->n; i++) {
		const struct capacity_sample *s = &h->sample[i];

		for (size_t k = i; k-- > first && counts(s);) {
			const struct capacity_sample *before = &h->sample[k];

			if (before->boot != s->boot || !counts(before) ||
			    s->uptime_s - before->uptime_s > CAPACITY_STORM_S)
				break;
			fall = greater(fall, before->saved - s->saved);
		}
	}
	return fall;
}

void capacity_look_back(const struct capacity_history *h, int64_t window_s,
			struct capacity_past *out)
{
	size_t first = h->n ? h->n - 1 : 0;

	*out = (struct capacity_past){ .samples = h->n ? 1 : 0 };
	if (!h->n)
		return;
	while (first > 0) {
		const struct capacity_sample *a = &h->sample[first - 1], *b = a + 1;
		int64_t s = time_between(a, b);

		if (s < 0 || out->covered_s >= window_s)
			break;
		out->covered_s = lesser(out->covered_s + s, window_s);
		out->restarts += a->boot != b->boot;
		out->samples++;
		first--;
	}
	out->booting = !counts(&h->sample[h->n - 1]);
	out->enough = !out->booting && out->covered_s >= CAPACITY_LEAST_S;
	if (!out->enough)
		return;
	out->held = out->bare = CAPACITY_BYTES_MAX;
	for (size_t i = first; i < h->n; i++) {
		if (!counts(&h->sample[i]))
			continue;
		out->held = lesser(out->held, h->sample[i].saved);
		out->bare = lesser(out->bare, h->sample[i].bare);
	}
	out->fall = largest_fall(h, first);
}

int64_t capacity_room(const struct capacity_past *past, int64_t reserve)
{
	if (!past->enough)
		return 0;
	/* what did not hold cannot be lost once more */
	return greater(0, past->bare + past->held - lesser(within(reserve, 0), past->held));
}

double capacity_held_share(int64_t saved, int64_t held)
{
	if (saved <= 0 || held <= 0)
		return 0;
	return held >= saved ? 1 : (double)held / (double)saved;
}

/* Memory for n more, with the last one just started, and what a storm of all the others would take. */
static double need_of(const struct capacity_image *image, int64_t n, int64_t reserve,
		      bool grows, double saves)
{
	double storm = (double)image->storm + (double)(n - 1) * saves - (double)reserve;

	return (double)(n - 1) * ((double)image->needs - saves) + (double)image->needs +
	       (grows && storm > 0 ? storm : 0);
}

int64_t capacity_fits(const struct capacity_image *image, int64_t room, int64_t reserve,
		      bool grows, double share)
{
	/* kept below what a double and any machine can count */
	int64_t from = 0, to = INT64_C(1) << 32;
	double saves = (double)lesser(image->saves, image->needs) * share;

	if (image->needs <= 0)
		return 0;
	while (from < to) {
		int64_t n = from + (to - from + 1) / 2;

		if (need_of(image, n, reserve, grows, saves) <= (double)room)
			from = n;
		else
			to = n - 1;
	}
	return from;
}
