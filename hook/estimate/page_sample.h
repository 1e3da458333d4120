/* SPDX-License-Identifier: Apache-2.0 */
/* Which pages are equal, told by the hashes of their contents in bounded memory; pure. */
#ifndef KSM_CONTENTS_H
#define KSM_CONTENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Pages have owners. Owner 0 stands for what merging has already, or has been promised: what
 * the others save is what they add to that.
 *
 * Where there are more different contents than room, a sample is kept: those whose hash has a
 * number of trailing zeros, which rises as needed. All pages of a content are in the sample or
 * none is, so how often contents repeat stays what it is. What has many pages when the sample
 * shrinks is kept all the same, and weighs what it weighed before.
 */
struct contents;

/* room: pairs of a content and an owner (24 bytes each); NULL when there is no memory. */
struct contents *contents_new(size_t room);
void contents_free(struct contents *c);

/* A frame of that content, used in so many places. 0 or -ENOMEM. */
int contents_add(struct contents *c, uint64_t hash, uint32_t owner, uint32_t places);

/* How ksmd is set to merge. */
struct contents_rules {
	uint32_t max_sharing; /* places that one kept page can serve */
	bool use_zero_pages;  /* a page of zeros needs no memory at all */
	uint64_t zero_hash;   /* what a page of zeros hashes to */
};

struct contents_sum {
	double saves; /* frames that merging frees; of an owner: its share */
	double alone; /* what it would be if no owner but this one (and 0) took part */
	double equal; /* frames that have an equal one */
};

struct contents_total {
	struct contents_sum sum;
	double zeros; /* of sum.saves, pages of zeros */
	double error; /* standard error of sum.saves; 0: nothing was left out */
	double share; /* of the contents, how many were looked at */
};

/*
 * Add up: of[0] to of[owners - 1], of[0] staying empty, and the total. What merging frees of
 * one content is shared out among its owners by the frames that they have. The contents are
 * not usable any more afterwards.
 */
void contents_finish(struct contents *c, const struct contents_rules *rules, uint32_t owners,
		     struct contents_sum *of, struct contents_total *total);

#endif
