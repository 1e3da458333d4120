/* SPDX-License-Identifier: Apache-2.0 */
/* The anonymous pages of a process that are in memory: where, in which frames, of what kind. */
#include "kernel/pagemap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/io.h"
#include "base/macros.h"
#include "kernel/watched.h"

/* Documentation/admin-guide/mm/pagemap.rst */
#define ENTRY_PRESENT (1ull << 63)
#define ENTRY_ONCE    (1ull << 56) /* mapped in no other place (Linux 4.2) */
#define ENTRY_FILE    (1ull << 61) /* of a file or shared */
#define ENTRY_FRAME   ((1ull << 55) - 1)

/* include/uapi/linux/fs.h since Linux 6.7 (52526ca7fdb9); libc's headers may be older */
struct scan_range {
	uint64_t start, end, categories;
};

struct scan_arg {
	uint64_t size, flags, start, end, walk_end;
	uint64_t vec, vec_len, max_pages;
	uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};

#define SCAN         _IOWR('f', 16, struct scan_arg)
#define SCAN_FILE    (1 << 2)
#define SCAN_PRESENT (1 << 3)

/* As much of a line of smaps as anyone looks at fits; a path in it is cut by nothing. */
#define LINE_ROOM 16384

struct pages_walk_state {
	int pagemap, kpageflags, page_shift;
	bool can_skip; /* the kernel has PAGEMAP_SCAN */
	enum pages_which which;
	pages_fn *fn;
	void *arg;
	uint64_t entry[PAGES_BATCH], kind[PAGES_BATCH];
	struct page page[PAGES_BATCH];
};

struct lines {
	int fd;
	size_t at, n; /* the unread part of buf */
	bool in_rest; /* of a line whose beginning was given */
	char buf[LINE_ROOM];
};

/*
 * The next line without its newline, or the beginning of one that is too long; NULL at the end,
 * which may come at any time.
 */
static char *next_line(struct lines *l)
{
	for (;;) {
		char *line = l->buf + l->at, *end = memchr(line, '\n', l->n - l->at);
		ssize_t got;

		if (end) {
			*end = '\0';
			l->at = (size_t)(end + 1 - l->buf);
			if (!l->in_rest)
				return line;
			l->in_rest = false;
			continue;
		}
		if (l->in_rest)
			l->at = l->n;
		memmove(l->buf, l->buf + l->at, l->n - l->at);
		l->n -= l->at;
		l->at = 0;
		if (l->n == sizeof(l->buf)) {
			l->buf[l->n - 1] = '\0';
			l->at = l->n;
			l->in_rest = true;
			return l->buf;
		}
		watched_goes_on();
		got = read(l->fd, l->buf + l->n, sizeof(l->buf) - l->n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return NULL;
		l->n += (size_t)got;
	}
}

bool pages_entry_is(uint64_t entry, uint64_t frame)
{
	return entry & ENTRY_PRESENT && !(entry & ENTRY_FILE) && (entry & ENTRY_FRAME) == frame;
}

static bool is_wanted_mapping(enum pages_which which, const char *flags)
{
	switch (which) {
	case PAGES_ALL:
		return true;
	case PAGES_ELIGIBLE:
		return pages_flags_eligible(flags);
	case PAGES_MERGEABLE:
		/* every flag has two letters and a blank behind it (show_smap_vma_flags()) */
		return strstr(flags, " mg ") && !strstr(flags, " mt ");
	}
	return false;
}

bool pages_flags_eligible(const char *flags)
{
	/*
	 * shared, may be shared; io, pfnmap, dontexpand, mixedmap; hugetlb; droppable; tagged, which
	 * it would, but no page equals one with tags (memcmp_pages() of arch/arm64/kernel/mte.c)
	 */
	static const char special[] = "sh ms io pf de mm ht dp mt ";

	for (flags += strspn(flags, " "); *flags; flags += strspn(flags, " ")) {
		size_t len = strcspn(flags, " ");

		for (const char *p = special; len == 2 && *p; p += 3) {
			if (memcmp(p, flags, 2) == 0)
				return false;
		}
		flags += len;
	}
	return true;
}

/*
 * The first page that may be anonymous from start on: reading the map of a runtime's heap,
 * gigabytes of address space with little in it, would take longer than all else.
 */
static uint64_t skip_hole(struct pages_walk_state *w, uint64_t start, uint64_t end)
{
	struct scan_range range = { 0 };
	struct scan_arg arg = {
		.size = sizeof(arg),
		.start = start,
		.end = end,
		.vec = (uintptr_t)&range,
		.vec_len = 1,
		.max_pages = 1,
		.category_inverted = SCAN_FILE,
		.category_mask = SCAN_FILE | SCAN_PRESENT,
		.return_mask = SCAN_PRESENT,
	};
	int n;

	if (!w->can_skip)
		return start;
	n = ioctl(w->pagemap, SCAN, &arg);
	if (n < 0) {
		w->can_skip = false;
		return start;
	}
	return n == 0 ? end : range.start > start ? range.start : start;
}

/* Look up the kinds of n pages; a frame that the kernel does not know is of none. */
static void read_kinds(struct pages_walk_state *w, size_t n)
{
	memset(w->kind, 0, n * sizeof(w->kind[0]));
	for (size_t i = 0, k; i < n; i = k) {
		ssize_t got;

		for (k = i + 1; k < n && w->page[k].frame == w->page[i].frame + (k - i); k++)
			;
		got = pread(w->kpageflags, &w->kind[i], (k - i) * sizeof(w->kind[0]),
			    (off_t)(w->page[i].frame * sizeof(w->kind[0])));
		if (got < 0)
			memset(&w->kind[i], 0, (k - i) * sizeof(w->kind[0]));
	}
}

static int give(struct pages_walk_state *w, uint64_t addr, size_t entries)
{
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < entries; i++) {
		if (!(w->entry[i] & ENTRY_PRESENT) || w->entry[i] & ENTRY_FILE)
			continue;
		w->page[n].addr = addr + ((uint64_t)i << w->page_shift);
		w->page[n].frame = w->entry[i] & ENTRY_FRAME;
		w->page[n].kind = w->entry[i] & ENTRY_ONCE ? 0 : PAGE_MANY;
		/* frame 0 is the firmware's: the kernel hides the numbers */
		if (w->page[n++].frame == 0)
			return -EPERM;
	}
	read_kinds(w, n);
	for (size_t i = 0; i < n; i++) {
		if (!(w->kind[i] & (PAGE_ANON | PAGE_ZERO)))
			continue;
		w->page[kept] = w->page[i];
		w->page[kept++].kind |=
			(uint32_t)w->kind[i] & (PAGE_ANON | PAGE_KSM | PAGE_THP | PAGE_ZERO);
	}
	return kept ? w->fn(w->arg, w->page, kept) : 0;
}

static int walk_mapping(struct pages_walk_state *w, uint64_t start, uint64_t end)
{
	const uint64_t size = 1ull << w->page_shift;

	while (start < end) {
		size_t want = (size_t)((end - start) >> w->page_shift), n;
		bool any = false;
		ssize_t got;
		int r;

		if (want > PAGES_BATCH)
			want = PAGES_BATCH;
		watched_goes_on();
		got = pread(w->pagemap, w->entry, want * sizeof(w->entry[0]),
			    (off_t)((start >> w->page_shift) * sizeof(w->entry[0])));
		if (got <= 0)
			return 0;
		n = (size_t)got / sizeof(w->entry[0]);
		r = give(w, start, n);
		if (r != 0)
			return r;
		for (size_t i = 0; i < n && !any; i++)
			any = w->entry[i] & ENTRY_PRESENT;
		start += n * size;
		if (!any && start < end)
			start = skip_hole(w, start, end);
	}
	return 0;
}

/* smaps rather than maps: it alone says which mappings are special. */
static int walk_mappings(struct pages_walk_state *w, struct lines *l)
{
	unsigned long long start = 0, end = 0, anonymous = 0;
	char *line;
	int r;

	while ((line = next_line(l)) != NULL) {
		char *p;

		/* fields have capitals, addresses have not */
		if (*line < 'A' || *line > 'Z') {
			start = strtoull(line, &p, 16);
			end = *p == '-' ? strtoull(p + 1, NULL, 16) : 0;
			anonymous = 0;
		} else if (strncmp(line, "Anonymous:", 10) == 0) {
			anonymous = strtoull(line + 10, NULL, 10);
		} else if (strncmp(line, "VmFlags:", 8) == 0 && anonymous &&
			   is_wanted_mapping(w->which, line + 8)) {
			r = walk_mapping(w, start, end);
			if (r != 0)
				return r;
		}
	}
	return 0;
}

static int walk_process(pid_t pid, enum pages_which which, pages_fn *fn, void *arg)
{
	__cleanup(close_fd) int dir = -1, smaps = -1, pagemap = -1, kpageflags = -1;
	struct pages_walk_state w = { .can_skip = true, .which = which, .fn = fn, .arg = arg };
	struct lines l = { 0 };
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d", pid);
	/* one directory: all files are of the same process, whatever happens to its number */
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	smaps = openat(dir, "smaps", O_RDONLY | O_CLOEXEC);
	pagemap = smaps < 0 ? -1 : openat(dir, "pagemap", O_RDONLY | O_CLOEXEC);
	if (pagemap < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	kpageflags = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	if (kpageflags < 0)
		return -errno;
	w.page_shift = __builtin_ctzl((unsigned long)sysconf(_SC_PAGESIZE));
	w.pagemap = pagemap;
	w.kpageflags = kpageflags;
	l.fd = smaps;
	return walk_mappings(&w, &l);
}

int pages_walk(pid_t pid, enum pages_which which, pages_fn *fn, void *arg)
{
	int r;

	if (!watched_enter(pid))
		return -EBUSY;
	r = walk_process(pid, which, fn, arg);
	watched_leave();
	return r;
}
