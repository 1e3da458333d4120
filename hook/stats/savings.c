/* SPDX-License-Identifier: Apache-2.0 */
/* What merging saves, computed from what processes use now: pure arithmetic, all in bytes. */
#include "stats/savings.h"

static int64_t mapped(const struct process_memory *p)
{
	return p->merged + p->zeros;
}

/* Of a child, no more pages can be its own than it has had page faults. */
static int64_t own_mapped(const struct process_memory *p)
{
	return p->own < 0 ? mapped(p) : lesser(mapped(p), p->own);
}

/*
 * What the merged pages would take unmerged at most: what can be each one's own, and what is
 * common, unless it is among the own pages of one of them, which then is the others' parent.
 */
static int64_t most_unmerged(const struct process_memory *p, size_t n)
{
	int64_t sum = 0, own = 0, common = 0;

	for (size_t i = 0; i < n; i++) {
		sum += own_mapped(&p[i]);
		own = greater(own, own_mapped(&p[i]));
		common = greater(common, mapped(&p[i]) - own_mapped(&p[i]));
	}
	return sum + greater(common - own, 0);
}

static struct saving saving_from(int64_t least_unmerged, int64_t most, int64_t frames)
{
	struct saving s = { greater(least_unmerged - frames, 0), 0 };

	s.most = greater(most - frames, s.least);
	return s;
}

struct saving saving_of_group(const struct process_memory *p, size_t n, double share)
{
	int64_t other = 0, other_max = 0, proportional = 0, merged = 0, least = 0, frames;

	for (size_t i = 0; i < n; i++) {
		int64_t o = greater(p[i].anonymous - p[i].merged, 0);

		other += o;
		other_max = greater(other_max, o);
		proportional += p[i].proportional;
		merged += p[i].merged;
		/* pages of one process have different addresses: none is common with another */
		least = greater(least, mapped(&p[i]));
	}
	/*
	 * Proportional memory is that of merged pages and of others. How much is of others is
	 * bounded by who could share them; for a single process it is known.
	 */
	frames = (int64_t)(share * (double)merged);
	frames = lesser(frames, proportional - other_max);
	frames = greater(frames, proportional - other);
	frames = greater(lesser(frames, merged), 0);
	return saving_from(least, most_unmerged(p, n), frames);
}

struct saving saving_of_group_exactly(const struct process_memory *p, size_t n,
				      int64_t distinct, double frames)
{
	int64_t zeros = 0;

	for (size_t i = 0; i < n; i++)
		zeros = greater(zeros, p[i].zeros);
	return saving_from(distinct + zeros, most_unmerged(p, n), (int64_t)frames);
}
