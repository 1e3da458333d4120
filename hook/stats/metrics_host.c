/* SPDX-License-Identifier: Apache-2.0 */
/* What is measured: the machine's figures, from sysfs and of ksmd, and those of a container. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "applets/metrics.h"
#include "base/macros.h"
#include "kernel/proc.h"

/* What a figure of sysfs is multiplied with. */
enum unit { ONE, PAGES, MILLI };

static const struct {
	const char *file, *name, *help;
	bool counter;
	enum unit unit;
	const char *collectd;
} sysfs[] = {
	{ "run", "ksm_run", "ksmd: 0 stopped, 1 running, 2 stopped and everything un-merged.",
	  false, ONE, "gauge-run" },
	{ "pages_to_scan", "ksm_scan_batch_pages", "Pages that ksmd looks at before it sleeps.",
	  false, ONE, "gauge-pages_to_scan" },
	{ "sleep_millisecs", "ksm_scan_sleep_seconds", "How long ksmd sleeps between batches.",
	  false, MILLI, "gauge-sleep_seconds" },
	{ "pages_shared", "ksm_kept_bytes", "Merged pages that are kept.", false, PAGES,
	  "memory-kept" },
	{ "pages_sharing", "ksm_sharing_bytes",
	  "Places that use a kept page beside the first, whether or not fork shared them "
	  "before.",
	  false, PAGES, "memory-sharing" },
	{ "ksm_zero_pages", "ksm_zero_bytes", "Places that use the page of zeros by ksmd.",
	  false, PAGES, "memory-zero" },
	{ "pages_unshared", "ksm_unshared_bytes", "Looked at, and there is no equal page.",
	  false, PAGES, "memory-unshared" },
	{ "pages_volatile", "ksm_volatile_bytes", "Looked at, and they change too fast.", false,
	  PAGES, "memory-volatile" },
	{ "general_profit", "ksm_profit_bytes",
	  "What the kernel counts as saved, less what ksmd needs.", false, ONE,
	  "gauge-profit_bytes" },
	{ "full_scans", "ksm_full_scans_total", "Times that ksmd has been through.", true, ONE,
	  "derive-full_scans" },
	{ "pages_scanned", "ksm_scanned_pages_total", "Pages that ksmd has looked at.", true,
	  ONE, "derive-pages_scanned" },
	{ "pages_skipped", "ksm_skipped_pages_total",
	  "Pages that smart scan has left out, for they were not equal before.", true, ONE,
	  "derive-pages_skipped" },
};

/* User and system time of the thread ksmd in seconds; -1 where there is none. */
static double ksmd_seconds(void)
{
	DIR *dir = opendir("/proc");
	double seconds = -1;
	pid_t pid;

	if (!dir)
		return -1;
	while (seconds < 0 && (pid = proc_next(dir)) != 0) {
		struct proc_stat st;
		char comm[32];

		if (proc_read(pid, "comm", comm, sizeof(comm)) > 0 &&
		    strcmp(comm, "ksmd\n") == 0 && proc_stat(pid, &st) == 0 && st.kernel_thread)
			seconds = (double)st.cpu_ticks / (double)sysconf(_SC_CLK_TCK);
	}
	closedir(dir);
	return seconds;
}

/* -1 where this kernel does not count it */
static double cow_breaks(void)
{
	static char text[1 << 14];
	FILE *f = fopen("/proc/vmstat", "re");
	const char *p;
	size_t n;

	if (!f)
		return -1;
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	p = strstr(text, "\ncow_ksm ");
	return p ? strtod(p + strlen("\ncow_ksm "), NULL) : -1;
}

size_t metrics_host(struct metric out[METRICS_MAX])
{
	const double unit[] = {
		[ONE] = 1, [PAGES] = (double)sysconf(_SC_PAGESIZE), [MILLI] = 0.001
	};
	size_t n = 0;
	double v;

	for (size_t i = 0; i < ARRAY_SIZE(sysfs); i++) {
		int64_t value;

		if (ksm_sysfs(sysfs[i].file, &value) == 0)
			out[n++] = (struct metric){ sysfs[i].name, sysfs[i].help,
						    sysfs[i].counter, sysfs[i].collectd,
						    (double)value * unit[sysfs[i].unit] };
	}
	v = ksmd_seconds();
	if (v >= 0)
		out[n++] = (struct metric){ "ksm_ksmd_cpu_seconds_total",
					    "Processor time that ksmd has used.", true,
					    "total_time_in_ms-ksmd_cpu", v };
	v = cow_breaks();
	if (v >= 0)
		out[n++] = (struct metric){ "ksm_broken_pages_total",
					    "Merged pages that were written to, and so copied.",
					    true, "derive-broken_pages", v };
	return n;
}

static int64_t processes(const struct look_container *c)
{
	return (int64_t)c->processes;
}

static int64_t mergeable(const struct look_container *c)
{
	return (int64_t)c->mergeable;
}

static int64_t anonymous(const struct look_container *c)
{
	return c->anonymous;
}

static int64_t merged(const struct look_container *c)
{
	return c->merged;
}

static int64_t saved(const struct look_container *c)
{
	return c->saving.least;
}

static int64_t saved_at_most(const struct look_container *c)
{
	return c->saving.most;
}

static int64_t cost(const struct look_container *c)
{
	return c->cost;
}

const struct metric_of metrics_container[] = {
	{ "ksm_container_processes", "Processes.", "count-processes", processes },
	{ "ksm_container_mergeable_processes", "Processes that ksmd may merge.",
	  "count-mergeable", mergeable },
	{ "ksm_container_anonymous_bytes",
	  "Anonymous memory, counted for each process that uses it.", "memory-anonymous",
	  anonymous },
	{ "ksm_container_merged_bytes", "Of it in merged pages.", "memory-merged", merged },
	{ "ksm_container_saved_bytes", "What merging saves, at least.", "memory-saved", saved },
	{ "ksm_container_saved_at_most_bytes",
	  "What merging saves, if nothing of what processes have in common is fork's.",
	  "memory-saved_at_most", saved_at_most },
	{ "ksm_container_cost_bytes", "Kernel memory for the pages that ksmd has looked at.",
	  "memory-cost", cost },
};
const size_t metrics_container_n = ARRAY_SIZE(metrics_container);
