/* SPDX-License-Identifier: Apache-2.0 */
/* An estimate as metrics of Prometheus. */
#include "applets/estimate_metrics.h"

#include <inttypes.h>
#include <unistd.h>

#include "base/macros.h"
#include "estimate/report.h"
#include "stats/metrics_format.h"

static double pages_of_frames(const struct estimate_row *r)
{
	return (double)r->count.frames;
}

static double pages_saved(const struct estimate_row *r)
{
	return r->sum.saves;
}

static double pages_saved_alone(const struct estimate_row *r)
{
	return r->sum.alone;
}

static const struct {
	const char *name, *help;
	double (*pages)(const struct estimate_row *r);
} row_metrics[] = {
	{ "anonymous_bytes", "Anonymous memory that is not merged yet.", pages_of_frames },
	{ "saves_bytes", "Memory that merging all that was read would free, its share of it.",
	  pages_saved },
	{ "alone_bytes", "Memory that merging this container alone would free.",
	  pages_saved_alone },
};

static void head(FILE *f, const char *name, const char *help)
{
	fprintf(f, "# HELP ksm_hook_estimate_%s %s\n# TYPE ksm_hook_estimate_%s gauge\n", name,
		help, name);
}

static void row_value(FILE *f, const char *name, const struct estimate_row *r, int64_t value)
{
	fprintf(f, "ksm_hook_estimate_%s{", name);
	prometheus_label(f, "engine", r->name.engine);
	fputc(',', f);
	prometheus_label(f, "id", r->name.id);
	fprintf(f, "} %" PRId64 "\n", value);
}

void estimate_metrics(FILE *f, const struct estimate *e)
{
	int64_t page = sysconf(_SC_PAGESIZE);

	for (size_t i = 0; i < ARRAY_SIZE(row_metrics) && e->n > 1; i++) {
		head(f, row_metrics[i].name, row_metrics[i].help);
		for (uint32_t k = 1; k < e->n; k++)
			row_value(f, row_metrics[i].name, &e->row[k],
				  (int64_t)(row_metrics[i].pages(&e->row[k]) * (double)page));
	}
	if (e->n > 1)
		head(f, "cost_bytes", "Kernel memory that ksmd would need.");
	for (uint32_t k = 1; k < e->n; k++)
		row_value(f, "cost_bytes", &e->row[k], estimate_cost(&e->row[k]));
	head(f, "ksmd_cpu_seconds", "CPU time that ksmd would take to merge all of it once.");
	fprintf(f, "ksm_hook_estimate_ksmd_cpu_seconds %.3f\n", estimate_cpu_seconds(e));
	head(f, "error_bytes",
	     "Two standard errors of all that would be freed; 0 where nothing was left out.");
	fprintf(f, "ksm_hook_estimate_error_bytes %" PRId64 "\n",
		(int64_t)(2 * e->total.error * (double)page));
	head(f, "changed_ratio", "The part of the pages that changed while they were read.");
	fprintf(f, "ksm_hook_estimate_changed_ratio %.4f\n", e->changed);
	head(f, "unreadable_processes",
	     "Processes that were left out, as they may not be read.");
	fprintf(f, "ksm_hook_estimate_unreadable_processes %zu\n", e->unreadable);
}
