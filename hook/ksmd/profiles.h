/* SPDX-License-Identifier: Apache-2.0 */
/* The profiles of `ksm-hook enable`: gentle, balanced, fast. */
#ifndef KSM_PROFILES_H
#define KSM_PROFILES_H

#include <stdint.h>

/* In the order in which they are written; they are put back in the opposite one. */
enum ksmd_setting {
	SETTING_ADVISOR, /* first: while it is on, pages_to_scan cannot be written */
	SETTING_SMART_SCAN,
	SETTING_ZERO_PAGES,
	SETTING_SLEEP,
	SETTING_PAGES,
	SETTING_RUN, /* last: nothing is merged before all is as it should be */
	SETTINGS
};

struct profile_rate {
	int64_t first; /* pages_to_scan to begin with */
	int64_t most; /* and at most: where ksmd finds nothing to do, its share tells nothing */
	int64_t percent; /* of one CPU that ksmd may have */
};

struct ksmd_profile {
	const char *name;
	const char *value[SETTINGS];
	struct profile_rate boost;
};

/* NULL where there is none of this name. */
const struct ksmd_profile *ksmd_profile_find(const char *name);

#endif
