/* SPDX-License-Identifier: Apache-2.0 */
/* The figures as they are now, for Prometheus. */
#include "applets/metrics_print.h"

#include <sys/mman.h>

#include "applets/unreadable.h"
#include "base/log.h"
#include "doctor/container_policy.h"
#include "stats/capacity_file.h"
#include "stats/capacity_print.h"
#include "stats/collect.h"
#include "stats/metrics_format.h"

struct metrics_samples *metrics_samples_make(struct error *err)
{
	void *p = mmap(NULL, sizeof(struct metrics_samples), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		(void)err_errno(err, errno, "memory for samples");
		return NULL;
	}
	return p;
}

void metrics_samples_load(struct metrics_samples *m, const char *path)
{
	struct error err;
	int r = capacity_load(&m->history, path, &err);

	if (r < 0 && r != -ENOENT)
		log_warning("%s; the samples are begun anew", err.msg);
}

static int print_capacity(FILE *f, const struct snapshot *s, struct metrics_samples *m,
			  struct error *err)
{
	struct capacity_sample now;
	struct capacity_report report;
	int r = capacity_sample_now(&now, s, err);

	if (r < 0)
		return r;
	if (capacity_add(&m->history, now))
		m->changed = true;
	r = capacity_report(&report, &m->history, s, CAPACITY_WINDOW_S, -1, err);
	if (r == 0)
		capacity_metrics(f, &report);
	capacity_report_free(&report);
	return r;
}

int metrics_print(FILE *f, enum metrics_group group, const char *config, bool in_time,
		  struct metrics_samples *samples, struct error *err)
{
	struct snapshot s;
	int r = in_time ? snapshot_take_in_time(&s, err) : snapshot_take(&s, false, err);

	unreadable_log();
	if (r < 0)
		return r;
	container_policy_judge_by(config, &s);
	/* before containers are put together: it looks at their images */
	if (samples)
		r = print_capacity(f, &s, samples, err);
	metrics_group(&s, group);
	if (r == 0) {
		r = metrics_prometheus(f, &s, group);
		r = r < 0 ? err_errno(err, -r, "writing the figures") : 0;
	}
	snapshot_free(&s);
	return r;
}

int metrics_print_host(FILE *f, const char *config, struct error *err)
{
	struct snapshot none = { 0 };
	int r;

	container_policy_judge_by(config, &none);
	r = metrics_prometheus(f, &none, METRICS_BY_CONTAINER);
	return r < 0 ? err_errno(err, -r, "writing the figures") : 0;
}
