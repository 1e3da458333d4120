/* SPDX-License-Identifier: Apache-2.0 */
/* Which pages are equal, by the hashes of their contents, in bounded memory; pure. */
#ifndef KSM_PAGE_SAMPLE_H
#define KSM_PAGE_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Pages have owners. Owner 0 stands for what merging has already, or has been promised: what
 * the others save is what they add to that.
 *
 * Where there are more different contents than capacity, there is a sample of them: those whose hash has a
 * number of trailing zeros, which rises as needed. All pages of a content are in the sample or
 * none is, so how often contents repeat stays what it is. What has many pages when the sample
 * shrinks is retained all the same, and weighs what it weighed before.
 */
struct page_sample;

/* capacity: pairs of a content and an owner (24 bytes each); NULL when there is no memory. */
struct page_sample *page_sample_new(size_t capacity);
void page_sample_free(struct page_sample *c);

/* A frame of that content, mapped so many times. 0 or -ENOMEM. */
int page_sample_add(struct page_sample *c, uint64_t hash, uint32_t owner, uint32_t mappings);

/* How ksmd is set to merge. */
struct merge_rules {
	uint32_t max_sharing; /* mappings that one shared page can serve */
	bool use_zero_pages;  /* a zero page needs no memory at all */
	uint64_t zero_hash;   /* what a zero page hashes to */
};

struct merge_sum {
	double saves; /* frames that merging frees; of an owner: its share */
	double alone; /* what it would be if no owner but this one (and 0) took part */
	double equal; /* frames that have an equal one */
};

struct merge_total {
	struct merge_sum sum;
	double zeros; /* of sum.saves, zero pages */
	double error; /* standard error of sum.saves; 0: nothing was left out */
	double share; /* the part of the contents that is in the sample */
};

/*
 * Add up: of[0] to of[owners - 1], of[0] staying empty, and the total. What merging frees of
 * one content is shared out among its owners by the frames that they have. The contents are
 * not usable any more afterwards.
 */
void page_sample_finish(struct page_sample *c, const struct merge_rules *rules, uint32_t owners,
			struct merge_sum *of, struct merge_total *total);

#endif
