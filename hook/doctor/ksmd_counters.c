/* SPDX-License-Identifier: Apache-2.0 */
/* What /sys/kernel/mm/ksm says of ksmd's work and speed. */
#include "doctor/ksmd_counters.h"

#include "kernel/ksm.h"
#include "ksmd/boost.h"

int64_t ksmd_counter(const char *name)
{
	int64_t v;

	return ksm_sysfs(name, &v) == 0 && v > 0 ? v : 0;
}

void ksmd_speed_read(const struct doctor *d, struct ksmd_speed *out)
{
	int64_t seen = ksmd_counter("pages_shared") + ksmd_counter("pages_sharing") +
		       ksmd_counter("pages_unshared") + ksmd_counter("pages_volatile");
	struct boost_status b;

	*out = (struct ksmd_speed){ .scan = ksmd_counter("pages_to_scan"),
				    .nap = ksmd_counter("sleep_millisecs"),
				    .pages = seen > d->mergeable_pages ? seen :
									 d->mergeable_pages };
	out->enabled = boost_query(&b) == 0 && out->scan >= b.pages_to_scan &&
		       b.sleep_ms >= 0 && out->nap <= b.sleep_ms;
}
