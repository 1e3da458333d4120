/* SPDX-License-Identifier: Apache-2.0 */
/* What merging saves of known sets of pages: the rules, and that a sample tells the same. */
#include "estimate/page_sample.h"

#include <errno.h>
#include <stdlib.h>

#include "check.h"

#define ZERO 0x123456789abcdef0ull

static const struct merge_rules plain = { .max_sharing = 256, .zero_hash = ZERO };
static const struct merge_rules zeros = { .max_sharing = 256,
					  .zero_hash = ZERO,
					  .use_zero_pages = true };

/* Hashes as a good hash makes them (splitmix64). */
static uint64_t number(uint64_t i)
{
	i += 0x9e3779b97f4a7c15ull * (i + 1);
	i = (i ^ i >> 30) * 0xbf58476d1ce4e5b9ull;
	i = (i ^ i >> 27) * 0x94d049bb133111ebull;
	return i ^ i >> 31;
}

static struct page_sample *fresh(size_t room)
{
	struct page_sample *c = page_sample_new(room);

	if (!c)
		abort();
	return c;
}

static void add(struct page_sample *c, uint64_t hash, uint32_t owner, size_t frames)
{
	int r = 0;

	while (frames--)
		r |= page_sample_add(c, hash, owner, 1);
	CHECK_INT(r, 0);
}

static struct merge_total finish(struct page_sample *c, const struct merge_rules *rules,
				 uint32_t owners, struct merge_sum *of)
{
	struct merge_total t;

	page_sample_finish(c, rules, owners, of, &t);
	page_sample_free(c);
	return t;
}

static void owners(void)
{
	struct page_sample *c = fresh(1000);
	struct merge_sum of[4];
	struct merge_total t;

	add(c, 1, 1, 3); /* three equal ones of 1, one of 2: three of four go */
	add(c, 1, 2, 1);
	add(c, 2, 1, 1); /* single */
	add(c, 3, 3, 1); /* equal to what is merged already: all goes */
	add(c, 3, 0, 1);
	add(c, 4, 0, 5); /* nobody's that is asked for */
	t = finish(c, &plain, 4, of);
	CHECK_INT(t.sum.saves * 100, 400);
	CHECK_INT(t.sum.equal, 5);
	CHECK_INT(of[0].saves, 0);
	CHECK_INT(of[1].saves * 100, 225);
	CHECK_INT(of[1].alone, 2);
	CHECK_INT(of[1].equal, 3);
	CHECK_INT(of[2].saves * 100, 75);
	CHECK_INT(of[2].alone, 0);
	CHECK_INT(of[3].saves, 1);
	CHECK_INT(of[3].alone, 1);
	CHECK_INT(of[3].equal, 1);
	CHECK_INT(t.sum.alone, 3);
	CHECK(t.share >= 1 && t.error <= 0);
}

/* A zero page: one like others, unless the kernel is told to need none. */
static void zero_pages(void)
{
	struct merge_sum of[3];
	struct merge_total t;

	for (int use = 0; use < 2; use++) {
		struct page_sample *c = fresh(1000);

		add(c, ZERO, 1, 10);
		add(c, 5, 1, 10);
		t = finish(c, use ? &zeros : &plain, 2, of);
		CHECK_INT(t.sum.saves, use ? 19 : 18);
		CHECK_INT(t.zeros, use ? 10 : 9);
		c = fresh(1000);
		add(c, ZERO, 1, 1);
		t = finish(c, use ? &zeros : &plain, 2, of);
		CHECK_INT(t.sum.saves, use);
	}
}

/* max_page_sharing: one kept page serves so many places, and a fork has more of them. */
static void sharing(void)
{
	struct merge_sum of[3];
	struct page_sample *c = fresh(1000);

	add(c, 1, 1, 256);
	add(c, 2, 1, 257);
	add(c, 3, 1, 1024);
	CHECK_INT(finish(c, &plain, 2, of).sum.saves, 255 + 255 + 1020);

	c = fresh(1000);
	CHECK_INT(page_sample_add(c, 1, 1, 1000),
		  0);                                /* forked, but like no other: left alone */
	CHECK_INT(page_sample_add(c, 2, 1, 600), 0); /* four kept pages for five frames */
	CHECK_INT(page_sample_add(c, 2, 1, 300), 0);
	add(c, 2, 1, 3);
	CHECK_INT(finish(c, &plain, 2, of).sum.saves, 1);

	/* two frames of a fork each: four kept pages are needed, so it costs two */
	c = fresh(1000);
	CHECK_INT(page_sample_add(c, 1, 1, 400), 0);
	CHECK_INT(page_sample_add(c, 1, 1, 400), 0);
	CHECK_INT(finish(c, &plain, 2, of).sum.saves, -2);

	/* beside pages that are merged already, and full */
	c = fresh(1000);
	CHECK_INT(page_sample_add(c, 1, 0, 250), 0);
	CHECK_INT(page_sample_add(c, 1, 1, 100), 0);
	CHECK_INT(page_sample_add(c, 1, 1, 100), 0);
	CHECK_INT(finish(c, &plain, 2, of).sum.saves, 1);
	CHECK_INT(of[1].alone, 1);

	c = fresh(1000);
	add(c, 1, 0, 250); /* of a full one, the next begins a new one */
	add(c, 1, 1, 6);
	add(c, 2, 0, 250);
	add(c, 2, 1, 7);
	CHECK_INT(finish(c, &plain, 2, of).sum.saves, 6 + 6);
}

/* Many contents, with all kinds of numbers of pages, in a table of this room. */
static struct merge_total many(size_t room, size_t contents, uint64_t seed,
			       struct merge_sum *of, double *want)
{
	struct page_sample *c = fresh(room);
	int r = 0;

	*want = 0;
	/* over and over, as containers come one after the other */
	for (uint32_t owner = 1; owner <= 4; owner++) {
		for (size_t i = 0; i < contents; i++) {
			if (owner == 1 || i % 4 == 0)
				r |= page_sample_add(c, number(seed + i), owner, 1);
			if (owner > 1 && i % 4 == 0)
				*want += 1;
			/* one content that is a fifth of all */
			if (i % 5 == 0) {
				r |= page_sample_add(c, number(seed - 1), owner, 1);
				*want += 1;
			}
		}
	}
	CHECK_INT(r, 0);
	*want -= 1;
	return finish(c, &zeros, 5, of);
}

static double off(double got, double want)
{
	return got > want ? got - want : want - got;
}

static void sample(void)
{
	struct merge_sum of[5];
	struct merge_total t;
	double want, sum_off = 0;
	int beyond = 0;

	t = many(1 << 20, 20000, 7, of, &want);
	CHECK(t.share >= 1);
	/* of the large one, every 256th stays */
	CHECK(off(t.sum.saves, want) < want / 200);

	for (uint64_t run = 0; run < 20; run++) {
		double exact = t.sum.saves, d;
		struct merge_total s = many(1 << 12, 20000, 1000000 * (run + 1), of, &want);

		CHECK(s.share <= 0.125);
		CHECK(s.error > 0);
		d = s.sum.saves - exact;
		sum_off += d / exact;
		beyond += off(s.sum.saves, exact) > 2 * s.error;
		CHECK(off(s.sum.saves, exact) < 5 * s.error);
		/* what is a third of all is not left to chance */
		CHECK(off(s.sum.saves, exact) < exact / 6);
		CHECK(off(of[1].saves + of[2].saves + of[3].saves + of[4].saves, s.sum.saves) <
		      1);
	}
	/* about one in twenty is further away; on the average it is right */
	CHECK(beyond <= 4);
	CHECK(off(sum_off / 20, 0) < 0.03);
}

/* Nothing is lost while the table grows, up to where it may: seven of eight used. */
static void growth(void)
{
	struct page_sample *c = fresh(1 << 16);
	struct merge_sum of[2];
	struct merge_total t;
	int r = 0;

	for (uint64_t i = 0; i < UINT64_C(2) * 57343; i++)
		r |= page_sample_add(c, number(i % 57343), 1, 1);
	CHECK_INT(r, 0);
	t = finish(c, &plain, 2, of);
	CHECK(t.share >= 1);
	CHECK_INT(t.sum.saves, 57343);
}

/* Of pairs in a sample: the standard deviation of a count, each in it by a chance that is known. */
static void error_of_pairs(void)
{
	struct page_sample *c = fresh(1 << 10);
	struct merge_sum of[2];
	struct merge_total t;
	double weight, variance;
	int r = 0;

	for (uint64_t i = 0; i < 12000; i++)
		r |= page_sample_add(c, number(i / 2), 1, 1);
	CHECK_INT(r, 0);
	t = finish(c, &plain, 2, of);
	weight = 1 / t.share;
	CHECK(weight >= 8 && weight <= 64);
	variance = t.sum.saves * (weight - 1);
	CHECK(off(t.error * t.error, variance) < variance / 1e6);
}

/*
 * Of 64 equal pages all are counted, whatever becomes of the sample, of 63 it is chance: these
 * hashes are in no sample. The first and the last by their order, and of several owners.
 */
static void retained(void)
{
	static const uint64_t first = 1, few = 3, last = UINT64_MAX;

	for (size_t contents = 1000; contents <= 64000; contents *= 4) {
		struct page_sample *c = fresh(1024);
		struct merge_sum of[4];
		struct merge_total t;
		int r = 0;

		add(c, first, 1, 63);
		add(c, first, 2, 1);
		add(c, few, 1, 63);
		add(c, last, 2, 32);
		add(c, last, 3, 32);
		for (uint64_t i = 0; i < contents; i++)
			r |= page_sample_add(c, number(i), 1, 1);
		/* and of those that come later */
		add(c, first, 2, 9);
		add(c, last, 3, 4);
		add(c, few, 3, 5);
		CHECK_INT(r, 0);
		t = finish(c, &plain, 4, of);
		CHECK(t.share < 1);
		CHECK_INT(t.sum.saves, 72 + 67);
		CHECK_INT(t.sum.equal, 73 + 68);
		CHECK(off(of[1].saves + of[2].saves + of[3].saves, 72 + 67) < 1e-6);
		CHECK(off(of[1].saves, 72.0 * 63 / 73) < 1e-6);
		CHECK(off(of[3].saves, 67.0 * 36 / 68) < 1e-6);
	}
}

/* What was retained once stays so, with its weight, however often the sample shrinks. */
static void retained_later(void)
{
	struct page_sample *c = fresh(1024);
	struct merge_sum of[3];
	struct merge_total t;
	uint64_t hash = number(1) & ~UINT64_C(3);
	double weight;
	int r = 0;

	/* a sample of every second, in which this one is; then enough of it to be retained */
	hash |= 2;
	for (uint64_t i = 0; i < 1000; i++)
		r |= page_sample_add(c, number(i), 1, 1);
	add(c, hash, 1, 64);
	for (uint64_t i = 1000; i < 30000; i++)
		r |= page_sample_add(c, number(i), 1, 1);
	add(c, hash, 2, 36);
	CHECK_INT(r, 0);
	t = finish(c, &plain, 3, of);
	weight = t.sum.saves / 99;
	CHECK(weight == 2);
	CHECK_INT(t.sum.equal, 200);
	CHECK(off(of[2].saves, 2 * 99 * 0.36) < 1e-6);
}

/* Contents of which there is one page each, in a sample of every fourth, or of every second, or of none. */
static void add_each(struct page_sample *c, uint64_t from, uint64_t step, size_t n)
{
	for (uint64_t i = 0; i < n; i++)
		add(c, from + i * step, 1, 1);
}

/*
 * A table of 64, of which 56 are used, is thinned out twice at once: then there is room for as many as
 * before, and what was left out takes none of it.
 */
static void room_again(void)
{
	for (size_t more = 35; more <= 37; more++) {
		struct page_sample *c = fresh(64);
		struct merge_sum of[2];
		struct merge_total t;

		add_each(c, 1, 2, 16);
		add_each(c, 1002, 4, 20);
		add_each(c, 100000, 4, 20);
		/* this one does not fit any more; it would have been in the sample */
		add(c, 200000, 1, 1);
		add_each(c, 300000, 4, more);
		t = finish(c, &plain, 2, of);
		CHECK_INT(t.share * 8, more <= 35 ? 2 : 1);
		CHECK_INT(t.sum.saves, 0);
	}
}

/* More contents with many pages than are retained at once: for those it is chance, as for all others. */
static void too_many_to_retain(void)
{
	struct page_sample *c = fresh(64);
	struct merge_sum of[2];
	struct merge_total t;

	/* in no sample: what is not retained is gone */
	for (uint64_t i = 0; i < 20; i++)
		add(c, 2 * i + 1, 1, 300);
	add_each(c, 1000, 2, 40);
	t = finish(c, &plain, 2, of);
	CHECK_INT(t.share * 8, 2);
	CHECK_INT(t.sum.saves, 7LL * 298);
	CHECK_INT(t.sum.equal, 7LL * 300);
}

/*
 * How many pages are many is doubled where that leaves no room: what was retained by 64 of them is then drawn
 * by lots like all others, and its mark takes no room.
 */
static void not_retained_any_more(void)
{
	for (size_t more = 53; more <= 55; more++) {
		struct page_sample *c = fresh(64);
		struct merge_sum of[41];
		struct merge_total t;

		add(c, 1 << 20, 1, 64);
		/* 80 pages of 40 owners, in no sample */
		for (uint32_t owner = 1; owner <= 40; owner++)
			add(c, 7, owner, 2);
		add_each(c, 101, 2, 15);
		/* this is where it is thinned out, by half and by half again */
		add(c, 1 << 21, 1, 1);
		add_each(c, 1 << 22, 4, more);
		t = finish(c, &plain, 41, of);
		CHECK_INT(t.share * 8, more <= 54 ? 2 : 1);
		CHECK_INT(t.sum.saves, 63LL * (more <= 54 ? 4 : 8));
	}
}

/* Any number of owners and contents fits, or is refused. */
static void bounds(void)
{
	struct page_sample *c = fresh(64);
	struct merge_sum *of = calloc(100001, sizeof(*of));
	struct merge_total t;
	int r = 0;

	for (uint32_t i = 0; i < 100000; i++)
		r |= page_sample_add(c, number(i), i % 3, 1);
	CHECK_INT(r, 0);
	t = finish(c, &plain, 3, of);
	CHECK(t.share < 0.01);

	c = fresh(64);
	for (uint32_t i = 0; i < 100000 && r == 0; i++)
		r = page_sample_add(c, number(i % 7), i % 100000 + 1, 1);
	CHECK(r == 0 || r == -ENOMEM);
	finish(c, &plain, 100001, of);
	/* one content, in each sample, of more owners than there is room for */
	c = fresh(64);
	for (uint32_t i = 0; i < 57; i++)
		CHECK_INT(page_sample_add(c, UINT64_C(1) << 60, i + 1, 1),
			  i < 56 ? 0 : -ENOMEM);
	page_sample_free(c);
	free(of);
}

int main(void)
{
	RUN(owners);
	RUN(zero_pages);
	RUN(sharing);
	RUN(sample);
	RUN(growth);
	RUN(error_of_pairs);
	RUN(retained);
	RUN(retained_later);
	RUN(room_again);
	RUN(too_many_to_retain);
	RUN(not_retained_any_more);
	RUN(bounds);
	return check_end();
}
