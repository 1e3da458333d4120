/* SPDX-License-Identifier: Apache-2.0 */
/* What merging saves: single processes, forked ones, those that wrote the same by themselves. */
#include "stats/savings.h"
#include "check.h"

#define M (1 << 20)

/* anonymous, proportional, merged, zeros, own; MiB, but own: -1 unknown */
static const struct {
	const char *what;
	struct saving_process p[4];
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
};

int main(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct saving_process p[4];
		struct saving s;

		check_case = cases[i].what;
		for (size_t k = 0; k < cases[i].n; k++) {
			p[k] = cases[i].p[k];
			p[k].anonymous *= M;
			p[k].proportional *= M;
			p[k].merged *= M;
			p[k].zeros *= M;
			p[k].own *= p[k].own < 0 ? 1 : M;
		}
		s = saving_of_family(p, cases[i].n, cases[i].share);
		CHECK_INT(s.least, cases[i].least * M);
		CHECK_INT(s.most, cases[i].most * M);
	}
	return check_end();
}
