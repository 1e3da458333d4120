/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: how fast ksmd scans, for what is mergeable. */
#include "doctor/ksmd_speed.h"

#include <stdio.h>
#include <unistd.h>

#include "base/text.h"

/*
 * A page merges in the second scan at the earliest: the first remembers its checksum. Longer
 * than this for one, and a container may be gone before it saves anything.
 */
#define SLOW_SCAN_S 60

/* Beyond that the thread is busy most of the time: 20000 pages per 10 ms took 85 % of a CPU. */
#define BUSY_PAGES_PER_MS 1000

int64_t ksmd_scan_ms(const struct ksmd_speed *s)
{
	return s->scan ? s->pages * s->nap / s->scan : INT64_MAX / 4;
}

static const char *describe_pace(char *out, size_t size, const struct ksmd_speed *s)
{
	int64_t seconds = ksmd_scan_ms(s) / 1000;
	char bytes[16];

	format_bytes(bytes, sizeof(bytes), s->pages * sysconf(_SC_PAGESIZE));
	if (!s->pages)
		snprintf(out, size, "nothing is mergeable yet");
	else if (!seconds || !s->scan)
		snprintf(out, size, "%s is mergeable", bytes);
	else
		snprintf(out, size, "one scan of the %s that is mergeable takes %ld s or more",
			 bytes, (long)seconds);
	return out;
}

void ksmd_speed_judge(struct doctor *d, const struct ksmd_speed *s)
{
	char what[192], pace[128];
	struct finding *f;

	snprintf(what, sizeof(what), "ksmd scans %ld pages every %ld ms", (long)s->scan,
		 (long)s->nap);
	describe_pace(pace, sizeof(pace), s);
	if (s->nap && s->enabled) {
		/* after each start of a container it is faster for a while */
		finding_add(d, FINDING_OK, ID_KSMD_SPEED, NULL,
			    "%s at rest, more after each start: %s", what, pace);
	} else if (s->pages && ksmd_scan_ms(s) / 1000 > SLOW_SCAN_S) {
		f = finding_add(d, FINDING_WARNING, ID_KSMD_SPEED,
				"a page merges in the second scan at the earliest, so new "
				"containers save nothing until then",
				"%s: %s", what, pace);
		finding_fix(f, "%s enable --profile fast", d->command);
	} else if (s->nap == 0 || s->scan / s->nap > BUSY_PAGES_PER_MS) {
		f = finding_add(d, FINDING_WARNING, ID_KSMD_SPEED,
				"that keeps a CPU busy as long as ksmd runs, whether pages "
				"merge or not",
				"%s", what);
		finding_fix(f, "%s enable", d->command);
	} else {
		finding_add(d, FINDING_OK, ID_KSMD_SPEED, NULL, "%s: %s", what, pace);
	}
}
