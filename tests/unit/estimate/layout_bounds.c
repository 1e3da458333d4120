/* SPDX-License-Identifier: Apache-2.0 */
/* What a layout in common frees at most, and what a pair tells of others. */
#include "estimate/layout_bounds.h"

#include <string.h>

#include "base/macros.h"
#include "check.h"

static void most(void)
{
	static const struct {
		const char *name;
		struct program_memory m[4];
		size_t n;
		int most;
	} cases[] = {
		{ "nobody", { { 0 } }, 0, 0 },
		{ "one keeps what it has", { { 7, 100, 0 } }, 1, 0 },
		{ "but what it has twice", { { 7, 100, 30 } }, 1, 30 },
		{ "the larger of two remains", { { 7, 100, 0 }, { 7, 60, 0 } }, 2, 60 },
		{ "the smaller is first", { { 7, 60, 0 }, { 7, 100, 0 } }, 2, 60 },
		{ "without what is twice in it", { { 7, 100, 50 }, { 7, 60, 0 } }, 2, 100 },
		{ "others have nothing in common", { { 7, 100, 0 }, { 8, 60, 0 } }, 2, 0 },
		{ "by program, wherever they are",
		  { { 7, 100, 0 }, { 8, 60, 0 }, { 7, 80, 0 }, { 8, 50, 0 } },
		  4,
		  130 },
		{ "and in any order",
		  { { 7, 100, 0 }, { 8, 60, 0 }, { 7, 80, 0 }, { 7, 50, 0 } },
		  4,
		  130 },
		{ "all of each is there twice", { { 7, 10, 10 }, { 7, 8, 8 } }, 2, 18 },
		{ "an unknown one is alone", { { 0, 100, 0 }, { 0, 60, 10 } }, 2, 10 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct program_memory m[4];

		memcpy(m, cases[i].m, sizeof(m));
		check_case = cases[i].name;
		CHECK_INT((int)layout_most(m, cases[i].n), cases[i].most);
	}
	check_case = "";
}

static void like_a_pair(void)
{
	static const struct {
		const char *name;
		struct program_memory pair[2];
		int saves, frames;
		size_t n;
		int freed;
	} cases[] = {
		{ "all is equal", { { 0, 100, 0 }, { 0, 100, 0 } }, 100, 1000, 10, 900 },
		{ "nothing is", { { 0, 100, 0 }, { 0, 100, 0 } }, 0, 1000, 10, 0 },
		{ "four fifths", { { 0, 100, 0 }, { 0, 100, 0 } }, 80, 1000, 10, 720 },
		{ "half of it twice in each",
		  { { 0, 100, 50 }, { 0, 100, 50 } },
		  150,
		  1000,
		  10,
		  950 },
		{ "larger than the pair",
		  { { 0, 100, 0 }, { 0, 100, 0 } },
		  80,
		  2000,
		  10,
		  1440 },
		{ "a pair of unlike size", { { 0, 80, 0 }, { 0, 120, 0 } }, 80, 1000, 10, 720 },
		{ "a pair of unlike contents",
		  { { 0, 80, 10 }, { 0, 120, 30 } },
		  100,
		  1000,
		  10,
		  740 },
		{ "one gains what it has twice",
		  { { 0, 100, 50 }, { 0, 100, 50 } },
		  150,
		  100,
		  1,
		  50 },
		{ "no pair", { { 0, 0, 0 }, { 0, 0, 0 } }, 0, 1000, 10, 0 },
		{ "nobody", { { 0, 100, 0 }, { 0, 100, 0 } }, 80, 0, 0, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		double freed = layout_like_pair(cases[i].pair, cases[i].saves, cases[i].frames,
						cases[i].n);

		check_case = cases[i].name;
		CHECK(freed > cases[i].freed - 0.01 && freed < cases[i].freed + 0.01);
	}
	check_case = "";
}

int main(void)
{
	RUN(most);
	RUN(like_a_pair);
	return check_end();
}
