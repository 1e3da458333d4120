/* SPDX-License-Identifier: Apache-2.0 */
/* Which pages are equal, told by the hashes of their contents in bounded memory; pure. */
#include "estimate/page_sample.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Not an owner: says since which level this content is kept whatever its hash is. */
#define KEPT UINT32_MAX

/*
 * With so many pages, a content is kept when the sample shrinks: by then it is known well,
 * while drawing lots for it would decide the result.
 */
#define MANY 64

#define ROOM_FIRST 4096

/* More would leave nothing in the sample. */
#define LEVEL_MAX 48

struct record {
	uint64_t hash;
	uint32_t owner;
	uint32_t frames; /* 0: the slot is free */
	uint32_t places;
	uint32_t level; /* of a KEPT record */
};

struct contents {
	struct record *slot;
	size_t slots, used, room; /* a power of two; room: the most that slots may be */
	unsigned level;           /* hashes with fewer trailing zeros are left out */
	uint64_t many;
};

static bool passes(uint64_t hash, unsigned level)
{
	return (hash & ((1ull << level) - 1)) == 0;
}

/* The record, or the free slot where it belongs. The low bits are the sample's, not for this. */
static struct record *find(struct record *slot, size_t slots, uint64_t hash, uint32_t owner)
{
	size_t i = (size_t)((hash ^ owner * 0x9e3779b97f4a7c15ull) >> 16) & (slots - 1);

	while (slot[i].frames && (slot[i].hash != hash || slot[i].owner != owner))
		i = (i + 1) & (slots - 1);
	return &slot[i];
}

struct contents *contents_new(size_t room)
{
	struct contents *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->many = MANY;
	c->room = 2;
	while (c->room * 2 <= room)
		c->room *= 2;
	c->slots = c->room < ROOM_FIRST ? c->room : ROOM_FIRST;
	c->slot = calloc(c->slots, sizeof(*c->slot));
	if (!c->slot) {
		free(c);
		return NULL;
	}
	return c;
}

void contents_free(struct contents *c)
{
	if (c)
		free(c->slot);
	free(c);
}

static int by_hash(const void *a, const void *b)
{
	const struct record *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return (x->owner > y->owner) - (x->owner < y->owner);
}

/* All records in front, those of one content next to each other. Lookups end here. */
static void sort(struct contents *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->slots; i++) {
		if (c->slot[i].frames)
			c->slot[n++] = c->slot[i];
	}
	c->used = n;
	qsort(c->slot, n, sizeof(*c->slot), by_hash);
}

/* Of sorted records: the end of the content that begins at i. A KEPT record is its last. */
static size_t group_end(const struct contents *c, size_t i)
{
	size_t k = i + 1;

	while (k < c->used && c->slot[k].hash == c->slot[i].hash)
		k++;
	return k;
}

static int rebuild(struct contents *c, const struct record *from, size_t n, size_t slots)
{
	struct record *slot = calloc(slots, sizeof(*slot));

	if (!slot)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		if (from[i].frames)
			*find(slot, slots, from[i].hash, from[i].owner) = from[i];
	}
	free(c->slot);
	c->slot = slot;
	c->slots = slots;
	return 0;
}

/*
 * Halve the sample, but keep what has many pages with the weight it has now, which takes an
 * extra record.
 */
static void thin_out(struct contents *c, struct record *extra, size_t extra_room,
		     size_t *extra_used)
{
	size_t kept = 0;

	sort(c);
	for (size_t i = 0, end; i < c->used; i = end) {
		bool has_mark, keep;
		uint64_t frames = 0;

		end = group_end(c, i);
		has_mark = c->slot[end - 1].owner == KEPT;
		for (size_t k = i; k < end - has_mark; k++)
			frames += c->slot[k].frames;
		keep = frames >= c->many && (has_mark || *extra_used < extra_room);
		if (keep && !has_mark)
			extra[(*extra_used)++] = (struct record){
				.hash = c->slot[i].hash,
				.owner = KEPT,
				.frames = 1,
				.level = c->level,
			};
		if (!keep && !passes(c->slot[i].hash, c->level + 1))
			continue;
		memmove(&c->slot[kept], &c->slot[i],
			(end - i - (has_mark && !keep)) * sizeof(*c->slot));
		kept += end - i - (has_mark && !keep);
	}
	c->used = kept;
	c->level++;
}

static int make_room(struct contents *c)
{
	struct record *extra;

	if (c->slots < c->room)
		return rebuild(c, c->slot, c->slots, c->slots * 2);
	extra = malloc(c->slots / 8 * sizeof(*extra) + 1);
	if (!extra)
		return -ENOMEM;
	do {
		size_t room = c->slots - c->used - 1, extra_used = 0;

		thin_out(c, extra, room < c->slots / 8 ? room : c->slots / 8, &extra_used);
		memcpy(&c->slot[c->used], extra, extra_used * sizeof(*extra));
		c->used += extra_used;
		memset(&c->slot[c->used], 0, (c->slots - c->used) * sizeof(*c->slot));
		/* what has many pages may have as many owners */
		if (c->used > c->room / 2)
			c->many *= 2;
	} while (c->used > c->room / 2 && c->level < LEVEL_MAX);
	free(extra);
	return c->used > c->room / 2 ? -ENOMEM : rebuild(c, c->slot, c->used, c->slots);
}

int contents_add(struct contents *c, uint64_t hash, uint32_t owner, uint32_t places)
{
	struct record *rec;

	/* one of eight free keeps the ways short */
	if (c->used >= c->slots / 8 * 7 || c->used + 1 >= c->slots) {
		int r = make_room(c);

		if (r < 0)
			return r;
	}
	if (!passes(hash, c->level) && !find(c->slot, c->slots, hash, KEPT)->frames)
		return 0;
	rec = find(c->slot, c->slots, hash, owner);
	if (!rec->frames) {
		rec->hash = hash;
		rec->owner = owner;
		c->used++;
	}
	if (rec->frames < UINT32_MAX)
		rec->frames++;
	rec->places = rec->places > UINT32_MAX - places ? UINT32_MAX : rec->places + places;
	return 0;
}

/* Frames that are left of so many equal ones. */
static double left(double frames, double places, bool zero, const struct contents_rules *rules)
{
	double kept;

	if (frames < 1 || (zero && rules->use_zero_pages))
		return 0;
	/* alone, it is left as it is, however many places use it */
	if (frames < 2 || places <= rules->max_sharing)
		return 1;
	kept = (double)(uint64_t)(places / rules->max_sharing);
	return kept * rules->max_sharing < places ? kept + 1 : kept;
}

static void add_content(const struct record *r, size_t n, double weight,
			const struct contents_rules *rules, struct contents_sum *of,
			struct contents_total *total)
{
	bool zero = r->hash == rules->zero_hash;
	double frames0 = 0, places0 = 0, frames = 0, places = 0, before, saves;

	for (size_t i = 0; i < n; i++) {
		*(r[i].owner ? &frames : &frames0) += r[i].frames;
		*(r[i].owner ? &places : &places0) += r[i].places;
	}
	if (frames < 1)
		return;
	before = frames0 - left(frames0, places0, zero, rules);
	saves = frames + frames0 - left(frames + frames0, places + places0, zero, rules) -
		before;
	for (size_t i = 0; i < n; i++) {
		struct contents_sum *s = &of[r[i].owner];
		double f = r[i].frames;

		if (!r[i].owner)
			continue;
		s->saves += weight * saves * f / frames;
		s->alone += weight *
			    (f + frames0 -
			     left(f + frames0, r[i].places + places0, zero, rules) - before);
		if (frames + frames0 > 1)
			s->equal += weight * f;
	}
	total->sum.saves += weight * saves;
	if (frames + frames0 > 1)
		total->sum.equal += weight * frames;
	if (zero)
		total->zeros += weight * saves;
	/* the variance, for now: each content was in the sample with the chance 1 / weight */
	total->error += weight * (weight - 1) * saves * saves;
}

static double root(double x)
{
	double y = x > 1 ? x : 1;

	/* Newton's way; libm would be a library more to link */
	for (double last = 0; y != last && x > 0 && (last == 0 || y < last);) {
		last = y;
		y = (y + x / y) / 2;
	}
	return x > 0 ? y : 0;
}

void contents_finish(struct contents *c, const struct contents_rules *rules, uint32_t owners,
		     struct contents_sum *of, struct contents_total *total)
{
	memset(of, 0, owners * sizeof(*of));
	*total = (struct contents_total){ .share = 1.0 / (double)(1ull << c->level) };
	sort(c);
	for (size_t i = 0, end; i < c->used; i = end) {
		bool has_mark;
		unsigned level;

		end = group_end(c, i);
		has_mark = c->slot[end - 1].owner == KEPT;
		level = has_mark ? c->slot[end - 1].level : c->level;
		add_content(&c->slot[i], end - i - has_mark, (double)(1ull << level), rules, of,
			    total);
	}
	for (uint32_t i = 0; i < owners; i++)
		total->sum.alone += of[i].alone;
	total->error = root(total->error);
}
