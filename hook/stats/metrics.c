/* SPDX-License-Identifier: Apache-2.0 */
/* The metrics: the machine's, from sysfs and of ksmd, and those of a container. */
#include "stats/metrics.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/macros.h"
#include "kernel/process.h"

/* What a number of sysfs is multiplied with. */
enum unit { ONE, PAGES, MILLI };

static const struct {
	char file[16], name[32], help[80];
	bool counter;
	enum unit unit;
	char collectd[24];
} sysfs[] = {
	{ "run", "ksm_run", "ksmd: 0 stopped, 1 running, 2 stopped and everything unmerged.",
	  false, ONE, "gauge-run" },
	{ "pages_to_scan", "ksm_scan_batch_pages", "Pages that ksmd scans before it sleeps.",
	  false, ONE, "gauge-pages_to_scan" },
	{ "sleep_millisecs", "ksm_scan_sleep_seconds", "How long ksmd sleeps between batches.",
	  false, MILLI, "gauge-sleep_seconds" },
	{ "pages_shared", "ksm_shared_bytes", "Shared pages.", false, PAGES, "memory-shared" },
	{ "pages_sharing", "ksm_sharing_bytes",
	  "Mappings that use a shared page beyond the first.", false, PAGES, "memory-sharing" },
	{ "ksm_zero_pages", "ksm_zero_bytes",
	  "Mappings that ksmd has made use the kernel's zero page.", false, PAGES,
	  "memory-zero" },
	{ "pages_unshared", "ksm_unshared_bytes", "Scanned pages that no other page equals.",
	  false, PAGES, "memory-unshared" },
	{ "pages_volatile", "ksm_volatile_bytes",
	  "Scanned pages that change too fast to be merged.", false, PAGES, "memory-volatile" },
	{ "general_profit", "ksm_profit_bytes",
	  "Saved memory less the memory that ksmd needs, as the kernel counts it.", false, ONE,
	  "gauge-profit_bytes" },
	{ "full_scans", "ksm_full_scans_total", "Completed full scans.", true, ONE,
	  "derive-full_scans" },
	{ "pages_scanned", "ksm_scanned_pages_total", "Pages that ksmd has scanned.", true, ONE,
	  "derive-pages_scanned" },
	{ "pages_skipped", "ksm_skipped_pages_total",
	  "Pages that smart scan has skipped, since they did not merge before.", true, ONE,
	  "derive-pages_skipped" },
};

static int add_ksmd_time(pid_t pid, void *arg)
{
	double *seconds = arg;
	struct proc_stat st;
	char comm[32];

	if (process_command(pid, comm, sizeof(comm)) <= 0 || strcmp(comm, "ksmd") != 0 ||
	    proc_stat(pid, &st) < 0 || !st.kernel_thread)
		return 0;
	*seconds = (double)st.cpu_ticks / (double)sysconf(_SC_CLK_TCK);
	return 1;
}

/* User and system time of the thread ksmd in seconds; -1 where there is none. */
static double ksmd_seconds(void)
{
	double seconds = -1;

	(void)proc_for_each(add_ksmd_time, &seconds);
	return seconds;
}

/* -1 where this kernel does not count it */
static double cow_breaks(void)
{
	static char text[1 << 16];
	const char *p;

	if (read_kernel_file("/proc/vmstat", text, sizeof(text)) < 0)
		return -1;
	p = strstr(text, "\ncow_ksm ");
	return p ? strtod(p + strlen("\ncow_ksm "), NULL) : -1;
}

size_t host_metrics(const struct snapshot *s, struct host_metric out[HOST_METRICS_MAX])
{
	const double unit[] = {
		[ONE] = 1, [PAGES] = (double)sysconf(_SC_PAGESIZE), [MILLI] = 0.001
	};
	size_t n = 0;
	double v;

	for (size_t i = 0; i < ARRAY_SIZE(sysfs); i++) {
		int64_t value;

		if (ksm_sysfs(sysfs[i].file, &value) == 0)
			out[n++] = (struct host_metric){ sysfs[i].name, sysfs[i].help,
							 sysfs[i].counter, sysfs[i].collectd,
							 (double)value * unit[sysfs[i].unit] };
	}
	out[n++] =
		(struct host_metric){ "ksm_hook_config_valid",
				      "0: the configuration is broken, and nothing is merged.",
				      false, "gauge-config_valid", !s->config_broken };
	out[n++] = (struct host_metric){ "ksm_hook_stopped",
					 "1: ksm-hook stop, so nothing is made mergeable.",
					 false, "gauge-stopped", s->stopped };
	v = ksmd_seconds();
	if (v >= 0)
		out[n++] = (struct host_metric){ "ksm_ksmd_cpu_seconds_total",
						 "CPU time that ksmd has used.", true,
						 "total_time_in_ms-ksmd_cpu", v };
	v = cow_breaks();
	if (v >= 0)
		out[n++] = (struct host_metric){
			"ksm_broken_pages_total",
			"Merged pages that were copied because they were written to.", true,
			"derive-broken_pages", v
		};
	return n;
}

static int64_t metric_processes(const struct container_stats *c)
{
	return (int64_t)c->processes;
}

static int64_t metric_mergeable(const struct container_stats *c)
{
	return (int64_t)c->mergeable;
}

static int64_t metric_anonymous(const struct container_stats *c)
{
	return c->anonymous;
}

static int64_t metric_merged(const struct container_stats *c)
{
	return c->merged;
}

static int64_t metric_saved(const struct container_stats *c)
{
	return c->saving.least;
}

static int64_t metric_saved_at_most(const struct container_stats *c)
{
	return c->saving.most;
}

static int64_t metric_cost(const struct container_stats *c)
{
	return c->cost;
}

static int64_t metric_would(const struct container_stats *c)
{
	return (int64_t)c->would;
}

static int64_t metric_against(const struct container_stats *c)
{
	return (int64_t)c->against;
}

static int64_t if_known(const struct container_stats *c, int64_t value)
{
	return c->charges.known ? value : -1;
}

static int64_t if_bounded(const struct container_stats *c, int64_t value)
{
	return c->charges.open ? -1 : if_known(c, value);
}

static int64_t metric_charged(const struct container_stats *c)
{
	return if_known(c, c->charges.charged_least);
}

static int64_t metric_charged_at_most(const struct container_stats *c)
{
	return if_bounded(c, c->charges.charged_most);
}

static int64_t metric_elsewhere(const struct container_stats *c)
{
	return if_known(c, c->charges.elsewhere_least);
}

static int64_t metric_elsewhere_at_most(const struct container_stats *c)
{
	return if_bounded(c, c->charges.elsewhere_most);
}

static int64_t metric_unread(const struct container_stats *c)
{
	return (int64_t)c->left_out;
}

const struct container_metric container_metrics[] = {
	{ "ksm_container_processes", "Processes of the container.", "count-processes",
	  metric_processes },
	{ "ksm_container_mergeable_processes", "Processes that ksmd may merge.",
	  "count-mergeable", metric_mergeable },
	{ "ksm_container_anonymous_bytes",
	  "Anonymous memory, counted for each process that uses it.", "memory-anonymous",
	  metric_anonymous },
	{ "ksm_container_merged_bytes",
	  "Anonymous memory in merged pages, counted for each process that uses it.",
	  "memory-merged", metric_merged },
	{ "ksm_container_saved_bytes", "Memory that merging saves, at least.", "memory-saved",
	  metric_saved },
	{ "ksm_container_saved_at_most_bytes",
	  "Memory that merging saves, at most: if no process had shared any of it since a "
	  "fork.",
	  "memory-saved_at_most", metric_saved_at_most },
	{ "ksm_container_would_merge",
	  "1 where it would be merged if \"mode\" were not \"observe\".", "gauge-would_merge",
	  metric_would },
	{ "ksm_container_denied_mergeable_processes",
	  "Mergeable processes of a container that a rule denies.", "count-denied_mergeable",
	  metric_against },
	{ "ksm_container_unread_processes",
	  "Processes of whose memory not all was read: the figures are without it.",
	  "count-unread", metric_unread },
	{ "ksm_container_cost_bytes", "Kernel memory for the pages that ksmd has scanned.",
	  "memory-cost", metric_cost },
	{ "ksm_container_charged_bytes",
	  "What its memory cgroup is charged for merged pages that others use too, at least.",
	  "memory-charged", metric_charged },
	{ "ksm_container_charged_at_most_bytes", "The same, at most.", "memory-charged_at_most",
	  metric_charged_at_most },
	{ "ksm_container_charged_elsewhere_bytes",
	  "Merged pages it uses that another memory cgroup is charged for, at least.",
	  "memory-elsewhere", metric_elsewhere },
	{ "ksm_container_charged_elsewhere_at_most_bytes", "The same, at most.",
	  "memory-elsewhere_at_most", metric_elsewhere_at_most },
};
const size_t container_metrics_n = ARRAY_SIZE(container_metrics);
