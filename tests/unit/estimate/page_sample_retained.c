/* SPDX-License-Identifier: Apache-2.0 */
/* Contents that a sample keeps whatever becomes of it, since many pages have them; what that takes of its room. */
#include "estimate/page_sample.h"

#include "check.h"
#include "estimate/sampled.h"

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

int main(void)
{
	RUN(retained);
	RUN(retained_later);
	RUN(room_again);
	RUN(too_many_to_retain);
	RUN(not_retained_any_more);
	return check_end();
}
