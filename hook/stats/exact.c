/* SPDX-License-Identifier: Apache-2.0 */
/* Savings told exactly: every merged page is looked at, where it is used and how often. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "kernel/pagemap.h"
#include "stats/collect.h"

/*
 * A place that uses a merged page; up to Linux 6.17 it may be any anonymous one, since
 * /proc/kpageflags takes all for merged. Those have a frame of their own or one of the family,
 * and so save nothing here.
 */
struct place {
	uint64_t frame, addr;
	size_t family;
};

struct places {
	struct place *p;
	size_t n, room, family;
};

/* Distinct pages of a family, and how much of their frames is its share. */
struct count {
	int64_t distinct;
	double frames;
};

static int add_pages(void *arg, const struct page *page, size_t n)
{
	struct places *all = arg;

	for (size_t i = 0; i < n; i++) {
		if (!(page[i].kind & PAGE_KSM))
			continue;
		if (all->n == all->room) {
			size_t room = all->room ? all->room * 2 : 4096;
			struct place *more = realloc(all->p, room * sizeof(*more));

			if (!more)
				return -ENOMEM;
			all->p = more;
			all->room = room;
		}
		all->p[all->n++] = (struct place){ page[i].frame, page[i].addr, all->family };
	}
	return 0;
}

static int order(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int by_frame(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int r = order(x->frame, y->frame);

	r = r ? r : order(x->family, y->family);
	return r ? r : order(x->addr, y->addr);
}

/* The places of one frame: in a family, the same address means that it may come from fork. */
static void count_frame(const struct place *p, size_t n, struct count *count)
{
	for (size_t i = 0; i < n; i++) {
		struct count *c = &count[p[i].family];

		c->frames += 1.0 / (double)n;
		c->distinct +=
			i == 0 || p[i].family != p[i - 1].family || p[i].addr != p[i - 1].addr;
	}
}

static void count_frames(struct places *all, struct count *count)
{
	if (all->n)
		qsort(all->p, all->n, sizeof(*all->p), by_frame);
	for (size_t i = 0, k; i < all->n; i = k) {
		for (k = i + 1; k < all->n && all->p[k].frame == all->p[i].frame; k++)
			;
		count_frame(&all->p[i], k - i, count);
	}
}

static int walk(struct look_family *family, size_t n, struct places *all)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < family[i].n; k++) {
			struct look_process *p = &family[i].p[k];
			int r;

			if (p->method == KSM_BY_NONE && !p->saving.merged)
				continue;
			all->family = i;
			r = pages_walk(p->pid, PAGES_ALL, add_pages, all);
			if (r < 0 && r != -ESRCH && r != -ENOENT)
				return r;
		}
	}
	return 0;
}

int look_exactly(struct look_family *family, size_t n)
{
	const int64_t page = sysconf(_SC_PAGESIZE);
	struct count *count = calloc(n ? n : 1, sizeof(*count));
	struct saving_process *list = NULL;
	struct places all = { 0 };
	int r = count ? walk(family, n, &all) : -ENOMEM;

	if (r == 0)
		count_frames(&all, count);
	for (size_t i = 0; i < n && r == 0; i++) {
		struct saving_process *more = realloc(list, family[i].n * sizeof(*more));

		if (!more) {
			r = -ENOMEM;
			break;
		}
		list = more;
		for (size_t k = 0; k < family[i].n; k++)
			list[k] = family[i].p[k].saving;
		family[i].saving = saving_exactly(list, family[i].n, count[i].distinct * page,
						  count[i].frames * (double)page);
	}
	free(list);
	free(all.p);
	free(count);
	return r;
}
