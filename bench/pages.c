/* SPDX-License-Identifier: Apache-2.0 */
/* The yardstick of the benches: how much memory would an ideal merger of pages free? */
/*
 *	pages PID...
 *
 * prints, of the anonymous pages that are present in these processes:
 *	pages=	places where one is mapped (the page of zeros does not count)
 *	frames=	different frames behind them, which is the memory that they use
 *	eligible= those of the frames that lie in a mapping where KSM may merge
 *	contents= different contents of the eligible frames: what an ideal merger leaves
 *	ideal=	eligible - contents: what it would still free
 *	zeros=	eligible frames that hold only zeros
 *	merged=	frames that are KSM's
 *	unmergeable=, copies=, missed=
 *		why ideal is not 0 although ksmd has run: frames in mappings that are not mergeable,
 *		frames that are merged, but more than one of a content (max_page_sharing), and
 *		all others
 *	unread=	frames whose content could not be read (they count as different)
 *
 * Shares nothing with ksm-hook, so that the one can be checked against the other. Contents
 * are told apart by a hash of 128 bits, and every frame is read once, in any of its places.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK 512ul
/* the largest that a kernel has */
#define PAGE_MAX 65536ul
#define PRESENT  (1ull << 63)
#define SHARED   (1ull << 61)
#define FRAME    ((1ull << 55) - 1)

/* include/uapi/linux/kernel-page-flags.h */
#define KPF_ANON 12
#define KPF_HUGE 17
#define KPF_KSM  21
#define KPF_ZERO 24

struct frame {
	uint64_t number; /* 0: none */
	uint64_t content[2];
	bool eligible, mergeable, merged;
};

/* A set by open addressing; the key is one or two words. */
static struct frame *frames;
static size_t room = 1 << 16, used;
static uint64_t places, merged, zeros, unread;
static size_t page_size;
static int kpageflags;

static struct frame *find(struct frame *table, size_t size, uint64_t number)
{
	size_t i = (size_t)(number * 0x9e3779b97f4a7c15ull >> 20) & (size - 1);

	while (table[i].number && table[i].number != number)
		i = (i + 1) & (size - 1);
	return &table[i];
}

static void *must(void *p)
{
	if (!p) {
		perror("pages");
		exit(1);
	}
	return p;
}

static void grow(void)
{
	struct frame *more = must(calloc(room * 2, sizeof(*more)));

	for (size_t i = 0; i < room; i++) {
		if (frames[i].number)
			*find(more, room * 2, frames[i].number) = frames[i];
	}
	free(frames);
	frames = more;
	room *= 2;
}

static uint64_t mix(uint64_t a, uint64_t b)
{
	unsigned __int128 p = (unsigned __int128)a * b;

	return (uint64_t)p ^ (uint64_t)(p >> 64);
}

/* Two chains of 64 bits that differ in what they multiply with. True: all zeros. */
static bool hash(const uint64_t *w, uint64_t out[2])
{
	uint64_t a = 0x243f6a8885a308d3, b = 0x13198a2e03707344, any = 0;

	for (size_t i = 0; i < page_size / 8; i++) {
		any |= w[i];
		a = mix(a ^ w[i], 0xa4093822299f31d1) + i;
		b = mix(b + w[i], 0x082efa98ec4e6c89 | 1) ^ (i << 32);
	}
	out[0] = a;
	out[1] = b;
	return !any;
}

static struct frame *add(int mem, uint64_t addr, uint64_t number, bool eligible)
{
	static uint64_t page[PAGE_MAX / 8];
	struct frame *f = find(frames, room, number);

	places++;
	if (!f->number) {
		if (used * 2 > room) {
			grow();
			f = find(frames, room, number);
		}
		used++;
		f->number = number;
		if (pread(mem, page, page_size, (off_t)addr) == (ssize_t)page_size) {
			zeros += hash(page, f->content) && eligible;
		} else {
			f->content[0] = number;
			unread++;
		}
	}
	f->eligible |= eligible;
	return f;
}

static void mapping(int pagemap, int mem, uint64_t start, uint64_t end, bool eligible,
		    bool mergeable)
{
	uint64_t entry[CHUNK], flags;

	for (uint64_t addr = start; addr < end; addr += CHUNK * page_size) {
		size_t left = (end - addr) / page_size, want = left < CHUNK ? left : CHUNK;
		ssize_t got = pread(pagemap, entry, want * 8, (off_t)(addr / page_size * 8));

		for (ssize_t i = 0; i < got / 8; i++) {
			uint64_t number = entry[i] & FRAME;
			struct frame *f;

			if (!(entry[i] & PRESENT) || entry[i] & SHARED ||
			    pread(kpageflags, &flags, 8, (off_t)(number * 8)) != 8)
				continue;
			if (!(flags >> KPF_ANON & 1) || flags >> KPF_ZERO & 1 ||
			    flags >> KPF_HUGE & 1)
				continue;
			f = add(mem, addr + (uint64_t)i * page_size, number, eligible);
			f->mergeable |= mergeable;
			f->merged |= flags >> KPF_KSM & 1;
		}
	}
}

static bool has_flag(const char *line, const char *flags)
{
	for (; *flags; flags += 3) {
		char word[5] = { ' ', flags[0], flags[1], ' ', '\0' };

		if (strstr(line, word))
			return true;
	}
	return false;
}

/* A process that has ended has no pages. */
static void process(const char *pid)
{
	unsigned long long start = 0, end = 0, a, b;
	char path[64], *line = NULL;
	size_t size = 0;
	int pagemap, mem;
	FILE *smaps;

	snprintf(path, sizeof(path), "/proc/%s/smaps", pid);
	smaps = fopen(path, "re");
	snprintf(path, sizeof(path), "/proc/%s/pagemap", pid);
	pagemap = open(path, O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/%s/mem", pid);
	mem = open(path, O_RDONLY | O_CLOEXEC);
	if (!smaps || pagemap < 0 || mem < 0)
		fprintf(stderr, "pages: %s: %s\n", pid, strerror(errno));
	while (smaps && getline(&line, &size, smaps) > 0) {
		if (sscanf(line, "%llx-%llx ", &a, &b) == 2) {
			start = a;
			end = b;
		} else if (sscanf(line, "Rss: %llu", &a) == 1) {
			if (!a)
				start = end;
		} else if (strncmp(line, "VmFlags:", 8) == 0) {
			line[strlen(line) - 1] = ' ';
			mapping(pagemap, mem, start, end,
				!has_flag(line, "sh ms io pf de mm ht dp "),
				has_flag(line, "mg "));
		}
	}
	free(line);
	if (smaps)
		fclose(smaps);
	close(pagemap);
	close(mem);
}

static int by_content(const void *x, const void *y)
{
	const struct frame *a = x, *b = y;

	return memcmp(a->content, b->content, sizeof(a->content));
}

int main(int argc, char **argv)
{
	uint64_t eligible = 0, contents = 0, unmergeable = 0, copies = 0, missed = 0;

	page_size = (size_t)sysconf(_SC_PAGESIZE);
	frames = must(calloc(room, sizeof(*frames)));
	kpageflags = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	if (argc < 2 || kpageflags < 0) {
		fprintf(stderr, "pages: %s\n",
			argc < 2 ? "which processes?" : "/proc/kpageflags: are you root?");
		return 2;
	}
	for (int i = 1; i < argc; i++)
		process(argv[i]);
	for (size_t i = 0; i < room; i++) {
		merged += frames[i].number && frames[i].merged;
		if (frames[i].number && frames[i].eligible)
			frames[eligible++] = frames[i];
	}
	qsort(frames, eligible, sizeof(*frames), by_content);
	for (size_t i = 0, end; i < eligible; i = end) {
		uint64_t kinds[3] = { 0 };

		for (end = i; end < eligible && by_content(&frames[i], &frames[end]) == 0;
		     end++)
			kinds[frames[end].merged ? 0 : frames[end].mergeable ? 1 : 2]++;
		contents++;
		/* the one to keep: a merged one if there is one */
		kinds[kinds[0] ? 0 : kinds[1] ? 1 : 2]--;
		copies += kinds[0];
		missed += kinds[1];
		unmergeable += kinds[2];
	}
	printf("pages=%" PRIu64 " frames=%zu eligible=%" PRIu64 " contents=%" PRIu64
	       " ideal=%" PRIu64 " zeros=%" PRIu64 " merged=%" PRIu64 " unmergeable=%" PRIu64
	       " copies=%" PRIu64 " missed=%" PRIu64 " unread=%" PRIu64 "\n",
	       places, used, eligible, contents, eligible - contents, zeros, merged,
	       unmergeable, copies, missed, unread);
	free(frames);
	return 0;
}
