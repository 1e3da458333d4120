/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer target: smaps, with pagemap and kpageflags, and ksm_stat. Input: smaps, 0xff,
 * ksm_stat. All readers of smaps see what a reader of whole lines sees.
 */

#include "fuzz.h"
#include "kernel/ksm.h"
#include "kernel/memory_tags.h"
#include "kernel/pagemap.h"

#define PAGE_SHIFT 12
/* Mappings are shown below 4 MiB. */
#define PAGES 1024
/* What ksm.c and memory_tags.c look at of a line. */
#define FLAGS_ROOM 512
/* KiB of a mapping: more are none (memory_tags.c) */
#define KIB_MAX (1ll << 40)

/* Documentation/admin-guide/mm/pagemap.rst: present; of a file. Every fourth page is a file's. */
#define PRESENT (1ull << 63)
#define FILE_   (1ull << 61)

static uint64_t pagemap[PAGES], kpageflags[PAGES + 1];

struct seen {
	bool mergeable, unmergeable;
	uint64_t pages; /* anonymous ones of mergeable mappings without tags */
	long long size, all, tagged;
};

static void fill_tables(void)
{
	for (uint64_t i = 0; i < PAGES; i++) {
		pagemap[i] = PRESENT | (i % 4 ? 0 : FILE_) | (i + 1);
		kpageflags[i + 1] = PAGE_ANON | (i % 2 ? PAGE_KSM : 0);
	}
}

static int count_pages(void *arg, const struct page *page, size_t n)
{
	uint64_t *pages = arg;

	require(n > 0 && n <= PAGES_BATCH);
	for (size_t i = 0; i < n; i++)
		require(page[i].frame == (page[i].addr >> PAGE_SHIFT) + 1 &&
			page[i].kind & PAGE_ANON);
	*pages += n;
	return 0;
}

static uint64_t anonymous_pages(uint64_t start, uint64_t end)
{
	uint64_t n = end > start ? (end - start) >> PAGE_SHIFT : 0, first = start >> PAGE_SHIFT;
	uint64_t found = 0;

	for (uint64_t i = first; i < PAGES && i - first < n; i++)
		found += i % 4 != 0;
	return found;
}

static bool has_any(const char *flags, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strstr(flags, list[i]))
			return true;
	}
	return false;
}

static void take_flags(struct seen *s, const char *flags, uint64_t start, uint64_t end,
		       uint64_t anonymous)
{
	static const char *const special[] = { " sh ", " ms ", " pf ", " io ",
					       " de ", " ht ", " mm ", " dp " };
	char head[FLAGS_ROOM - sizeof("VmFlags:") + 1];
	bool mergeable;

	snprintf(head, sizeof(head), "%s", flags);
	mergeable = strstr(head, " mg ");
	s->mergeable |= mergeable;
	s->unmergeable |= !mergeable && strstr(head, " wr ") && !has_any(head, special, 8);
	if (strstr(flags, " mg ") && !strstr(flags, " mt ") && anonymous)
		s->pages += anonymous_pages(start, end);
	s->tagged += strstr(head, " mt ") ? s->size : 0;
	s->size = 0;
}

static void take_size(struct seen *s, const char *text)
{
	char head[FLAGS_ROOM - sizeof("Anonymous:") + 1];

	snprintf(head, sizeof(head), "%s", text);
	s->size = strtoll(head, NULL, 10);
	if (s->size < 0 || s->size > KIB_MAX)
		s->size = 0;
	s->all += s->size;
}

/*
 * Written once more on purpose: it has all of the text and takes whole lines, and shares nothing
 * with the readers in ksm.c and pagemap.c, which it is to agree with.
 */
static void read_lines(char *text, struct seen *s)
{
	uint64_t start = 0, end = 0, anonymous = 0;
	char *next;

	for (char *line = text; line; line = next) {
		char *p;

		next = strchr(line, '\n');
		/* a last line without its end is what a process leaves that has ended meanwhile */
		if (!next)
			break;
		*next++ = '\0';
		if (*line < 'A' || *line > 'Z') {
			start = strtoull(line, &p, 16);
			end = *p == '-' ? strtoull(p + 1, NULL, 16) : 0;
			anonymous = 0;
		} else if (strncmp(line, "Anonymous:", 10) == 0) {
			anonymous = strtoull(line + 10, NULL, 10);
			take_size(s, line + 10);
		} else if (strncmp(line, "VmFlags:", 8) == 0) {
			take_flags(s, line + 8, start, end, anonymous);
		}
	}
}

static void check_stat(void)
{
	struct ksm_stat st;
	bool seen;

	(void)ksm_process_flag(1, &seen);
	if (ksm_stat_read(1, &st) < 0)
		return;
	require(st.merge_any >= KSM_UNKNOWN && st.merge_any <= KSM_YES);
	require(seen == (st.merge_any != KSM_UNKNOWN));
	require(st.merge_any != KSM_NO || ksm_process_method(1, &st) != KSM_BY_PRCTL);
	require(ksm_method_name(ksm_process_method_quick(1, &st)) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_part rest = { data, size }, part = fuzz_next(&rest);
	/* the last line has its end; a NUL no kernel writes */
	char *text = malloc(part.size + 2), *copy;
	struct seen seen = { false };
	uint64_t pages = 0, all = 0;

	require(text != NULL);
	for (size_t i = 0; i < part.size; i++)
		text[i] = part.data[i] ? (char)part.data[i] : ' ';
	memcpy(text + part.size, "\n", 2);
	copy = strdup(text);
	fill_tables();
	fake_file("/proc/1", NULL, 0);
	fake_file("smaps", text, part.size + 1);
	fake_file("pagemap", pagemap, sizeof(pagemap));
	fake_file("/kpageflags", kpageflags, sizeof(kpageflags));
	fake_file("/ksm_stat", rest.data, rest.size);
	fake_pieces(part.size ? (size_t)part.data[0] + 1 : 0);
	check_stat();
	read_lines(copy, &seen);
	require(ksm_has_mergeable_mapping(1) == seen.mergeable);
	require(ksm_has_unmergeable_mapping(1) == seen.unmergeable);
	require(memory_is_tagged(1) == (seen.tagged * 2 > seen.all));
	/* entries of pagemap come whole */
	fake_pieces(0);
	require(pages_walk(1, PAGES_MERGEABLE, count_pages, &pages) == 0);
	require(pages == seen.pages);
	require(pages_walk(1, PAGES_ALL, count_pages, &all) == 0 && all >= pages);
	fake_forget();
	free(copy);
	free(text);
	return 0;
}
