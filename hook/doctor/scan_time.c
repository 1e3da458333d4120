/* SPDX-License-Identifier: Apache-2.0 */
/* How much ksmd has to scan, and how long a scan takes it. */
#include "doctor/scan_time.h"

#include "kernel/ksm.h"

int64_t ksmd_counter(const char *name)
{
	int64_t v;

	return ksm_sysfs(name, &v) == 0 && v > 0 ? v : 0;
}

int64_t pages_to_scan_in_all(const struct doctor *d)
{
	int64_t seen = ksmd_counter("pages_shared") + ksmd_counter("pages_sharing") +
		       ksmd_counter("pages_unshared") + ksmd_counter("pages_volatile");

	return seen > d->mergeable_pages ? seen : d->mergeable_pages;
}

int64_t scan_time_ms(const struct doctor *d)
{
	int64_t scan = ksmd_counter("pages_to_scan"), nap = ksmd_counter("sleep_millisecs");

	return scan ? pages_to_scan_in_all(d) * nap / scan : INT64_MAX / 4;
}
