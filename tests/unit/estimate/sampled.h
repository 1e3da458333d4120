/* SPDX-License-Identifier: Apache-2.0 */
/* A sample of pages that a test makes, and what merging them saves. */
#ifndef KSM_TEST_SAMPLED_H
#define KSM_TEST_SAMPLED_H

#include <stdlib.h>

#include "check.h"
#include "estimate/page_sample.h"

#define ZERO 0x123456789abcdef0ull

static const struct merge_rules plain = { .max_sharing = 256, .zero_hash = ZERO };

/* Hashes as a good hash makes them (splitmix64). */
static inline uint64_t number(uint64_t i)
{
	i += 0x9e3779b97f4a7c15ull * (i + 1);
	i = (i ^ i >> 30) * 0xbf58476d1ce4e5b9ull;
	i = (i ^ i >> 27) * 0x94d049bb133111ebull;
	return i ^ i >> 31;
}

static inline struct page_sample *fresh(size_t room)
{
	struct page_sample *c = page_sample_new(room);

	if (!c)
		abort();
	return c;
}

static inline void add(struct page_sample *c, uint64_t hash, uint32_t owner, size_t frames)
{
	int r = 0;

	while (frames--)
		r |= page_sample_add(c, hash, owner, 1);
	CHECK_INT(r, 0);
}

static inline struct merge_total finish(struct page_sample *c, const struct merge_rules *rules,
					uint32_t owners, struct merge_sum *of)
{
	struct merge_total t;

	page_sample_finish(c, rules, owners, of, &t);
	page_sample_free(c);
	return t;
}

static inline double off(double got, double want)
{
	return got > want ? got - want : want - got;
}

#endif
