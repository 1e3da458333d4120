/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: does ksmd run, how fast for what is marked, and does something work against it? */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/macros.h"
#include "base/text.h"
#include "containers/identify.h"
#include "doctor/findings.h"
#include "kernel/proc.h"
#include "ksmd/other_tuners.h"

/*
 * A page merges in the second scan at the earliest: the first remembers its checksum. Longer
 * than this for one, and a container may be gone before it saves anything.
 */
#define SLOW_SCAN_S 60

/* Beyond that the thread is busy most of the time: 20000 pages per 10 ms took 85 % of a CPU. */
#define BUSY_PAGES_PER_MS 1000

static int64_t value(const char *name)
{
	int64_t v;

	return ksm_sysfs(name, &v) == 0 && v > 0 ? v : 0;
}

int64_t check_scan_pages(const struct doctor *d)
{
	int64_t seen = value("pages_shared") + value("pages_sharing") +
		       value("pages_unshared") + value("pages_volatile");

	return seen > d->marked_pages ? seen : d->marked_pages;
}

static const char *pace(char *out, size_t size, int64_t pages, int64_t seconds)
{
	char bytes[16];

	if (!pages)
		snprintf(out, size, "nothing is marked yet");
	else
		snprintf(out, size, "one scan of the %s that is marked takes %ld s or more",
			 format_bytes(bytes, sizeof(bytes), pages * sysconf(_SC_PAGESIZE)),
			 (long)seconds);
	return out;
}

/*
 * Did `ksm-hook enable` set this speed, and did nobody lower it? It is for times of rest then:
 * after each start ksmd is faster for a while.
 */
static bool is_enabled(int64_t scan, int64_t nap)
{
	char *text __cleanup(check_free) = NULL;
	const char *pages, *sleep;
	long set_scan, set_nap;
	struct error err;

	if (check_read("/run/ksm-hook/ksmd", &text, &err) < 0)
		return false;
	pages = strstr(text, "pages_to_scan ");
	sleep = strstr(text, "sleep_millisecs ");
	return pages && sleep && sscanf(pages, "%*s %*s %ld", &set_scan) == 1 &&
	       sscanf(sleep, "%*s %*s %ld", &set_nap) == 1 && scan >= set_scan &&
	       nap <= set_nap;
}

static void speed(struct doctor *d)
{
	int64_t scan = value("pages_to_scan"), nap = value("sleep_millisecs");
	int64_t pages = check_scan_pages(d), seconds = scan ? pages * nap / scan / 1000 : 0;
	char text[128];
	struct finding *f;

	pace(text, sizeof(text), pages, seconds);
	if (nap && is_enabled(scan, nap)) {
		check_add(
			d, CHECK_OK, "ksmd-speed", NULL,
			"ksmd scans %ld pages every %ld ms at rest, more after each start: %s",
			(long)scan, (long)nap, text);
	} else if (seconds > SLOW_SCAN_S || (!scan && pages)) {
		f = check_add(
			d, CHECK_WARNING, "ksmd-speed",
			"a page merges in the second scan at the earliest, so that is how "
			"long new containers save nothing",
			"ksmd scans %ld pages every %ld ms: %s", (long)scan, (long)nap, text);
		check_fix(f, "%s enable --profile fast", d->command);
	} else if (nap == 0 || scan / nap > BUSY_PAGES_PER_MS) {
		f = check_add(d, CHECK_WARNING, "ksmd-speed",
			      "that keeps a CPU busy as long as ksmd runs, merged or not",
			      "ksmd scans %ld pages every %ld ms", (long)scan, (long)nap);
		check_fix(f, "%s enable", d->command);
	} else {
		check_add(d, CHECK_OK, "ksmd-speed", NULL,
			  "ksmd scans %ld pages every %ld ms: %s", (long)scan, (long)nap, text);
	}
}

/* Its defaults were measured: docs/how-it-works.md */
static void advisor(struct doctor *d)
{
	int64_t target = value("advisor_target_scan_time");
	char mode[64];
	struct finding *f;

	if (ksm_sysfs_text("advisor_mode", mode, sizeof(mode)) < 0 || strstr(mode, "[none]"))
		return;
	f = check_add(d, CHECK_WARNING, "ksmd-advisor",
		      "it begins with the fewest pages and finds its speed only after several "
		      "scans; and pages_to_scan cannot be set while it is on",
		      "the scan-time advisor sets ksmd's speed, for one scan in %ld s",
		      (long)target);
	check_fix(f, "echo none >/sys/kernel/mm/ksm/advisor_mode && %s enable", d->command);
}

void check_ksmd(struct doctor *d)
{
	struct finding *f;
	int64_t run;

	if (!d->kernel.ksm || ksm_sysfs("run", &run) < 0)
		return;
	if (run != 1) {
		f = check_add(d, CHECK_BROKEN, "ksmd-run",
			      "containers are marked, but only a running ksmd merges",
			      run == 2 ? "ksmd is stopped and everything was un-merged "
					 "(/sys/kernel/mm/ksm/run is 2)" :
					 "ksmd is stopped (/sys/kernel/mm/ksm/run is 0)");
		check_fix(f, "%s enable", d->command);
	} else {
		check_add(d, CHECK_OK, "ksmd-run", NULL, "ksmd runs, %ld full scans so far",
			  (long)value("full_scans"));
	}
	speed(d);
	advisor(d);
}

void check_tuners(struct doctor *d)
{
	pid_t pid;
	const char *name = tuner_find(&pid);
	struct finding *f;

	if (!name) {
		check_add(d, CHECK_OK, "ksmd-tuner", NULL, "nothing else tunes ksmd");
		return;
	}
	f = check_add(d, CHECK_WARNING, "ksmd-tuner",
		      "it changes ksmd's switches by the host's free memory, and stops ksmd "
		      "while there is enough of it: what enable set does not last",
		      "%s (process %d) sets ksmd's speed too", name, pid);
	check_fix(f, "systemctl disable --now %s", name);
}

void check_huge_pages(struct doctor *d)
{
	char *text __cleanup(check_free) = NULL;
	struct finding *f;
	struct error err;

	if (check_read("/sys/kernel/mm/transparent_hugepage/enabled", &text, &err) < 0 ||
	    !strstr(text, "[always]"))
		return;
	f = check_add(d, CHECK_NOTE, "huge-pages",
		      "ksmd splits a huge page only where it finds one of its 512 pages "
		      "elsewhere: it merges later, and counters show less than is saved",
		      "transparent huge pages are used for all memory");
	check_fix(f, "echo madvise >/sys/kernel/mm/transparent_hugepage/enabled");
}
