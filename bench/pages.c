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
 *	unread=	frames whose content could not be read (they count as different)
 *
 * Shares nothing with ksm-hook, so that the one can be checked against the other. Contents
 * are told apart by a hash of 128 bits, and every frame is read once, in any of its places.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGE    4096ul
#define CHUNK   512ul
#define PRESENT (1ull << 63)
#define SHARED  (1ull << 61)
#define FRAME   ((1ull << 55) - 1)

/* include/uapi/linux/kernel-page-flags.h */
#define KPF_ANON 12
#define KPF_HUGE 17
#define KPF_KSM  21
#define KPF_ZERO 24

struct frame {
	uint64_t number; /* 0: none */
	uint64_t content[2];
	bool eligible;
};

/* A set by open addressing; the key is one or two words. */
static struct frame *frames;
static size_t room = 1 << 16, used;
static uint64_t places, merged, zeros, unread;
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

	for (size_t i = 0; i < PAGE / 8; i++) {
		any |= w[i];
		a = mix(a ^ w[i], 0xa4093822299f31d1) + i;
		b = mix(b + w[i], 0x082efa98ec4e6c89 | 1) ^ (i << 32);
	}
	out[0] = a;
	out[1] = b;
	return !any;
}

static void add(int mem, uint64_t addr, uint64_t number, bool eligible)
{
	static uint64_t page[PAGE / 8];
	struct frame *f = find(frames, room, number);

	places++;
	if (!f->number) {
		if (used * 2 > room) {
			grow();
			f = find(frames, room, number);
		}
		used++;
		f->number = number;
		if (pread(mem, page, PAGE, (off_t)addr) == PAGE) {
			zeros += hash(page, f->content) && eligible;
		} else {
			f->content[0] = number;
			unread++;
		}
	}
	f->eligible |= eligible;
}

static void mapping(int pagemap, int mem, uint64_t start, uint64_t end, bool eligible)
{
	uint64_t entry[CHUNK], flags;

	for (uint64_t addr = start; addr < end; addr += CHUNK * PAGE) {
		size_t want = (end - addr) / PAGE < CHUNK ? (end - addr) / PAGE : CHUNK;
		ssize_t got = pread(pagemap, entry, want * 8, (off_t)(addr / PAGE * 8));

		for (ssize_t i = 0; i < got / 8; i++) {
			uint64_t number = entry[i] & FRAME;

			if (!(entry[i] & PRESENT) || entry[i] & SHARED ||
			    pread(kpageflags, &flags, 8, (off_t)(number * 8)) != 8)
				continue;
			if (!(flags >> KPF_ANON & 1) || flags >> KPF_ZERO & 1 ||
			    flags >> KPF_HUGE & 1)
				continue;
			if (!find(frames, room, number)->number)
				merged += flags >> KPF_KSM & 1;
			add(mem, addr + (uint64_t)i * PAGE, number, eligible);
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
				!has_flag(line, "sh ms io pf de mm ht dp "));
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
	uint64_t eligible = 0, contents = 0;

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
		if (frames[i].number && frames[i].eligible)
			frames[eligible++] = frames[i];
	}
	qsort(frames, eligible, sizeof(*frames), by_content);
	for (size_t i = 0; i < eligible; i++)
		contents += i == 0 || by_content(&frames[i], &frames[i - 1]) != 0;
	printf("pages=%llu frames=%zu eligible=%llu contents=%llu ideal=%llu zeros=%llu "
	       "merged=%llu unread=%llu\n",
	       (unsigned long long)places, used, (unsigned long long)eligible,
	       (unsigned long long)contents, (unsigned long long)(eligible - contents),
	       (unsigned long long)zeros, (unsigned long long)merged,
	       (unsigned long long)unread);
	free(frames);
	return 0;
}
