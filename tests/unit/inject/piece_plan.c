/* SPDX-License-Identifier: Apache-2.0 */
/* Runs of pieces without a merged page: where they begin and end, which are kept, what pays. */
#include "inject/piece_plan.h"

#include "base/macros.h"
#include "check.h"

#define PAGE UINT64_C(4096)
#define BASE (UINT64_C(0x7f00) << 20)

static struct piece_plan p;

static void begin(void)
{
	free(p.run);
	p = (struct piece_plan){ 0 };
}

/* n pages of one kind from the i-th page of BASE on */
static void feed(uint64_t i, size_t n, uint32_t kind)
{
	for (size_t k = 0; k < n; k++) {
		struct page one = { BASE + (i + k) * PAGE, 1, kind };

		CHECK_INT(piece_plan_add(&p, &one, 1), 0);
	}
}

static void has(size_t at, uint64_t first, uint64_t pieces, uint64_t pages)
{
	if (!(at < p.n)) {
		CHECK(at < p.n);
		return;
	}
	CHECK_INT(p.run[at].start, BASE + first * PIECE_BYTES);
	CHECK_INT(p.run[at].end, BASE + (first + pieces) * PIECE_BYTES);
	CHECK_INT(p.run[at].pages, pages);
}

static void runs(void)
{
	begin();
	CHECK_INT(piece_plan_choose(&p, 9), 0);
	CHECK_INT(p.n, 0);
	CHECK(!piece_plan_pays(&p));

	begin();
	feed(0, 32, PAGE_ANON);
	feed(32, 1, PAGE_ANON | PAGE_KSM); /* the third piece */
	feed(33, 15, PAGE_ANON);
	feed(48, 16, PAGE_ANON | PAGE_MANY);
	feed(64 + 8, 8, PAGE_ANON); /* too few by themselves, not with the run before */
	CHECK_INT(piece_plan_choose(&p, 9), 0);
	CHECK_INT(p.n, 2);
	has(0, 0, 2, 32);
	has(1, 3, 2, 24);
	CHECK_INT(p.pages, 72);
	CHECK_INT(piece_plan_freed(&p), 56);
}

static void what_is_worth_a_mapping(void)
{
	begin();
	feed(0, 8, PAGE_ANON);
	feed(32, 9, PAGE_ANON); /* a piece without pages lies between */
	CHECK_INT(piece_plan_choose(&p, 9), 0);
	CHECK_INT(p.n, 1);
	has(0, 2, 1, 9);
}

static void the_longest(void)
{
	begin();
	for (size_t i = 0; i < 20; i++)
		feed(i * 32, 10 + i % 6, PAGE_ANON);
	CHECK_INT(piece_plan_choose(&p, 3), 0);
	CHECK_INT(p.n, 3);
	has(0, 10, 1, 15);
	has(1, 22, 1, 15);
	has(2, 34, 1, 15);
	CHECK_INT(piece_plan_choose(&p, 0), 0);
	CHECK_INT(p.n, 0);
}

/* One that a huge page lies in is not split, whatever is beside it. */
static void huge_pages(void)
{
	begin();
	feed(0, 512, PAGE_ANON | PAGE_THP);
	feed(512, 511, PAGE_ANON | PAGE_THP);
	feed(1023, 1, PAGE_ANON | PAGE_KSM);
	feed(1024, 16, PAGE_ANON);
	CHECK_INT(piece_plan_choose(&p, 9), 0);
	CHECK_INT(p.n, 2);
	has(0, 0, 32, 512);
	has(1, 64, 1, 16);
	/* small pages first: the huge piece begins behind theirs */
	begin();
	feed(0, 15, PAGE_ANON);
	feed(15, 1, PAGE_ANON | PAGE_KSM);
	feed(20, 400, PAGE_ANON | PAGE_THP);
	feed(512, 16, PAGE_ANON | PAGE_KSM);
	CHECK_INT(piece_plan_choose(&p, 9), 0);
	CHECK_INT(p.n, 1);
	has(0, 1, 31, 400);
}

/* However many there are, memory is bounded, and the longest are found. */
static void many(void)
{
	const size_t pieces = (size_t)3 * 16 * PIECE_RUNS_MAX;

	begin();
	for (size_t i = 0; i < pieces; i++)
		feed(i * 32, i % 1000 ? 9 : 16, PAGE_ANON);
	CHECK(p.capacity <= (size_t)16 * PIECE_RUNS_MAX);
	CHECK_INT(piece_plan_choose(&p, PIECE_RUNS_MAX), 0);
	CHECK_INT(p.n, PIECE_RUNS_MAX);
	CHECK_INT(piece_plan_freed(&p),
		  (pieces + 999) / 1000 * 16 + (PIECE_RUNS_MAX - (pieces + 999) / 1000) * 9);
	for (size_t i = 1; i < p.n; i++)
		CHECK(p.run[i - 1].end <= p.run[i].start);
	begin();
}

static void zero_pages(void)
{
	for (int merges = 0; merges < 2; merges++) {
		begin();
		p.zero_pages = merges;
		feed(0, 15, PAGE_ANON);
		feed(15, 1, PAGE_ZERO);
		feed(16, 16, PAGE_ZERO);
		CHECK_INT(piece_plan_choose(&p, 9), 0);
		CHECK_INT(p.n, merges ? 0 : 1);
		CHECK_INT(p.pages, merges ? 32 : 15);
	}
}

static void pays(void)
{
	static const struct {
		const char *what;
		size_t merged, spread, alone;
		bool want;
	} cases[] = {
		{ "a quarter", 0, 768, 256, true },
		{ "less than a quarter", 0, 784, 256, false },
		{ "little", 64, 0, 240, false },
		{ "three quarters are merged", 1536, 0, 512, true },
		{ "more than three quarters are", 1552, 0, 512, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t at = 0;

		check_case = cases[i].what;
		begin();
		/* a merged page in each piece of what is spread */
		for (; at < cases[i].spread; at += 16) {
			feed(at, 15, PAGE_ANON);
			feed(at + 15, 1, PAGE_ANON | PAGE_KSM);
		}
		if (!cases[i].spread) {
			feed(at, cases[i].merged, PAGE_ANON | PAGE_KSM);
			at += cases[i].merged;
		}
		feed(at, cases[i].alone, PAGE_ANON);
		CHECK_INT(piece_plan_choose(&p, 999), 0);
		CHECK_INT(piece_plan_freed(&p), cases[i].alone);
		CHECK_INT(piece_plan_pays(&p), cases[i].want);
	}
	check_case = "";
	begin();
}

/* What looked at a process may be that process's by then. */
static void what_cannot_be_answered(void)
{
	const uint64_t top = UINT64_C(1) << 56, page = 4096;
	static struct piece_run many[PIECE_RUNS_MAX + 1];
	const struct {
		struct piece_run run[2];
		uint64_t pages;
		bool possible;
	} c[] = {
		{ { { BASE, BASE + page, 1 }, { BASE + page, BASE + 3 * page, 2 } }, 3, true },
		{ { { 0, page, 0 }, { top - page, top, 1 } }, 1, true },
		{ { { BASE, BASE + page, 1 }, { top, top + page, 1 } }, 2, false },
		{ { { BASE, BASE + page, 1 }, { BASE + page, BASE + 3 * page, 2 } }, 2, false },
		{ { { BASE, BASE + page, 2 }, { BASE + page, BASE + 3 * page, 2 } }, 9, false },
		{ { { BASE, BASE + 2 * page, 1 }, { BASE + page, BASE + 3 * page, 2 } },
		  9,
		  false },
		{ { { BASE + page, BASE + 2 * page, 1 }, { BASE, BASE + page, 1 } }, 9, false },
		{ { { BASE, BASE, 0 }, { BASE + page, BASE + 3 * page, 2 } }, 9, false },
		{ { { BASE + 1, BASE + page, 0 }, { BASE + page, BASE + 3 * page, 2 } },
		  9,
		  false },
		{ { { BASE, BASE + page - 1, 0 }, { BASE + page, BASE + 3 * page, 2 } },
		  9,
		  false },
		{ { { BASE, BASE + page, 1 }, { BASE + page, BASE + 3 * page, 2 } },
		  UINT64_MAX,
		  false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		struct piece_run run[2] = { c[i].run[0], c[i].run[1] };
		const struct piece_plan plan = { .run = run, .n = 2, .pages = c[i].pages };

		CHECK_INT(piece_plan_is_possible(&plan) == c[i].possible ? -1 : (int)i, -1);
	}
	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = (struct piece_run){ i * page, (i + 1) * page, 1 };
	CHECK(piece_plan_is_possible(&(struct piece_plan){
		.run = many, .n = PIECE_RUNS_MAX, .pages = PIECE_RUNS_MAX }));
	CHECK(!piece_plan_is_possible(&(struct piece_plan){
		.run = many, .n = PIECE_RUNS_MAX + 1, .pages = PIECE_RUNS_MAX + 1 }));
}

int main(void)
{
	RUN(runs);
	RUN(what_cannot_be_answered);
	RUN(what_is_worth_a_mapping);
	RUN(the_longest);
	RUN(huge_pages);
	RUN(many);
	RUN(zero_pages);
	RUN(pays);
	return check_end();
}
