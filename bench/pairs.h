/* SPDX-License-Identifier: Apache-2.0 */
/* How much more one thing takes than another that was measured in the same rounds. */
#ifndef KSM_BENCH_PAIRS_H
#define KSM_BENCH_PAIRS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define PAIRS_DRAWS 2000

struct ratio {
	double median, low, high; /* of the pairs' ratios; where it lies in 95 of 100 cases */
};

static inline int pairs_order(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static inline double pairs_median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), pairs_order);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* The same in each run of a bench. */
static inline uint64_t pairs_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

/* Of rounds a[i] / b[i]: rounds are drawn again with replacement, PAIRS_DRAWS times (bootstrap). */
static inline struct ratio pairs_ratio(const double *a, const double *b, size_t n)
{
	double *ratios = calloc(n, sizeof(double)), *drawn = calloc(n, sizeof(double));
	double *medians = calloc(PAIRS_DRAWS, sizeof(double));
	uint64_t x = 88172645463325252ULL;
	struct ratio r;

	if (!ratios || !drawn || !medians)
		abort();
	for (size_t i = 0; i < n; i++)
		ratios[i] = a[i] / b[i];
	for (size_t k = 0; k < PAIRS_DRAWS; k++) {
		for (size_t i = 0; i < n; i++)
			drawn[i] = ratios[pairs_random(&x) % n];
		medians[k] = pairs_median(drawn, n);
	}
	qsort(medians, PAIRS_DRAWS, sizeof(double), pairs_order);
	r = (struct ratio){ pairs_median(ratios, n), medians[PAIRS_DRAWS / 40],
			    medians[PAIRS_DRAWS - 1 - PAIRS_DRAWS / 40] };
	free(ratios);
	free(drawn);
	free(medians);
	return r;
}

/* What a thing took, round by round: milliseconds, and of CPU time. */
struct pairs_took {
	double *ms, *cpu_ms;
};

static inline double pairs_quantile(const double *v, size_t n, double q)
{
	double *sorted = calloc(n, sizeof(double)), at;

	if (!sorted)
		abort();
	for (size_t i = 0; i < n; i++)
		sorted[i] = v[i];
	at = pairs_median(sorted, n);
	if (q != 0.5)
		at = sorted[(size_t)((double)n * q)];
	free(sorted);
	return at;
}

/* For programs ($PAIRS, bench/rows.sh): a line of one that was measured, beside the first. */
static inline void pairs_write(FILE *file, const char *name, const struct pairs_took *t,
			       const struct pairs_took *first, size_t n)
{
	struct ratio r = pairs_ratio(t->ms, first->ms, n),
		     c = pairs_ratio(t->cpu_ms, first->cpu_ms, n);

	fprintf(file, "%s\t%.3f\t%.3f\t%.3f\t%.4f\t%.4f\t%.4f\t%.3f\t%.4f\t%.4f\t%.4f\n", name,
		pairs_quantile(t->ms, n, 0.5), pairs_quantile(t->ms, n, 0.1),
		pairs_quantile(t->ms, n, 0.9), r.median, r.low, r.high,
		pairs_quantile(t->cpu_ms, n, 0.5), c.median, c.low, c.high);
}

/* Where a bench is to leave the rows of the table that `make bench` ends with (bench/all); NULL: nowhere. */
static inline FILE *pairs_rows(void)
{
	const char *path = getenv("BENCH_ROWS");

	return path && *path ? fopen(path, "ae") : NULL;
}

#endif
