/* SPDX-License-Identifier: Apache-2.0 */
/* What merging saves, told from what processes use now: pure arithmetic, all in bytes. */
#include "stats/savings.h"

static int64_t min(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t max(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t places(const struct saving_process *p)
{
	return p->merged + p->zeros;
}

/* Of a child, no more pages can be its own than it has had page faults. */
static int64_t own_places(const struct saving_process *p)
{
	return p->own < 0 ? places(p) : min(places(p), p->own);
}

/*
 * What the merged pages would take unmerged at most: what can be each one's own, and what is
 * common, unless it is among the own pages of one of them, which then is the others' parent.
 */
static int64_t most_unmerged(const struct saving_process *p, size_t n)
{
	int64_t sum = 0, own = 0, common = 0;

	for (size_t i = 0; i < n; i++) {
		sum += own_places(&p[i]);
		own = max(own, own_places(&p[i]));
		common = max(common, places(&p[i]) - own_places(&p[i]));
	}
	return sum + max(common - own, 0);
}

static struct saving from(int64_t least_unmerged, int64_t most, int64_t frames)
{
	struct saving s = { max(least_unmerged - frames, 0), 0 };

	s.most = max(most - frames, s.least);
	return s;
}

struct saving saving_of_family(const struct saving_process *p, size_t n, double share)
{
	int64_t other = 0, other_max = 0, proportional = 0, merged = 0, least = 0, frames;

	for (size_t i = 0; i < n; i++) {
		int64_t o = max(p[i].anonymous - p[i].merged, 0);

		other += o;
		other_max = max(other_max, o);
		proportional += p[i].proportional;
		merged += p[i].merged;
		/* pages of one process have different addresses: none is common with another */
		least = max(least, places(&p[i]));
	}
	/*
	 * Proportional memory is that of merged pages and of others; of the latter only as much
	 * is known as follows from who could share it. For a single process that is all of it.
	 */
	frames = (int64_t)(share * (double)merged);
	frames = min(frames, proportional - other_max);
	frames = max(frames, proportional - other);
	frames = max(min(frames, merged), 0);
	return from(least, most_unmerged(p, n), frames);
}

struct saving saving_exactly(const struct saving_process *p, size_t n, int64_t distinct,
			     double frames)
{
	int64_t zeros = 0;

	for (size_t i = 0; i < n; i++)
		zeros = max(zeros, p[i].zeros);
	return from(distinct + zeros, most_unmerged(p, n), (int64_t)frames);
}
