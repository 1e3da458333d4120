/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: does ksmd run, how fast for what is mergeable, and does something work against it? */
#include <stdint.h>
#include <string.h>

#include "base/io.h"
#include "doctor/checks.h"
#include "doctor/container_memory_checks.h"
#include "doctor/ksmd_counters.h"
#include "doctor/ksmd_speed.h"
#include "kernel/ksm.h"
#include "ksmd/other_tuners.h"

/* Its defaults were measured: docs/how-it-works.md */
static void check_advisor(struct doctor *d)
{
	int64_t target = ksmd_counter("advisor_target_scan_time");
	char mode[64];
	struct finding *f;

	if (ksm_sysfs_text("advisor_mode", mode, sizeof(mode)) < 0 || strstr(mode, "[none]"))
		return;
	f = finding_add(d, FINDING_WARNING, ID_KSMD_ADVISOR,
			"it begins with the fewest pages and finds its speed only after "
			"several scans, and pages_to_scan cannot be set while it is on",
			"the scan-time advisor sets ksmd's speed, aiming at one scan in %ld s",
			(long)target);
	finding_fix(f, "echo none >/sys/kernel/mm/ksm/advisor_mode && %s enable", d->command);
}

static void check_run(struct doctor *d, int64_t run)
{
	struct finding *f;

	if (run == 1) {
		finding_add(d, FINDING_OK, ID_KSMD_RUN, NULL,
			    "ksmd is running, with %ld completed full scans",
			    (long)ksmd_counter("full_scans"));
		return;
	}
	f = finding_add(d, FINDING_BROKEN, ID_KSMD_RUN,
			"mergeable memory is merged only while ksmd is running",
			run == 2 ? "ksmd is stopped and all pages were unmerged "
				   "(/sys/kernel/mm/ksm/run is 2)" :
				   "ksmd is stopped (/sys/kernel/mm/ksm/run is 0)");
	finding_fix(f, "%s enable", d->command);
}

static void check_other_tuners(struct doctor *d)
{
	struct other_tuner t;
	struct finding *f;

	if (!other_tuner_find(&t)) {
		finding_add(d, FINDING_OK, ID_KSMD_TUNER, NULL,
			    "no other KSM tuning daemon is running");
		return;
	}
	f = finding_add(d, FINDING_WARNING, ID_KSMD_TUNER,
			"it changes ksmd's settings by the host's free memory, and stops ksmd "
			"while there is enough, so what ksm-hook enable sets does not last",
			"the KSM tuning daemon %s (process %d) sets ksmd's speed too", t.name,
			t.pid);
	finding_fix(f, "%s", t.stop);
}

static void check_huge_pages(struct doctor *d)
{
	struct finding *f;
	char text[128];

	if (read_kernel_file("/sys/kernel/mm/transparent_hugepage/enabled", text,
			     sizeof(text)) < 0 ||
	    !strstr(text, "[always]"))
		return;
	f = finding_add(d, FINDING_NOTE, ID_HUGE_PAGES,
			"ksmd splits a huge page only where it finds a page of it elsewhere, "
			"so pages merge later, and counters show less than is saved",
			"transparent huge pages are used for all memory");
	finding_fix(f, "echo madvise >/sys/kernel/mm/transparent_hugepage/enabled");
}

void check_ksmd(struct doctor *d)
{
	struct ksmd_speed speed;
	int64_t run;

	if (d->kernel.ksm && ksm_sysfs("run", &run) == 0) {
		check_run(d, run);
		ksmd_speed_read(d, &speed);
		ksmd_speed_judge(d, &speed);
		check_advisor(d);
		check_host_headroom(d);
	}
	check_other_tuners(d);
	check_huge_pages(d);
}
