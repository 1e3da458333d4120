/* SPDX-License-Identifier: Apache-2.0 */
/* madvise mode: what lies where, as the last look at maps found it. */
#include "preload.h"

#define MAX_KNOWN 1024

/*
 * Sorted. Others read it while it is filled or replaced, so a reader may see a mixture: at
 * worst it takes a range for known or unknown wrongly once. Indexes never leave the arrays.
 */
struct known {
	unsigned n;
	struct known_range range[MAX_KNOWN];
};

static struct known known[2];
static unsigned current;

void known_begin(void)
{
	store(&known[!current].n, 0);
}

void known_add(uintptr_t lo, uintptr_t hi, enum known_state state)
{
	struct known *k = &known[!current];

	if (k->n >= MAX_KNOWN)
		return;
	store(&k->range[k->n].lo, lo);
	store(&k->range[k->n].hi, hi);
	store(&k->range[k->n].state, state);
	store(&k->n, k->n + 1);
}

void known_end(void)
{
	store(&current, !current);
}

void known_forget(void)
{
	store(&known[current].n, 0);
}

int known_is_full(void)
{
	return load(&known[load(&current)].n) >= MAX_KNOWN;
}

const struct known_range *known_find(uintptr_t addr)
{
	const struct known *k = &known[load(&current)];
	unsigned lo = 0, hi = load(&k->n);

	while (lo < hi) {
		unsigned mid = (lo + hi) / 2;

		if (addr < load(&k->range[mid].lo))
			hi = mid;
		else if (addr >= load(&k->range[mid].hi))
			lo = mid + 1;
		else
			return &k->range[mid];
	}
	return NULL;
}

int known_is_mergeable(uintptr_t addr)
{
	const struct known_range *range = known_find(addr);

	return range && load(&range->state) == KNOWN_MERGEABLE;
}
