/* SPDX-License-Identifier: Apache-2.0 */
/* Pointers in two processes of one program, which lie elsewhere, are the same word; nothing else changes. */
#include "kernel/own_mappings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/macros.h"
#include "check.h"

static struct own_mappings a, b;

static void fill(struct own_mappings *o, const char *const *line, size_t n)
{
	o->n = o->last = 0;
	for (size_t i = 0; i < n; i++)
		own_mappings_add(o, line[i]);
	own_mappings_finish(o);
}

static const char *const one[] = {
	"55a000000000-55a000001000 r-xp 00000000 fe:00 10 /usr/bin/prog",
	"55a000001000-55a000002000 rw-p 00001000 fe:00 10 /usr/bin/prog",
	"55a000002000-55a000004000 rw-p 00000000 00:00 0 ",
	"55a010000000-55a010021000 rw-p 00000000 00:00 0                          [heap]",
	"7f0000000000-7f0000100000 rw-p 00000000 00:00 0",
	"7f0000200000-7f0000202000 r-xp 00000000 fe:00 11 /lib/a name with blanks.so",
	"7f0000300000-7f0000700000 rw-p 00000000 00:00 0 [anon:arena]",
	"7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0 [stack]",
	"7ffc00100000-7ffc00102000 r-xp 00000000 00:00 0 [vdso]",
};

/* the same elsewhere, its two arenas larger, and loaded from another device */
static const char *const other[] = {
	"561000000000-561000001000 r-xp 00000000 00:30 77 /usr/bin/prog",
	"561000001000-561000002000 rw-p 00001000 00:30 77 /usr/bin/prog",
	"561000002000-561000004000 rw-p 00000000 00:00 0",
	"561020000000-561020050000 rw-p 00000000 00:00 0 [heap]",
	"7e0000000000-7e0000200000 rw-p 00000000 00:00 0",
	"7e0000300000-7e0000302000 r-xp 00000000 00:30 78 /lib/a name with blanks.so",
	"7e0000400000-7e0000900000 rw-p 00000000 00:00 0 [anon:arena]",
	"7ffd00000000-7ffd00041000 rw-p 00000000 00:00 0 [stack]",
	"7ffd00100000-7ffd00102000 r-xp 00000000 00:00 0 [vdso]",
};

static void same_place(void)
{
	static const struct {
		const char *name;
		uint64_t in_a, in_b;
		bool same;
	} cases[] = {
		{ "the first byte of all", 0x55a000000000, 0x561000000000, true },
		{ "the last one", 0x7ffc00101fff, 0x7ffd00101fff, true },
		{ "code", 0x55a000000123, 0x561000000123, true },
		{ "data", 0x55a000001008, 0x561000001008, true },
		{ "data without a file", 0x55a000003010, 0x561000003010, true },
		{ "heap", 0x55a010000040, 0x561020000040, true },
		{ "library", 0x7f0000201ff8, 0x7e0000301ff8, true },
		{ "arena, from its end", 0x7f00006ff000, 0x7e00008ff000, true },
		{ "second arena", 0x7f00000ff000, 0x7e00001ff000, true },
		{ "stack, wherever", 0x7ffc00000010, 0x7ffd00000ff0, true },
		{ "vdso", 0x7ffc00100020, 0x7ffd00100020, true },
		{ "other bytes of it", 0x55a010000040, 0x561020000048, false },
		{ "other arena", 0x7f00006ff000, 0x7e00001ff000, false },
		{ "heap and data", 0x55a010000040, 0x561000001040, false },
	};

	fill(&a, one, ARRAY_SIZE(one));
	fill(&b, other, ARRAY_SIZE(other));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t x, y;

		check_case = cases[i].name;
		x = own_mappings_mask(&a, cases[i].in_a);
		y = own_mappings_mask(&b, cases[i].in_b);
		CHECK_INT(x == y, cases[i].same);
		CHECK(x != cases[i].in_a);
	}
	check_case = "";
	CHECK(own_mappings_program(&a) != 0);
	CHECK(own_mappings_program(&a) == own_mappings_program(&b));
}

/* Data without a file go with the file before them, up to what data are: then they are an arena. */
static void how_large_data_are(void)
{
	static const struct {
		const char *size;
		uint64_t end_a, end_b;
		bool with_file;
	} cases[] = {
		{ "a MiB", 0x55a000101000, 0x561000100000, true },
		{ "and a page", 0x55a000102000, 0x561000103000, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char line[2][80];
		const char *of_a[] = { one[0], line[0] }, *of_b[] = { other[0], line[1] };

		check_case = cases[i].size;
		snprintf(line[0], sizeof(line[0]), "55a000001000-%jx rw-p 0 00:00 0",
			 (uintmax_t)cases[i].end_a);
		snprintf(line[1], sizeof(line[1]), "561000001000-%jx rw-p 0 00:00 0",
			 (uintmax_t)cases[i].end_b);
		fill(&a, of_a, 2);
		fill(&b, of_b, 2);
		CHECK_INT(own_mappings_mask(&a, 0x55a000001010) ==
				  own_mappings_mask(&b, 0x561000001010),
			  cases[i].with_file);
	}
	check_case = "";
}

/* Numbers, text, addresses of nothing. */
static void others_stay(void)
{
	static const uint64_t words[] = { 0,
					  1,
					  4096,
					  UINT64_MAX,
					  0x6c6c6548206f6c6cull,
					  0x55a000004000,
					  0x559fffffffff,
					  0x7f0000100000,
					  0x7ffc00102000,
					  0xffff8000000000ull };

	fill(&a, one, ARRAY_SIZE(one));
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		CHECK(own_mappings_mask(&a, words[i]) == words[i]);
	/* what stands behind the last one is none, wherever it lies */
	a.n = ARRAY_SIZE(one) - 1;
	CHECK(own_mappings_mask(&a, 0x7ffc00100020) == 0x7ffc00100020);
	a.n = 2;
	CHECK(own_mappings_mask(&a, 0x55a000002000) == 0x55a000002000);
	a.n = 0;
	CHECK(own_mappings_mask(&a, 0x55a000000123) == 0x55a000000123);
	CHECK(own_mappings_program(&a) == 0);
}

static void malformed(void)
{
	static const char *const lines[] = {
		"",
		"1000",
		"1000-2000",
		"1000-2000 rw-p",
		"1000-2000 rw-p ",
		"1000-2000 rwzp 0 00:00 0",
		"1000-2000 rw-pp 0 00:00 0",
		"2000-1000 rw-p 0 00:00 0",
		"1000-1000 rw-p 0 00:00 0",
		"1000-ffffffffffffffff rw-p 0 00:00 0",
		"1000-2000 rw-p ffffffffffffffff 00:00 0 /a",
		"1000-00000000000002000 rw-p 0 00:00 0",
		" 1000-2000 rw-p 0 00:00 0",
		"/a 1000-2000 rw-p 0 00:00 0",
	};
	static const char *const falling[] = {
		"2000-4000 rw-p 0 00:00 0",
		"1000-2000 rw-p 0 00:00 0",
		"3000-5000 rw-p 0 00:00 0",
		"4000-5000 rw-p 0 00:00 0",
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		check_case = lines[i];
		fill(&a, &lines[i], 1);
		CHECK_INT(a.n, 0);
	}
	check_case = "";
	fill(&a, falling, ARRAY_SIZE(falling));
	CHECK_INT(a.n, 2);
	/* no more than there is room for */
	a.n = a.last = 0;
	for (unsigned i = 0; i < OWN_MAPPINGS_MAX + 10; i++) {
		char line[64];

		snprintf(line, sizeof(line), "%x-%x rw-p 0 00:00 0", 0x10000 + i * 0x2000,
			 0x11000 + i * 0x2000);
		own_mappings_add(&a, line);
	}
	CHECK_INT(a.n, OWN_MAPPINGS_MAX);
}

/* Not position-independent; with Go's heap, and what it has of a library. */
static const char *const fixed[] = {
	"00400000-00500000 r-xp 00000000 fe:00 10 /usr/bin/fixed",
	"00600000-00601000 rw-p 00000000 00:00 0 ",
	"00700000-00721000 rw-p 00000000 00:00 0 [heap]",
	"fc000000-100000000 rw-p 00000000 00:00 0",
	"c000000000-c000400000 rw-p 00000000 00:00 0",
	"500000000000-500000001000 rw-p 00000000 00:00 0",
	"555555550000-555555551000 r-xp 00000000 fe:00 12 /usr/bin/lowest",
	"77ff34800000-7fef34801000 ---p 00000000 00:00 0",
	"7fef35000000-7fff35000000 rw-p 00000000 00:00 0",
	"7fff36000000-7fff36100000 rw-p 00000000 00:00 0 [anon:heap]",
	"7ffffffde000-7ffffffff000 rw-p 00000000 00:00 0 [stack]",
};

#define LOWEST 6 /* of them */

/* Whose address depends on the layout: what the program itself put somewhere does not. */
static void what_moves(void)
{
	static const struct {
		const char *name;
		uint64_t word;
		bool moves;
	} cases[] = {
		{ "nothing", 0, false },
		{ "code at its own place", 0x400010, false },
		{ "data at their own place", 0x600008, false },
		{ "the heap of brk, its first", 0x700000, true },
		{ "and its last", 0x720fff, true },
		{ "behind it", 0x721000, false },
		{ "Java's heap", 0xfc000010, false },
		{ "Go's heap", 0xc000000010, false },
		{ "in the upper half, where no program lies", 0x500000000010, false },
		{ "the lowest place of a program", 0x555555550000, true },
		{ "below it", 0x55555554ffff, false },
		{ "text that looks like a place in what is reserved", 0x787878787878, false },
		{ "the largest that counts", 0x7fef35000000, true },
		{ "memory", 0x7fff360fffff, true },
		{ "the stack", 0x7fffffffe000, true },
		{ "text", 0x6c6c6548206f6c6cull, false },
		{ "the highest", UINT64_MAX, false },
	};
	uint64_t page[512] = { 0 };

	fill(&a, fixed, ARRAY_SIZE(fixed));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		check_case = cases[i].name;
		/* as the first word, the last, and where no pointer lies */
		for (size_t at = 0; at < ARRAY_SIZE(page); at += ARRAY_SIZE(page) - 1) {
			page[at] = cases[i].word;
			CHECK_INT(own_mappings_in_page(&a, (char *)page, sizeof(page)),
				  cases[i].moves);
			page[at] = 0;
		}
		memcpy((char *)page + 4, &cases[i].word, sizeof(cases[i].word));
		CHECK_INT(own_mappings_in_page(&a, (char *)page, sizeof(page)), false);
		memset(page, 0, sizeof(page));
	}
	check_case = "";
	/* also the first one of all, and the only one */
	page[0] = 0x7fffffffe000;
	fill(&a, &fixed[ARRAY_SIZE(fixed) - 1], 1);
	CHECK(own_mappings_in_page(&a, (char *)page, sizeof(page)));
	page[0] = 0x555555550000;
	fill(&a, &fixed[LOWEST], ARRAY_SIZE(fixed) - LOWEST);
	CHECK(own_mappings_in_page(&a, (char *)page, sizeof(page)));
	/* what lies behind the size is not the page's */
	page[0] = 0;
	fill(&a, fixed, ARRAY_SIZE(fixed));
	page[511] = 0x700000;
	CHECK(!own_mappings_in_page(&a, (char *)page, sizeof(page) - 1));
	CHECK(!own_mappings_in_page(&a, (char *)page, 0));
	/* where there is no stack it is not known what is randomized, but for the heap */
	fill(&a, fixed, ARRAY_SIZE(fixed) - 1);
	CHECK(own_mappings_in_page(&a, (char *)page, sizeof(page)));
	page[511] = 0x7fff36000000;
	CHECK(!own_mappings_in_page(&a, (char *)page, sizeof(page)));
}

#define ARENA ((size_t)2 << 20)

/* Of this program: a pointer to what it has is masked, one to what it has not is none. */
static void own(void)
{
	static int datum;
	char local,
		*whole = mmap(NULL, 3 * ARENA, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t holds[2] = { 0 };
	int *heap = malloc(sizeof(*heap));

	/* two that are as large, and lie apart */
	CHECK(whole != MAP_FAILED);
	CHECK_INT(mprotect(whole, ARENA, PROT_READ), 0);
	CHECK_INT(mprotect(whole + 2 * ARENA, ARENA, PROT_READ), 0);

	own_mappings_read(&a, getpid());
	CHECK(a.n > 5);
	CHECK(own_mappings_mask(&a, (uintptr_t)&datum) != (uintptr_t)&datum);
	CHECK(own_mappings_mask(&a, (uintptr_t)heap) != (uintptr_t)heap);
	CHECK(own_mappings_mask(&a, (uintptr_t)&local) != (uintptr_t)&local);
	CHECK_INT(own_mappings_mask(&a, 16), 16);
	CHECK(own_mappings_mask(&a, (uintptr_t)whole) !=
	      own_mappings_mask(&a, (uintptr_t)(whole + 2 * ARENA)));
	holds[1] = (uintptr_t)heap;
	CHECK(own_mappings_in_page(&a, (char *)holds, sizeof(holds)));
	holds[1] = 16;
	CHECK(!own_mappings_in_page(&a, (char *)holds, sizeof(holds)));
	free(heap);
	munmap(whole, 3 * ARENA);
	/* and what was read before is forgotten */
	own_mappings_read(&a, 0x7ffffff0);
	CHECK_INT(a.n, 0);
}

int main(void)
{
	RUN(same_place);
	RUN(how_large_data_are);
	RUN(others_stay);
	RUN(malformed);
	RUN(what_moves);
	RUN(own);
	return check_end();
}
