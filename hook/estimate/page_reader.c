/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the anonymous pages of processes that run on, and keeps nothing of them but hashes. */
#include "estimate/page_reader.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#define XXH_INLINE_ALL
#include <errno.h>
#include <stdbool.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/clock.h"
#include "base/io.h"
#include "estimate/frame_set.h"
#include "kernel/ksm.h"
#include "kernel/own_mappings.h"
#include "kernel/watched.h"

/* Read at a time: fits the second level cache, as the hash reads it once more. */
#define BUFFER_SIZE (256ul * 1024)

/* Pages that are read twice: enough to measure one per cent of change to a third of that. */
#define RECHECKS 4096

/* ksmd, too, reads a page twice before it takes it for one that does not change. */
#define RECHECK_AFTER_MS 1000

struct page_recheck {
	pid_t pid;
	uint64_t addr, frame, hash;
};

struct page_reader {
	enum page_reading reading;
	struct page_sample *contents;
	/* the same without addresses, where that is wanted: contents as one layout would have them */
	struct page_sample *masked;
	struct own_mappings *mappings;
	page_progress *progress;
	void *progress_arg;
	char *buffer;
	size_t page, page_shift;
	int kpagecount;

	/*
	 * Drawn anew every time: who can choose page contents must not be able to choose hashes.
	 */
	uint8_t secret[XXH_SECRET_DEFAULT_SIZE];

	struct frame_set seen;

	struct page_recheck recheck[RECHECKS];
	size_t rechecks;
	uint64_t stride, hashed;
	int64_t first_ms;

	uint64_t done, bytes;
	int64_t us;
};

/* One process being read. */
struct process_reading {
	struct page_reader *s;
	struct page_counts *count;
	uint32_t owner;
	pid_t pid;
	int mem;
};

static bool make_masked(struct page_reader *s, size_t capacity)
{
	s->masked = page_sample_new(capacity);
	s->mappings = calloc(1, sizeof(*s->mappings));
	return s->masked && s->mappings;
}

struct page_reader *page_reader_new(size_t capacity, enum page_reading reading,
				    page_progress *progress, void *arg)
{
	bool masked = reading == READ_MASKED;
	struct page_reader *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->reading = reading;
	s->progress = progress;
	s->progress_arg = arg;
	s->page = (size_t)sysconf(_SC_PAGESIZE);
	s->page_shift = (size_t)__builtin_ctzl(s->page);
	s->stride = 1;
	s->first_ms = now_ms();
	s->kpagecount = open("/proc/kpagecount", O_RDONLY | O_CLOEXEC);
	/* both together are not larger than the one */
	s->contents = page_sample_new(masked ? capacity / 2 : capacity);
	s->buffer = mmap(NULL, BUFFER_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	if (s->buffer == MAP_FAILED)
		s->buffer = NULL;
	if (!s->buffer || !s->contents || (masked && !make_masked(s, capacity / 2)) ||
	    getrandom(s->secret, sizeof(s->secret), 0) != sizeof(s->secret)) {
		page_reader_free(s);
		return NULL;
	}
	/* other people's memory must not get into swap or a core; where not, it is wiped still */
	mlock(s->buffer, BUFFER_SIZE);
	madvise(s->buffer, BUFFER_SIZE, MADV_DONTDUMP);
	return s;
}

void page_reader_free(struct page_reader *s)
{
	if (!s)
		return;
	if (s->buffer) {
		explicit_bzero(s->buffer, BUFFER_SIZE);
		munmap(s->buffer, BUFFER_SIZE);
	}
	frame_set_free(&s->seen);
	page_sample_free(s->contents);
	page_sample_free(s->masked);
	free(s->mappings);
	close_fd(&s->kpagecount);
	explicit_bzero(s, sizeof(*s));
	free(s);
}

static uint64_t hash_page(const struct page_reader *s, const char *page)
{
	return XXH3_64bits_withSecret(page, s->page, s->secret, sizeof(s->secret));
}

/* Of all pages that are hashed, remember a few thousand, spread over the whole. */
static void remember(struct page_reader *s, pid_t pid, const struct page *p, uint64_t h)
{
	if (s->hashed++ % s->stride)
		return;
	if (s->rechecks == RECHECKS) {
		for (size_t i = 0; i < RECHECKS / 2; i++)
			s->recheck[i] = s->recheck[i * 2];
		s->rechecks = RECHECKS / 2;
		s->stride *= 2;
		if ((s->hashed - 1) % s->stride)
			return;
	}
	s->recheck[s->rechecks++] = (struct page_recheck){ pid, p->addr, p->frame, h };
}

static uint32_t mappings_of(const struct page_reader *s, const struct page *p)
{
	uint64_t n;

	if (!(p->kind & PAGE_MANY) ||
	    pread(s->kpagecount, &n, sizeof(n), (off_t)(p->frame * sizeof(n))) != sizeof(n) ||
	    n < 1)
		return 1;
	return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

/* Is it to count as merged? */
static bool is_merged(const struct page_reader *s, const struct page *p)
{
	return p->kind & PAGE_KSM && s->reading != READ_UNMERGED;
}

/* Addresses are replaced by what they stand for, in the buffer itself: it was hashed already. */
static uint64_t hash_masked(const struct page_reader *s, char *content)
{
	for (size_t i = 0; i < s->page; i += sizeof(uint64_t)) {
		uint64_t word;

		memcpy(&word, content + i, sizeof(word));
		word = own_mappings_mask(s->mappings, word);
		memcpy(content + i, &word, sizeof(word));
	}
	return hash_page(s, content);
}

static int add_page(struct process_reading *v, const struct page *p, char *content)
{
	bool merged = is_merged(v->s, p);
	uint32_t owner = merged ? 0 : v->owner;
	uint32_t mappings = p->kind & PAGE_KSM && !merged ? 1 : mappings_of(v->s, p);
	uint64_t h = hash_page(v->s, content);
	int r;

	if (v->owner)
		remember(v->s, v->pid, p, h);
	r = page_sample_add(v->s->contents, h, owner, mappings);
	if (r == 0 && v->s->masked)
		r = page_sample_add(v->s->masked, hash_masked(v->s, content), owner, mappings);
	return r;
}

/* n pages that lie next to each other and fit the buffer */
static int read_run(struct process_reading *v, const struct page *p, size_t n)
{
	struct page_reader *s = v->s;

	while (n) {
		ssize_t got;
		size_t whole;

		watched_goes_on();
		got = pread(v->mem, s->buffer, n * s->page, (off_t)p->addr);
		whole = got > 0 ? (size_t)got / s->page : 0;
		for (size_t i = 0; i < whole; i++) {
			int r = add_page(v, &p[i], s->buffer + i * s->page);

			if (r < 0)
				return r;
		}
		s->bytes += whole * s->page;
		if (whole < n) {
			v->count->unread++;
			whole++;
		}
		p += whole;
		n -= whole;
	}
	return 0;
}

/* Has it to be read? -ENOMEM */
static int is_new(struct page_reader *s, const struct page *p)
{
	if (p->kind & PAGE_KSM && s->reading == READ_UNMERGED)
		return true;
	return frame_set_add(&s->seen, p->frame);
}

static void count_page(struct process_reading *v, const struct page *p, bool fresh)
{
	bool merged = is_merged(v->s, p);

	v->count->mappings++;
	v->count->merged += merged;
	if (fresh && !merged) {
		v->count->frames++;
		v->count->huge += (p->kind & PAGE_THP) != 0;
	}
}

/* Read those whose frames were not met before, in runs. */
static int visit_pages(void *arg, const struct page *p, size_t n)
{
	struct process_reading *v = arg;
	struct page_reader *s = v->s;
	size_t from = 0, most = BUFFER_SIZE / s->page;
	int r;

	for (size_t i = 0; i < n; i++) {
		bool next = i > from && p[i].addr == p[i - 1].addr + s->page && i - from < most;
		bool fresh = false;

		if (!(p[i].kind & PAGE_ZERO)) {
			r = is_new(s, &p[i]);
			if (r < 0)
				return r;
			fresh = r;
			count_page(v, &p[i], fresh);
		}
		if (fresh && next)
			continue;
		if (i > from) {
			r = read_run(v, p + from, i - from);
			if (r < 0)
				return r;
		}
		from = fresh ? i : i + 1;
	}
	r = n > from ? read_run(v, p + from, n - from) : 0;
	s->done += n;
	if (s->progress)
		s->progress(s->progress_arg, s->done);
	return r;
}

static int open_process_file(pid_t pid, const char *name)
{
	char path[48];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 ? fd : errno == ENOENT ? -ESRCH : -errno;
}

int page_reader_read(struct page_reader *s, pid_t pid, enum pages_which which, uint32_t owner,
		     struct page_counts *count)
{
	struct process_reading v = { .s = s, .count = count, .owner = owner, .pid = pid };
	int64_t start = now_us();
	int r;

	/* not process_vm_readv(): that cannot read what its owner made unreadable, which ksmd can */
	v.mem = open_process_file(pid, "mem");
	if (v.mem < 0)
		return v.mem;
	if (s->masked)
		own_mappings_read(s->mappings, pid);
	r = pages_walk(pid, which, visit_pages, &v);
	close(v.mem);
	s->us += now_us() - start;
	return r;
}

/* 1 changed, 0 not, -1 gone. A page that went is not read, as that would bring one back. */
static int recheck_page(struct page_reader *s, const struct page_recheck *l, int pagemap,
			int mem)
{
	uint64_t entry;

	if (pread(pagemap, &entry, sizeof(entry),
		  (off_t)((l->addr >> s->page_shift) * sizeof(entry))) != sizeof(entry) ||
	    !pages_entry_is(entry, l->frame))
		return -1;
	if (pread(mem, s->buffer, s->page, (off_t)l->addr) != (ssize_t)s->page)
		return -1;
	return hash_page(s, s->buffer) != l->hash;
}

double page_reader_changed(struct page_reader *s, int64_t *ms)
{
	int64_t wait_ms = s->first_ms + RECHECK_AFTER_MS - now_ms();
	size_t reread = 0, changed = 0;
	int pagemap = -1, mem = -1;

	if (wait_ms > 0 && s->rechecks)
		usleep((useconds_t)wait_ms * 1000);
	*ms = now_ms() - s->first_ms;
	for (size_t i = 0; i < s->rechecks; i++) {
		int r;

		if (i == 0 || s->recheck[i].pid != s->recheck[i - 1].pid) {
			close_fd(&pagemap);
			close_fd(&mem);
			pagemap = open_process_file(s->recheck[i].pid, "pagemap");
			mem = open_process_file(s->recheck[i].pid, "mem");
		}
		if (!watched_enter(s->recheck[i].pid))
			continue;
		r = recheck_page(s, &s->recheck[i], pagemap, mem);
		watched_leave();
		reread += r >= 0;
		changed += r > 0;
	}
	close_fd(&pagemap);
	close_fd(&mem);
	return reread ? (double)changed / (double)reread : 0;
}

uint64_t page_reader_program(const struct page_reader *s)
{
	return own_mappings_program(s->mappings);
}

uint64_t page_reader_bytes(const struct page_reader *s)
{
	return s->bytes;
}

int64_t page_reader_us(const struct page_reader *s)
{
	return s->us;
}

static void finish_sample(struct page_reader *s, struct page_sample *sample, uint32_t owners,
			  struct merge_sum *of, struct merge_total *total)
{
	struct merge_rules rules = { .max_sharing = 256 };
	int64_t v;

	/* mm/ksm.c has no fewer than 2; before Linux 4.13 there was no bound */
	if (ksm_sysfs("max_page_sharing", &v) == 0 && v >= 2 && v <= UINT32_MAX)
		rules.max_sharing = (uint32_t)v;
	rules.use_zero_pages = ksm_sysfs("use_zero_pages", &v) == 0 && v;
	memset(s->buffer, 0, s->page);
	rules.zero_hash = hash_page(s, s->buffer);
	page_sample_finish(sample, &rules, owners, of, total);
}

void page_reader_finish(struct page_reader *s, uint32_t owners, struct merge_sum *of,
			struct merge_total *total)
{
	finish_sample(s, s->contents, owners, of, total);
}

void page_reader_finish_masked(struct page_reader *s, uint32_t owners, struct merge_sum *of,
			       struct merge_total *total)
{
	finish_sample(s, s->masked, owners, of, total);
}
