/* SPDX-License-Identifier: Apache-2.0 */
/* Reads merged pages of containers that share a layout: which of them hold an address. */
#include "stats/layout_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/io.h"
#include "kernel/own_mappings.h"
#include "kernel/watched.h"
#include "layout/layout_of.h"

/* One whose content decides: the frame's mappings, n from first on, of which the first is read. */
struct frame_to_read {
	const struct page_mapping *first;
	size_t n;
};

struct layout_reading {
	const struct fork_group *group;
	double *saved; /* of each group, in pages */
	struct own_mappings *mappings;
	char *content;
	size_t page;
};

static bool find_layouts(struct fork_group *group, size_t n)
{
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		group[i].by_layout.known = layout_secrets_of(group[i].p->task, NULL, 0,
							     &(struct group_secrets){ 0 });
		any |= group[i].by_layout.known;
	}
	return any;
}

/* The frames to be read, to be freed; NULL: no memory. */
static struct frame_to_read *frames_to_read(const struct page_mapping *m, size_t n,
					    const struct fork_group *group, size_t *chosen)
{
	struct frame_to_read *list = NULL;
	size_t capacity = 0;

	*chosen = 0;
	for (size_t i = 0, k; i < n; i = k) {
		for (k = i + 1; k < n && m[k].frame == m[i].frame; k++)
			;
		if (!layout_may_save(&m[i], k - i, group))
			continue;
		if (*chosen == capacity) {
			struct frame_to_read *more;

			capacity = capacity ? capacity * 2 : 4096;
			more = realloc(list, capacity * sizeof(*more));
			if (!more) {
				free(list);
				return NULL;
			}
			list = more;
		}
		list[(*chosen)++] = (struct frame_to_read){ &m[i], k - i };
	}
	return list ? list : malloc(1);
}

static int by_process(const void *a, const void *b)
{
	const struct page_mapping *x = ((const struct frame_to_read *)a)->first;
	const struct page_mapping *y = ((const struct frame_to_read *)b)->first;

	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	if (x->process != y->process)
		return x->process < y->process ? -1 : 1;
	return (x->addr > y->addr) - (x->addr < y->addr);
}

static void read_frames(struct layout_reading *l, const struct frame_to_read *f, size_t n,
			pid_t task)
{
	char path[48];
	int mem;

	own_mappings_read(l->mappings, task);
	if (l->mappings->n == 0 || !watched_enter(task))
		return;
	snprintf(path, sizeof(path), "/proc/%d/mem", task);
	mem = open(path, O_RDONLY | O_CLOEXEC);
	for (size_t i = 0; mem >= 0 && i < n; i++) {
		watched_goes_on();
		if (pread(mem, l->content, l->page, (off_t)f[i].first->addr) ==
			    (ssize_t)l->page &&
		    own_mappings_in_page(l->mappings, l->content, l->page))
			layout_saved_add(f[i].first, f[i].n, l->saved);
	}
	close_fd(&mem);
	watched_leave();
}

static void read_by_process(struct layout_reading *l, struct frame_to_read *f, size_t n)
{
	if (n)
		qsort(f, n, sizeof(*f), by_process);
	for (size_t i = 0, k; i < n; i = k) {
		const struct page_mapping *m = f[i].first;

		for (k = i + 1; k < n && f[k].first->group == m->group &&
				f[k].first->process == m->process;
		     k++)
			;
		read_frames(l, &f[i], k - i, l->group[m->group].p[m->process].task);
	}
}

/* Other people's memory must not get into swap, a core or a debugger, and does not stay. */
static char *content_new(size_t page)
{
	char *content =
		mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (content == MAP_FAILED)
		return NULL;
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	mlock(content, page);
	madvise(content, page, MADV_DONTDUMP);
	return content;
}

int layout_pages_measure(const struct page_mapping *m, size_t n, struct fork_group *group,
			 size_t groups)
{
	struct layout_reading l = { .group = group, .page = (size_t)sysconf(_SC_PAGESIZE) };
	struct frame_to_read *list;
	size_t chosen;
	bool whole;

	if (!find_layouts(group, groups))
		return 0;
	list = frames_to_read(m, n, group, &chosen);
	l.saved = calloc(groups, sizeof(*l.saved));
	l.mappings = calloc(1, sizeof(*l.mappings));
	l.content = content_new(l.page);
	whole = list && l.saved && l.mappings && l.content;
	if (whole)
		read_by_process(&l, list, chosen);
	for (size_t i = 0; whole && i < groups; i++)
		group[i].by_layout.least = (int64_t)(l.saved[i] * (double)l.page);
	if (l.content) {
		explicit_bzero(l.content, l.page);
		munmap(l.content, l.page);
	}
	free(l.mappings);
	free(l.saved);
	free(list);
	return whole ? 0 : -ENOMEM;
}
