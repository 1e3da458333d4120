/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of config.json that are not known: which are only ignored, and which may be meant to deny. */
#include "policy/config_key.h"

#include <errno.h>

#include "base/macros.h"
#include "check.h"
#include "policy/config.h"
#include "policy/parsed.h"

/* What a newer version may have is no reason to merge nothing; what may deny is. */
static void unknown_keys(void)
{
	static const char *const harmless[] = { "audience",
						"",
						"a\\nb\\u001b",
						"below",
						"den\u00fd",
						"enyd2",
						"_groups",
						"x_groups",
						"dnyabcdefg",
						"abcdefghijklmnop",
						"abcdefghijklmno",
						"a_long_key_of_a_newer_version",
						"dn_groups",
						"dXXy",
						"al",
						"dn",
						"alowww" };
	static const char *const denying[] = {
		"Deny",        "DENY_GROUPS", "denied_deny",  "denny",
		"dney",        "den",         "dany",         "ddeny",
		"aloow",       "Alow",        "alllow",       "deny-users",
		"dney_groups", "alow_GROUPS", "my_allowlist", "an_ALLOW_list_that_is_long",
		"eny",         "deyn",        "denx",         "xeny",
		"llow",        "allo",        "allwo",        "lalow",
		"ednY"
	};
	char text[128];

	for (size_t i = 0; i < ARRAY_SIZE(harmless); i++) {
		check_case = harmless[i];
		snprintf(text, sizeof(text), "{\"%s\": {\"deny\": [1]}, \"log\": \"info\"}",
			 harmless[i]);
		CHECK_INT(parse(text), 0);
		CHECK(!config_key_may_deny(harmless[i]));
		CHECK_HAS(config.warning, "config.json:1:2: unknown key");
		CHECK_INT(config.log, LOG_LEVEL_INFO);
	}
	for (size_t i = 0; i < ARRAY_SIZE(denying); i++) {
		check_case = denying[i];
		snprintf(text, sizeof(text), "{\"%s\": []}", denying[i]);
		CHECK_INT(parse(text), -EINVAL);
		CHECK(config_key_may_deny(denying[i]));
	}
	check_case = "";
	/* of a rule: what is left of it must not allow more, nor deny less */
	CHECK_INT(parse("{\"deny\": [{\"namespace\": \"a\", \"node\": [{\"x\": 1}]}],"
			" \"allow\": [{\"zone\": \"b\"}]}"),
		  0);
	CHECK_TEXT(config.deny.rule[0].foreign, "node");
	CHECK_TEXT(config.allow.rule[0].foreign, "zone");
	CHECK_HAS(config.warning, ":1:30: unknown key \"node\" of a rule");
}

int main(void)
{
	RUN(unknown_keys);
	return check_end();
}
