/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: does ksmd run, how fast for what is mergeable, and does something work against it? */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/text.h"
#include "doctor/checks.h"
#include "doctor/scan_time.h"
#include "kernel/ksm.h"
#include "ksmd/boost.h"
#include "ksmd/other_tuners.h"

/*
 * A page merges in the second scan at the earliest: the first remembers its checksum. Longer
 * than this for one, and a container may be gone before it saves anything.
 */
#define SLOW_SCAN_S 60

/* Beyond that the thread is busy most of the time: 20000 pages per 10 ms took 85 % of a CPU. */
#define BUSY_PAGES_PER_MS 1000

static const char *describe_pace(char *out, size_t size, int64_t pages, int64_t seconds)
{
	char bytes[16];

	format_bytes(bytes, sizeof(bytes), pages * sysconf(_SC_PAGESIZE));
	if (!pages)
		snprintf(out, size, "nothing is mergeable yet");
	else if (!seconds)
		snprintf(out, size, "%s is mergeable", bytes);
	else
		snprintf(out, size, "one scan of the %s that is mergeable takes %ld s or more",
			 bytes, (long)seconds);
	return out;
}

/*
 * Did `ksm-hook enable` set this speed, and did nobody lower it? It is the one at rest then:
 * after each start of a container ksmd is faster for a while.
 */
static bool is_enabled_rate(int64_t scan, int64_t nap)
{
	struct boost_status s;

	return boost_query(&s) == 0 && scan >= s.pages_to_scan && s.sleep_ms >= 0 &&
	       nap <= s.sleep_ms;
}

static void check_speed(struct doctor *d)
{
	int64_t scan = ksmd_counter("pages_to_scan"), nap = ksmd_counter("sleep_millisecs");
	int64_t pages = pages_to_scan_in_all(d);
	int64_t seconds = scan ? pages * nap / scan / 1000 : 0;
	char pace[128];
	struct finding *f;

	describe_pace(pace, sizeof(pace), pages, seconds);
	if (nap && is_enabled_rate(scan, nap)) {
		finding_add(d, FINDING_OK, ID_KSMD_SPEED, NULL,
			    "ksmd scans %ld pages every %ld ms at rest, more after each start: "
			    "%s",
			    (long)scan, (long)nap, pace);
	} else if (seconds > SLOW_SCAN_S || (!scan && pages)) {
		f = finding_add(d, FINDING_WARNING, ID_KSMD_SPEED,
				"a page merges in the second scan at the earliest, so new "
				"containers save nothing until then",
				"ksmd scans %ld pages every %ld ms: %s", (long)scan, (long)nap,
				pace);
		finding_fix(f, "%s enable --profile fast", d->command);
	} else if (nap == 0 || scan / nap > BUSY_PAGES_PER_MS) {
		f = finding_add(d, FINDING_WARNING, ID_KSMD_SPEED,
				"that keeps a CPU busy as long as ksmd runs, whether pages "
				"merge or not",
				"ksmd scans %ld pages every %ld ms", (long)scan, (long)nap);
		finding_fix(f, "%s enable", d->command);
	} else {
		finding_add(d, FINDING_OK, ID_KSMD_SPEED, NULL,
			    "ksmd scans %ld pages every %ld ms: %s", (long)scan, (long)nap,
			    pace);
	}
}

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
	pid_t pid;
	const char *name = other_tuner_find(&pid);
	struct finding *f;

	if (!name) {
		finding_add(d, FINDING_OK, ID_KSMD_TUNER, NULL,
			    "no other KSM tuning daemon is running");
		return;
	}
	f = finding_add(d, FINDING_WARNING, ID_KSMD_TUNER,
			"it changes ksmd's settings by the host's free memory, and stops ksmd "
			"while there is enough, so what ksm-hook enable sets does not last",
			"the KSM tuning daemon %s (process %d) sets ksmd's speed too", name,
			pid);
	finding_fix(f, "systemctl disable --now %s", name);
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
			"ksmd splits a huge page only where it finds one of its 512 pages "
			"elsewhere, so pages merge later, and counters show less than is saved",
			"transparent huge pages are used for all memory");
	finding_fix(f, "echo madvise >/sys/kernel/mm/transparent_hugepage/enabled");
}

void check_ksmd(struct doctor *d)
{
	int64_t run;

	if (d->kernel.ksm && ksm_sysfs("run", &run) == 0) {
		check_run(d, run);
		check_speed(d);
		check_advisor(d);
	}
	check_other_tuners(d);
	check_huge_pages(d);
}
