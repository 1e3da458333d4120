/* SPDX-License-Identifier: Apache-2.0 */
/* The profiles of `ksm-hook enable`: gentle, balanced, fast. */
#include "ksmd/profiles.h"

#include <string.h>

#include "base/macros.h"

/* docs/tuning.md has what these cost and how long they take, measured by bench/ksmd. */
#define SETTING_VALUES(pages)                                                                  \
	{                                                                                      \
		[SETTING_ADVISOR] = "none", [SETTING_SMART_SCAN] = "1",                        \
		[SETTING_ZERO_PAGES] = "1", [SETTING_SLEEP] = "20", [SETTING_PAGES] = (pages), \
		[SETTING_RUN] = "1",                                                           \
	}

static const struct ksmd_profile profiles[] = {
	{ "gentle", SETTING_VALUES("50"), { 250, 1000, 5 } },
	{ "balanced", SETTING_VALUES("80"), { 1000, 4000, 18 } },
	{ "fast", SETTING_VALUES("200"), { 4000, 20000, 60 } },
};

const struct ksmd_profile *ksmd_profile_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(profiles); i++) {
		if (strcmp(profiles[i].name, name) == 0)
			return &profiles[i];
	}
	return NULL;
}
