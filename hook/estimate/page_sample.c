/* SPDX-License-Identifier: Apache-2.0 */
/* Which pages are equal, by the hashes of their contents, in bounded memory; pure. */
#include "estimate/page_sample.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Not an owner: says since which level this content is retained, whatever its hash is. */
#define RETAINED UINT32_MAX

/*
 * With so many pages, a content is retained when the sample shrinks: by then it is known well,
 * while drawing lots for it would decide the result.
 */
#define MANY 64

#define SLOTS_FIRST 4096

/* More would leave nothing in the sample. */
#define LEVEL_MAX 48

struct content_count {
	uint64_t hash;
	uint32_t owner;
	uint32_t frames; /* 0: the slot is free */
	uint32_t mappings;
	uint32_t level; /* of a RETAINED count */
};

struct page_sample {
	struct content_count *slot;
	size_t slots, used, slots_max; /* a power of two, and the most that it may become */
	unsigned level;                /* hashes with fewer trailing zeros are left out */
	uint64_t many;
};

static bool in_sample(uint64_t hash, unsigned level)
{
	return (hash & ((1ull << level) - 1)) == 0;
}

/* The count, or the free slot where it belongs. The low bits are the sample's, not for this. */
static struct content_count *find_count(struct content_count *slot, size_t slots, uint64_t hash,
					uint32_t owner)
{
	size_t i = (size_t)((hash ^ owner * 0x9e3779b97f4a7c15ull) >> 16) & (slots - 1);

	while (slot[i].frames && (slot[i].hash != hash || slot[i].owner != owner))
		i = (i + 1) & (slots - 1);
	return &slot[i];
}

struct page_sample *page_sample_new(size_t capacity)
{
	struct page_sample *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->many = MANY;
	c->slots_max = 2;
	while (c->slots_max * 2 <= capacity)
		c->slots_max *= 2;
	c->slots = c->slots_max < SLOTS_FIRST ? c->slots_max : SLOTS_FIRST;
	c->slot = calloc(c->slots, sizeof(*c->slot));
	if (!c->slot) {
		free(c);
		return NULL;
	}
	return c;
}

void page_sample_free(struct page_sample *c)
{
	if (c)
		free(c->slot);
	free(c);
}

static int by_hash(const void *a, const void *b)
{
	const struct content_count *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return (x->owner > y->owner) - (x->owner < y->owner);
}

/* All counts in front, those of one content next to each other. Lookups end here. */
static void sort_by_content(struct page_sample *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->slots; i++) {
		if (c->slot[i].frames)
			c->slot[n++] = c->slot[i];
	}
	c->used = n;
	qsort(c->slot, n, sizeof(*c->slot), by_hash);
}

/* Of sorted counts: the end of the content that begins at i. A RETAINED one is its last. */
static size_t group_end(const struct page_sample *c, size_t i)
{
	size_t k = i + 1;

	while (k < c->used && c->slot[k].hash == c->slot[i].hash)
		k++;
	return k;
}

static int rebuild(struct page_sample *c, const struct content_count *from, size_t n,
		   size_t slots)
{
	struct content_count *slot = calloc(slots, sizeof(*slot));

	if (!slot)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		if (from[i].frames)
			*find_count(slot, slots, from[i].hash, from[i].owner) = from[i];
	}
	free(c->slot);
	c->slot = slot;
	c->slots = slots;
	return 0;
}

/*
 * Halve the sample, but keep what has many pages with the weight it has now, which takes an
 * extra count.
 */
static void thin_out(struct page_sample *c, struct content_count *extra, size_t extra_max,
		     size_t *extra_used)
{
	size_t kept = 0;

	sort_by_content(c);
	for (size_t i = 0, end; i < c->used; i = end) {
		bool is_retained, keep;
		uint64_t frames = 0;

		end = group_end(c, i);
		is_retained = c->slot[end - 1].owner == RETAINED;
		for (size_t k = i; k < end - is_retained; k++)
			frames += c->slot[k].frames;
		keep = frames >= c->many && (is_retained || *extra_used < extra_max);
		if (keep && !is_retained)
			extra[(*extra_used)++] = (struct content_count){
				.hash = c->slot[i].hash,
				.owner = RETAINED,
				.frames = 1,
				.level = c->level,
			};
		if (!keep && !in_sample(c->slot[i].hash, c->level + 1))
			continue;
		memmove(&c->slot[kept], &c->slot[i],
			(end - i - (is_retained && !keep)) * sizeof(*c->slot));
		kept += end - i - (is_retained && !keep);
	}
	c->used = kept;
	c->level++;
}

static int make_space(struct page_sample *c)
{
	struct content_count *extra;

	if (c->slots < c->slots_max)
		return rebuild(c, c->slot, c->slots, c->slots * 2);
	extra = malloc(c->slots / 8 * sizeof(*extra) + 1);
	if (!extra)
		return -ENOMEM;
	do {
		size_t space = c->slots - c->used - 1, extra_used = 0;

		thin_out(c, extra, space < c->slots / 8 ? space : c->slots / 8, &extra_used);
		memcpy(&c->slot[c->used], extra, extra_used * sizeof(*extra));
		c->used += extra_used;
		memset(&c->slot[c->used], 0, (c->slots - c->used) * sizeof(*c->slot));
		/* what has many pages may have as many owners */
		if (c->used > c->slots_max / 2)
			c->many *= 2;
	} while (c->used > c->slots_max / 2 && c->level < LEVEL_MAX);
	free(extra);
	return c->used > c->slots_max / 2 ? -ENOMEM : rebuild(c, c->slot, c->used, c->slots);
}

int page_sample_add(struct page_sample *c, uint64_t hash, uint32_t owner, uint32_t mappings)
{
	struct content_count *rec;

	/* one of eight free keeps the ways short */
	if (c->used >= c->slots / 8 * 7 || c->used + 1 >= c->slots) {
		int r = make_space(c);

		if (r < 0)
			return r;
	}
	if (!in_sample(hash, c->level) &&
	    !find_count(c->slot, c->slots, hash, RETAINED)->frames)
		return 0;
	rec = find_count(c->slot, c->slots, hash, owner);
	if (!rec->frames) {
		rec->hash = hash;
		rec->owner = owner;
		c->used++;
	}
	if (rec->frames < UINT32_MAX)
		rec->frames++;
	rec->mappings =
		rec->mappings > UINT32_MAX - mappings ? UINT32_MAX : rec->mappings + mappings;
	return 0;
}

/* Frames that are left of so many equal ones. */
static double frames_left(double frames, double mappings, bool zero,
			  const struct merge_rules *rules)
{
	double pages;

	if (frames < 1 || (zero && rules->use_zero_pages))
		return 0;
	/* alone, it is left as it is, however many mappings use it */
	if (frames < 2 || mappings <= rules->max_sharing)
		return 1;
	pages = (double)(uint64_t)(mappings / rules->max_sharing);
	return pages * rules->max_sharing < mappings ? pages + 1 : pages;
}

static void add_content(const struct content_count *r, size_t n, double weight,
			const struct merge_rules *rules, struct merge_sum *of,
			struct merge_total *total)
{
	bool zero = r->hash == rules->zero_hash;
	double frames0 = 0, mappings0 = 0, frames = 0, mappings = 0, before, saves;

	for (size_t i = 0; i < n; i++) {
		*(r[i].owner ? &frames : &frames0) += r[i].frames;
		*(r[i].owner ? &mappings : &mappings0) += r[i].mappings;
	}
	if (frames < 1)
		return;
	before = frames0 - frames_left(frames0, mappings0, zero, rules);
	saves = frames + frames0 -
		frames_left(frames + frames0, mappings + mappings0, zero, rules) - before;
	for (size_t i = 0; i < n; i++) {
		struct merge_sum *s = &of[r[i].owner];
		double f = r[i].frames;

		if (!r[i].owner)
			continue;
		s->saves += weight * saves * f / frames;
		s->alone += weight *
			    (f + frames0 -
			     frames_left(f + frames0, r[i].mappings + mappings0, zero, rules) -
			     before);
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

static double square_root(double x)
{
	double y = x > 1 ? x : 1;

	/* Newton's way; libm would be a library more to link */
	for (double last = 0; y != last && x > 0 && (last == 0 || y < last);) {
		last = y;
		y = (y + x / y) / 2;
	}
	return x > 0 ? y : 0;
}

void page_sample_finish(struct page_sample *c, const struct merge_rules *rules, uint32_t owners,
			struct merge_sum *of, struct merge_total *total)
{
	memset(of, 0, owners * sizeof(*of));
	*total = (struct merge_total){ .share = 1.0 / (double)(1ull << c->level) };
	sort_by_content(c);
	for (size_t i = 0, end; i < c->used; i = end) {
		bool is_retained;
		unsigned level;

		end = group_end(c, i);
		is_retained = c->slot[end - 1].owner == RETAINED;
		level = is_retained ? c->slot[end - 1].level : c->level;
		add_content(&c->slot[i], end - i - is_retained, (double)(1ull << level), rules,
			    of, total);
	}
	for (uint32_t i = 0; i < owners; i++)
		total->sum.alone += of[i].alone;
	total->error = square_root(total->error);
}
