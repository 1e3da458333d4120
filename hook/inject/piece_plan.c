/* SPDX-License-Identifier: Apache-2.0 */
/* Which parts of a process hold nothing that is merged. Pure. */
#include "inject/piece_plan.h"

#include <errno.h>
#include <stdlib.h>

/*
 * A run splits its mapping, and two more cost the kernel some 500 bytes: what 8 pages of 64 bytes
 * each do.
 */
#define RUN_PAGES_MIN 9

/* Less is not worth a stop: the cost of 256 pages, 16 KiB. */
#define FREED_MIN 256

#define PIECE_PAGE_MIN UINT64_C(4096)

/* While a process of any size is looked at. */
#define CANDIDATES_MAX ((size_t)16 * PIECE_RUNS_MAX)

static int by_pages_down(const void *a, const void *b)
{
	const struct piece_run *x = a, *y = b;

	if (x->pages != y->pages)
		return x->pages < y->pages ? 1 : -1;
	return (x->start > y->start) - (x->start < y->start);
}

static int by_start(const void *a, const void *b)
{
	const struct piece_run *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

static void keep_longest(struct piece_plan *p, size_t max)
{
	if (!p->run)
		return;
	qsort(p->run, p->n, sizeof(*p->run), by_pages_down);
	p->n = p->n < max ? p->n : max;
	while (p->n && p->run[p->n - 1].pages < RUN_PAGES_MIN)
		p->n--;
	qsort(p->run, p->n, sizeof(*p->run), by_start);
}

static int add_run(struct piece_plan *p, uint64_t start, uint64_t end, uint64_t pages)
{
	struct piece_run *last = p->n ? &p->run[p->n - 1] : NULL;

	if (last && last->end == start) {
		last->end = end;
		last->pages += pages;
		return 0;
	}
	if (p->n == CANDIDATES_MAX)
		keep_longest(p, CANDIDATES_MAX / 2);
	if (!p->run || p->n == p->capacity) {
		size_t capacity = p->capacity ? p->capacity * 2 : 256;
		struct piece_run *more = realloc(p->run, capacity * sizeof(*more));

		if (!more)
			return -ENOMEM;
		p->run = more;
		p->capacity = capacity;
	}
	p->run[p->n++] = (struct piece_run){ start, end, pages };
	return 0;
}

static int end_piece(struct piece_plan *p)
{
	int r = p->at_pages && !p->at_merged ? add_run(p, p->at, p->at_end, p->at_pages) : 0;

	p->at_merged = false;
	p->at_pages = 0;
	return r;
}

/* The piece that an address begins: not before the end of the one before it. */
static int begin_piece(struct piece_plan *p, const struct page *page)
{
	uint64_t size = (page->kind & PAGE_THP) ? PIECE_HUGE_BYTES : PIECE_BYTES;
	uint64_t start = page->addr / size * size;
	int r = end_piece(p);

	p->at = start > p->at_end ? start : p->at_end;
	p->at_end = start + size;
	return r;
}

int piece_plan_add(struct piece_plan *p, const struct page *page, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool zero = page[i].kind & PAGE_ZERO;

		/* a page of zeros that was never written is nothing that ksmd looks at */
		if (zero && !p->zero_pages)
			continue;
		if (page[i].addr >= p->at_end && begin_piece(p, &page[i]) < 0)
			return -ENOMEM;
		p->at_pages++;
		p->pages++;
		if (zero || page[i].kind & PAGE_KSM)
			p->at_merged = true;
	}
	return 0;
}

int piece_plan_choose(struct piece_plan *p, size_t max)
{
	if (end_piece(p) < 0)
		return -ENOMEM;
	keep_longest(p, max);
	return 0;
}

bool piece_plan_is_possible(const struct piece_plan *p)
{
	uint64_t last = 0, pages = 0;

	if (p->n > PIECE_RUNS_MAX)
		return false;
	for (size_t i = 0; i < p->n; i++) {
		const struct piece_run *r = &p->run[i];

		/* pages of 4 KiB at least, and so are the bounds */
		if (r->start < last || r->end <= r->start ||
		    (r->start | r->end) % PIECE_PAGE_MIN ||
		    r->pages > (r->end - r->start) / PIECE_PAGE_MIN)
			return false;
		last = r->end;
		pages += r->pages;
	}
	/* so many pages fit into memory of 2^56 bytes, and no sum overflows */
	return last <= UINT64_C(1) << 56 && pages <= p->pages && p->pages <= UINT64_C(1) << 44;
}

uint64_t piece_plan_freed(const struct piece_plan *p)
{
	uint64_t pages = 0;

	for (size_t i = 0; i < p->n; i++)
		pages += p->run[i].pages;
	return pages;
}

bool piece_plan_pays(const struct piece_plan *p)
{
	uint64_t freed = piece_plan_freed(p);

	return freed >= FREED_MIN && freed * 4 >= p->pages;
}
