/* SPDX-License-Identifier: Apache-2.0 */
/* What /sys/kernel/mm/ksm says of ksmd's work and speed. */
#include "doctor/ksmd_counters.h"

#include "kernel/ksm.h"
#include "ksmd/settings.h"

int64_t ksmd_counter(const char *name)
{
	int64_t v;

	return ksm_sysfs(name, &v) == 0 && v > 0 ? v : 0;
}

void ksmd_speed_read(const struct doctor *d, struct ksmd_speed *out)
{
	int64_t seen = ksmd_counter("pages_shared") + ksmd_counter("pages_sharing") +
		       ksmd_counter("pages_unshared") + ksmd_counter("pages_volatile");
	int64_t scan, nap;

	*out = (struct ksmd_speed){ .scan = ksmd_counter("pages_to_scan"),
				    .nap = ksmd_counter("sleep_millisecs"),
				    .pages = seen > d->mergeable_pages ? seen :
									 d->mergeable_pages };
	out->enabled = ksmd_enabled_rate(&scan, &nap) && out->scan >= scan && out->nap <= nap;
}
