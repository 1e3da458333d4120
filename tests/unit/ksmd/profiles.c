/* SPDX-License-Identifier: Apache-2.0 */
/* The profiles of ksmd: each faster than the one before, and what can be set of each. */
#include "ksmd/profiles.h"

#include <string.h>

#include "base/macros.h"
#include "check.h"
#include "ksmd/settings.h"

static void profiles(void)
{
	static const char *const names[] = { "gentle", "balanced", "fast" };
	int64_t percent = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct ksmd_profile *p = ksmd_profile_find(names[i]);

		check_case = names[i];
		if (!CHECK(p != NULL))
			continue;
		CHECK_TEXT(p->name, names[i]);
		CHECK(p->boost.percent > percent && p->boost.percent < 100);
		CHECK(p->boost.first <= p->boost.most);
		percent = p->boost.percent;
		for (int k = 0; k < SETTINGS; k++)
			CHECK(strlen(p->value[k]) < SETTING_TEXT && !strchr(p->value[k], ' '));
	}
	check_case = "";
	CHECK(ksmd_profile_find("Balanced") == NULL);
	CHECK(ksmd_profile_find("") == NULL);
}

int main(void)
{
	RUN(profiles);
	return check_end();
}
