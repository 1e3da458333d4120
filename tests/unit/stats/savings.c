/* SPDX-License-Identifier: Apache-2.0 */
/* What merging saves: single processes, forked ones, those that wrote the same by themselves. */
#include "stats/savings.h"
#include "check.h"

#define M (INT64_C(1) << 20)

/* anonymous, proportional, merged, zeros, own; MiB, but own: -1 unknown */
static const struct {
	const char *what;
	struct process_memory p[4];
	size_t n;
	double share;
	int64_t least, most;
} cases[] = {
	{ "nothing merged", { { 10, 10, 0, 0, -1 } }, 1, 1, 0, 0 },
	/* ten equal processes: each has a tenth of 8 */
	{ "one of ten", { { 18, 10, 8, 0, -1 } }, 1, 0.5, 8, 8 },
	{ "one of four", { { 18, 12, 8, 0, -1 } }, 1, 0.5, 6, 6 },
	{ "zeros are saved whole", { { 10, 10, 0, 5, -1 } }, 1, 1, 5, 5 },
	/* proportional memory below the unmerged: some of that is shared with strangers */
	{ "shared elsewhere", { { 18, 8, 8, 0, -1 } }, 1, 0.5, 8, 8 },
	/* a parent and three children that wrote nothing, merged with another such family */
	{ "forked",
	  { { 8, 1, 8, 0, 8 }, { 8, 1, 8, 0, 0 }, { 8, 1, 8, 0, 0 }, { 8, 1, 8, 0, 0 } },
	  4,
	  0.125,
	  4,
	  4 },
	/* the same figures, but every one of them wrote its pages */
	{ "own pages",
	  { { 8, 1, 8, 0, 8 }, { 8, 1, 8, 0, 9 }, { 8, 1, 8, 0, 9 }, { 8, 1, 8, 0, -1 } },
	  4,
	  0.125,
	  4,
	  28 },
	/* the parent has gone: what they have in common was one page all the same */
	{ "orphans", { { 8, 4, 8, 0, 1 }, { 8, 4, 8, 0, 1 } }, 2, 0.5, 0, 0 },
	/* fork sharing alone is no saving, whatever its share of memory */
	{ "forked, not merged", { { 8, 4, 0, 0, 8 }, { 8, 4, 0, 0, 0 } }, 2, 0.1, 0, 0 },
	{ "forked, little merged", { { 8, 4, 1, 0, 8 }, { 8, 4, 1, 0, 0 } }, 2, 1, 0, 0 },
	/* zeros are inherited too */
	{ "zeros forked", { { 0, 0, 0, 4, 4 }, { 0, 0, 0, 4, 0 } }, 2, 1, 4, 4 },
	/* what they have in common is one page, whoever of the three it came from */
	{ "three orphans",
	  { { 8, 2, 8, 0, 1 }, { 8, 2, 8, 0, 1 }, { 8, 2, 8, 0, 1 } },
	  3,
	  0.25,
	  2,
	  3 },
	/* all is merged: then proportional memory is that of the merged pages, to the byte */
	{ "all merged", { { 8, 1, 8, 0, -1 } }, 1, 0.5, 7, 7 },
	{ "all merged, and more of it than the average", { { 8, 4, 8, 0, -1 } }, 1, 0.1, 4, 4 },
	{ "all merged, of two", { { 8, 2, 8, 0, 8 }, { 8, 2, 8, 0, 8 } }, 2, 0.25, 4, 12 },
	/* a share to the byte, where proportional memory sets no bounds */
	{ "the average decides", { { 16, 12, 4, 0, 4 }, { 16, 12, 4, 0, 4 } }, 2, 0.5, 0, 4 },
};

/* The pages were looked at: distinct ones, their frames; MiB. */
static const struct {
	const char *what;
	struct process_memory p[2];
	int64_t distinct;
	double frames;
	int64_t least, most;
} exact_cases[] = {
	{ "nothing", { { 0 }, { 0 } }, 0, 0, 0, 0 },
	{ "two equal", { { .merged = 4, .own = 4 }, { .merged = 4, .own = 4 } }, 4, 2, 2, 6 },
	{ "forked", { { .merged = 4, .own = 4 }, { .merged = 4 } }, 4, 1, 3, 3 },
	/* of zero pages as many as one of them has are known to be different */
	{ "zeros of the first",
	  { { .zeros = 3, .own = 9 }, { .zeros = 1, .own = 9 } },
	  0,
	  0,
	  3,
	  4 },
	{ "zeros of the second",
	  { { .zeros = 1, .own = 9 }, { .zeros = 3, .own = 9 } },
	  0,
	  0,
	  3,
	  4 },
	{ "frames as many as pages", { { .merged = 4, .own = 4 }, { 0 } }, 4, 4, 0, 0 },
};

static struct process_memory in_bytes(struct process_memory p)
{
	p.anonymous *= M;
	p.proportional *= M;
	p.merged *= M;
	p.zeros *= M;
	p.own *= p.own < 0 ? 1 : M;
	return p;
}

static void exactly(void)
{
	for (size_t i = 0; i < sizeof(exact_cases) / sizeof(*exact_cases); i++) {
		/* one more than is counted, which no figure may come from */
		struct process_memory p[3] = {
			in_bytes(exact_cases[i].p[0]),
			in_bytes(exact_cases[i].p[1]),
			{ .merged = 99 * M, .zeros = 99 * M, .own = 99 }
		};
		struct saving s;

		check_case = exact_cases[i].what;
		s = saving_of_group_exactly(p, 2, exact_cases[i].distinct * M,
					    exact_cases[i].frames * M);
		CHECK_INT(s.least, exact_cases[i].least * M);
		CHECK_INT(s.most, exact_cases[i].most * M);
	}
}

static void groups(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct process_memory p[4];
		struct saving s;

		check_case = cases[i].what;
		for (size_t k = 0; k < cases[i].n; k++)
			p[k] = in_bytes(cases[i].p[k]);
		s = saving_of_group(p, cases[i].n, cases[i].share);
		CHECK_INT(s.least, cases[i].least * M);
		CHECK_INT(s.most, cases[i].most * M);
	}
}

int main(void)
{
	RUN(groups);
	RUN(exactly);
	return check_end();
}
