/* SPDX-License-Identifier: Apache-2.0 */
/* The figures as they are now, for Prometheus. */
#include "applets/metrics_print.h"

#include "applets/unreadable.h"
#include "doctor/container_policy.h"
#include "stats/collect.h"
#include "stats/metrics_format.h"

int metrics_print(FILE *f, enum metrics_group group, const char *config, bool in_time,
		  struct error *err)
{
	struct snapshot s;
	int r = in_time ? snapshot_take_in_time(&s, err) : snapshot_take(&s, false, err);

	unreadable_log();
	if (r < 0)
		return r;
	container_policy_judge_by(config, &s);
	metrics_group(&s, group);
	r = metrics_prometheus(f, &s, group);
	snapshot_free(&s);
	return r < 0 ? err_errno(err, -r, "writing the figures") : 0;
}

int metrics_print_host(FILE *f, const char *config, struct error *err)
{
	struct snapshot none = { 0 };
	int r;

	container_policy_judge_by(config, &none);
	r = metrics_prometheus(f, &none, METRICS_BY_CONTAINER);
	return r < 0 ? err_errno(err, -r, "writing the figures") : 0;
}
