/* SPDX-License-Identifier: Apache-2.0 */
/* Exact savings: for every merged page, where it is mapped and how often. */
#include "stats/exact.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "kernel/pagemap.h"

/*
 * A mapping of a merged page. Up to Linux 6.17 it may be of any anonymous page, since
 * /proc/kpageflags takes all for merged; those have a frame of their own or one of their fork
 * group, and so save nothing here.
 */
struct page_mapping {
	uint64_t frame, addr;
	size_t group;
};

struct page_mappings {
	struct page_mapping *m;
	size_t n, capacity, group;
};

/* Distinct pages of a fork group, and how much of their frames is its share. */
struct page_count {
	int64_t distinct;
	double frames;
};

static int add_mappings(void *arg, const struct page *page, size_t n)
{
	struct page_mappings *all = arg;

	for (size_t i = 0; i < n; i++) {
		if (!(page[i].kind & PAGE_KSM))
			continue;
		if (all->n == all->capacity) {
			size_t capacity = all->capacity ? all->capacity * 2 : 4096;
			struct page_mapping *more = realloc(all->m, capacity * sizeof(*more));

			if (!more)
				return -ENOMEM;
			all->m = more;
			all->capacity = capacity;
		}
		all->m[all->n++] =
			(struct page_mapping){ page[i].frame, page[i].addr, all->group };
	}
	return 0;
}

static int compare_keys(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int by_frame(const void *a, const void *b)
{
	const struct page_mapping *x = a, *y = b;
	int r = compare_keys(x->frame, y->frame);

	r = r ? r : compare_keys(x->group, y->group);
	return r ? r : compare_keys(x->addr, y->addr);
}

/* The mappings of one frame: in a fork group, equal addresses mean that it may come from fork. */
static void count_frame(const struct page_mapping *m, size_t n, struct page_count *count)
{
	for (size_t i = 0; i < n; i++) {
		struct page_count *c = &count[m[i].group];

		c->frames += 1.0 / (double)n;
		c->distinct +=
			i == 0 || m[i].group != m[i - 1].group || m[i].addr != m[i - 1].addr;
	}
}

static void count_frames(struct page_mappings *all, struct page_count *count)
{
	if (all->n)
		qsort(all->m, all->n, sizeof(*all->m), by_frame);
	for (size_t i = 0, k; i < all->n; i = k) {
		for (k = i + 1; k < all->n && all->m[k].frame == all->m[i].frame; k++)
			;
		count_frame(&all->m[i], k - i, count);
	}
}

static int walk_groups(struct fork_group *group, size_t n, struct page_mappings *all)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < group[i].n; k++) {
			struct process_stats *p = &group[i].p[k];
			int r;

			if (p->method == KSM_BY_NONE && !p->memory.merged)
				continue;
			all->group = i;
			r = pages_walk(p->task, PAGES_ALL, add_mappings, all);
			if (r < 0 && r != -ESRCH && r != -ENOENT && r != -EBUSY)
				return r;
		}
	}
	return 0;
}

int measure_exactly(struct fork_group *group, size_t n)
{
	const int64_t page = sysconf(_SC_PAGESIZE);
	struct page_count *count = calloc(n ? n : 1, sizeof(*count));
	struct process_memory *list = NULL;
	struct page_mappings all = { 0 };
	int r = count ? walk_groups(group, n, &all) : -ENOMEM;

	if (r == 0)
		count_frames(&all, count);
	for (size_t i = 0; i < n && r == 0; i++) {
		struct process_memory *more = realloc(list, group[i].n * sizeof(*more));

		if (!more) {
			r = -ENOMEM;
			break;
		}
		list = more;
		for (size_t k = 0; k < group[i].n; k++)
			list[k] = group[i].p[k].memory;
		group[i].saving =
			saving_of_group_exactly(list, group[i].n, count[i].distinct * page,
						count[i].frames * (double)page);
	}
	free(list);
	free(all.m);
	free(count);
	return r;
}
