/* SPDX-License-Identifier: Apache-2.0 */
/* What merging saves of known sets of pages: the rules, and that a sample tells the same. */
#include "estimate/page_sample.h"

#include <errno.h>
#include <stdlib.h>

#include "check.h"
#include "estimate/sampled.h"

static const struct merge_rules zeros = { .max_sharing = 256,
					  .zero_hash = ZERO,
					  .use_zero_pages = true };

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
	RUN(bounds);
	return check_end();
}
