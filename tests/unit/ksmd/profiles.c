/* SPDX-License-Identifier: Apache-2.0 */
/* The profiles of ksmd: each faster than the one before, and what can be set of each. */
#include "ksmd/profiles.h"

#include <stdlib.h>
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

/* What ksm-hook-enable(8) promises of each. */
static void what_the_manual_says(void)
{
	static const struct {
		const char *name, *pages;
		int64_t percent;
	} manual[] = { { "gentle", "50", 5 }, { "balanced", "80", 18 }, { "fast", "200", 60 } };

	for (size_t i = 0; i < ARRAY_SIZE(manual); i++) {
		const struct ksmd_profile *p = ksmd_profile_find(manual[i].name);

		check_case = manual[i].name;
		if (!CHECK(p != NULL))
			continue;
		CHECK_TEXT(p->value[SETTING_PAGES], manual[i].pages);
		CHECK_TEXT(p->value[SETTING_SLEEP], "20");
		CHECK_TEXT(p->value[SETTING_ADVISOR], "none");
		CHECK_TEXT(p->value[SETTING_SMART_SCAN], "1");
		CHECK_TEXT(p->value[SETTING_ZERO_PAGES], "1");
		CHECK_TEXT(p->value[SETTING_RUN], "1");
		CHECK_INT(p->boost.percent, manual[i].percent);
	}
	check_case = "";
}

/* A boost begins above what ksmd does all the time, and well below what it may come to. */
static void the_boost_is_more(void)
{
	static const char *const names[] = { "gentle", "balanced", "fast" };
	int64_t first = 0, most = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct ksmd_profile *p = ksmd_profile_find(names[i]);

		check_case = names[i];
		if (!CHECK(p != NULL))
			continue;
		CHECK(p->boost.first >= 5 * strtoll(p->value[SETTING_PAGES], NULL, 10));
		CHECK(p->boost.most >= 4 * p->boost.first);
		/* each four times the one before, or more */
		CHECK(p->boost.first >= 4 * first && p->boost.most >= 4 * most);
		first = p->boost.first;
		most = p->boost.most;
	}
	check_case = "";
}

int main(void)
{
	RUN(profiles);
	RUN(what_the_manual_says);
	RUN(the_boost_is_more);
	return check_end();
}
