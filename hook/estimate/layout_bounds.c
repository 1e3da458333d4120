/* SPDX-License-Identifier: Apache-2.0 */
/* What a layout in common can free: at most, and by what a pair that has one shows; pure. */
#include "estimate/layout_bounds.h"

#include <stdlib.h>

static int by_program(const void *a, const void *b)
{
	const struct program_memory *x = a, *y = b;

	return (x->program > y->program) - (x->program < y->program);
}

double layout_most(struct program_memory *m, size_t n)
{
	double most = 0;

	qsort(m, n, sizeof(*m), by_program);
	for (size_t i = 0, end; i < n; i = end) {
		double frames = 0, largest = 0;

		for (end = i; end < n && m[end].program == m[i].program; end++) {
			double rest = m[end].frames - m[end].alone;

			/* it shares with nobody */
			if (end > i && !m[i].program)
				break;
			frames += m[end].frames;
			largest = rest > largest ? rest : largest;
		}
		most += frames - largest;
	}
	return most;
}

double layout_like_pair(const struct program_memory pair[2], double pair_saves, double frames,
			size_t n)
{
	double both = pair[0].frames + pair[1].frames;
	/* what one keeps, and what the second one adds */
	double one = (both - pair[0].alone - pair[1].alone) / 2;
	double second = both - pair_saves - one;
	double left;

	/* no number where there is no pair, or nobody */
	left = frames / (double)n * (one + (double)(n - 1) * second) / (both / 2);
	return left < frames ? frames - left : 0;
}
