/* SPDX-License-Identifier: Apache-2.0 */
/* Exact savings: for every merged page, where it is mapped and how often. */
#include "stats/exact.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "kernel/pagemap.h"
#include "kernel/sandbox.h"
#include "kernel/watched.h"
#include "stats/layout_pages.h"
#include "stats/payers.h"

/*
 * Up to Linux 6.17 there may be any anonymous page, since /proc/kpageflags takes all for merged; those
 * have a frame of their own or one of their fork group, and so save nothing here.
 */
struct page_mappings {
	struct page_mapping *m;
	size_t n, capacity;
	uint32_t group, process; /* whose are added */
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
		all->m[all->n++] = (struct page_mapping){ page[i].frame, page[i].addr,
							  all->group, all->process };
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

/* What the containers that map a frame pay for it, or others for them. */
static void charge_frame(const struct page_mapping *m, size_t n, const struct fork_group *group,
			 const struct payers *payers, int64_t page)
{
	size_t payer = payers_find(payers, m->frame), others = 0;

	for (size_t i = 0; i < n; i++) {
		size_t at = group[m[i].group].container;

		/* they are sorted by group, and groups by container */
		if (at == payer || (i && at == group[m[i - 1].group].container))
			continue;
		payers->first[at]->charges.elsewhere_least += page;
		others++;
	}
	if (payer != PAYER_NONE && others)
		payers->first[payer]->charges.charged_least += page;
}

static void count_frames(struct page_mappings *all, struct page_count *count,
			 const struct fork_group *group, const struct payers *payers)
{
	const int64_t page = sysconf(_SC_PAGESIZE);

	if (all->n)
		qsort(all->m, all->n, sizeof(*all->m), by_frame);
	for (size_t i = 0, k; i < all->n; i = k) {
		for (k = i + 1; k < all->n && all->m[k].frame == all->m[i].frame; k++)
			;
		count_frame(&all->m[i], k - i, count);
		if (payers->n)
			charge_frame(&all->m[i], k - i, group, payers, page);
	}
}

static int walk_groups(struct fork_group *group, size_t n, struct page_mappings *all)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < group[i].n; k++) {
			struct process_stats *p = &group[i].p[k];
			int r;

			if (p->shares || (p->method == KSM_BY_NONE && !p->memory.merged))
				continue;
			all->group = (uint32_t)i;
			all->process = (uint32_t)k;
			r = pages_walk(p->task, PAGES_ALL, add_mappings, all);
			if (r < 0 && r != -ESRCH && r != -ENOENT && r != -EBUSY)
				return r;
		}
	}
	return 0;
}

static int measure_pages(struct fork_group *group, size_t n)
{
	const int64_t page = sysconf(_SC_PAGESIZE);
	struct page_count *count = calloc(n ? n : 1, sizeof(*count));
	struct process_memory *list = NULL;
	struct page_mappings all = { 0 };
	struct payers payers;
	int r = payers_open(&payers, group, n);

	if (r == 0)
		r = count ? walk_groups(group, n, &all) : -ENOMEM;
	if (r == 0)
		count_frames(&all, count, group, &payers);
	if (r == 0)
		r = layout_pages_measure(all.m, all.n, group, n);
	for (size_t i = 0; i < n && r == 0; i++) {
		struct process_memory *more = realloc(list, group[i].n * sizeof(*more));

		if (!more) {
			r = -ENOMEM;
			break;
		}
		list = more;
		for (size_t k = 0; k < group[i].n; k++)
			list[k] = group[i].p[k].memory;
		group[i].charges.charged_most = group[i].charges.charged_least;
		group[i].charges.elsewhere_most = group[i].charges.elsewhere_least;
		group[i].saving =
			saving_of_group_exactly(list, group[i].n, count[i].distinct * page,
						count[i].frames * (double)page);
	}
	payers_close(&payers);
	free(list);
	free(all.m);
	free(count);
	return r;
}

struct exact_work {
	struct fork_group *group;
	size_t n;
};

/* What it finds of a group. */
struct exact_figures {
	struct saving saving;
	struct charges charges;
	struct layout_saving by_layout;
};

/* In a child (kernel/watched.h): its answer is the figures of each group. */
static int measure_groups(void *arg, void **data, size_t *size, struct error *err)
{
	struct exact_work *w = arg;
	struct exact_figures *figures = calloc(w->n + 1, sizeof(*figures));
	int r;

	/* all page tables is what was asked for */
	watched_without_budget();
	r = figures ? measure_pages(w->group, w->n) : -ENOMEM;

	if (!figures || r < 0) {
		free(figures);
		return err_errno(err, -r, "/proc");
	}
	for (size_t i = 0; i < w->n; i++)
		figures[i] = (struct exact_figures){ w->group[i].saving, w->group[i].charges,
						     w->group[i].by_layout };
	*data = figures;
	*size = w->n * sizeof(*figures);
	return 0;
}

int measure_exactly(struct fork_group *group, size_t n, struct error *err)
{
	struct exact_work w = { group, n };
	struct exact_figures *figures;
	size_t size;
	int r = watched_run(measure_groups, &w, (void **)&figures, &size, err);

	if (r == 0 && size != n * sizeof(*figures))
		r = sandbox_malformed(err);
	for (size_t i = 0; r == 0 && i < n; i++) {
		group[i].saving = figures[i].saving;
		group[i].charges = figures[i].charges;
		group[i].by_layout = figures[i].by_layout;
	}
	free(figures);
	return r;
}
