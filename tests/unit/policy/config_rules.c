/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of config.json: what each must have, and how many there may be. */
#include "policy/config_rules.h"

#include <errno.h>
#include <stdlib.h>

#include "base/macros.h"
#include "check.h"
#include "policy/parsed.h"

/* Each is refused with the file's name, the key's and what would be right. */
static void wrong_rules(void)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "{\"allow\": {}}", "\"allow\" must be a list" },
		{ "{\"allow\": \"x\"}", "\"allow\" must be a list" },
		{ "{\"allow\": null}", "\"allow\" must be a list" },
		{ "{\"allow\": [\"x\"]}", "\"allow\" must be a list" },
		{ "{\"deny\": [[]]}", "\"deny\" must be a list" },
		{ "{\"deny\": [{\"annotation\": 1, \"match\": \"\"}]}",
		  ":1:12: \"annotation\" must be a text" },
		{ "{\"deny\": [{\"annotation\": \"a\", \"match\": [\"\"]}]}",
		  ":1:31: \"match\" must be" },
		{ "{\"deny\": [{\"annotation\": \"a\\u0000\", \"match\": \"\"}]}", "must be" },
		{ "{\"deny\": [{}]}", "\"deny\" rule 1 needs" },
		{ "{\"deny\": [{\"annotation\": \"a\"}]}", "\"deny\" rule 1 needs" },
		{ "{\"allow\": [{\"annotation\": \"a\", \"match\": \"\"}, {\"match\": \"\"}]}",
		  "\"allow\" rule 2 needs" },
		{ "{\"deny\": [{\"annotation\": 1, \"match\": \"\"}]}",
		  "\"annotation\" must be a text, an annotation's key" },
		{ "{\"deny\": [{\"annotation\": \"a\", \"match\": 1}]}",
		  "\"match\" must be a text, a glob(7) pattern" },
		{ "{\"deny\": [{\"annotation\": \"a\", \"match\": \"[\"}]}",
		  "\"match\" must be a glob(7) pattern whose" },
		{ "{\"deny\": [{\"pod\": \"[\"}]}", "\"pod\" must be a glob(7) pattern whose" },
		{ "{\"deny\": [{\"pod\": 1}]}", "\"pod\" must be a text, a glob(7) pattern" },
		{ "{\"deny\": [{\"engine\": \"moby\"}]}", "\"engine\" must be \"containerd\"" },
		{ "{\"deny\": [{\"user\": \"root\"}]}", "\"user\" must be a user's number" },
		/* which of the two was meant? */
		{ "{\"deny\": [{\"annotation\":\"a\",\"match\":\"b\"}], \"deny\": []}",
		  "\"deny\" is given twice" },
		{ "{\"deny\": [{\"annotation\":\"a\",\"annotation\":\"b\",\"match\":\"\"}]}",
		  "\"annotation\" is given twice" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		check_case = cases[i].text;
		CHECK_INT(parse(cases[i].text), -EINVAL);
		CHECK_HAS(err.msg, "config.json:");
		CHECK_HAS(err.msg, cases[i].says);
	}
	check_case = "";
}

/* What was refused is not looked into: one error, and what stands behind it counts. */
static void behind_what_was_refused(void)
{
	CHECK_INT(parse("{\"deny\": [[{\"pod\": 1}], {\"pod\": \"a\"}], \"required\": true}"),
		  -EINVAL);
	CHECK_HAS(err.msg, "config.json:1:11: \"deny\" must be a list");
	CHECK_INT(config.deny.n, 1);
	CHECK_TEXT(config.deny.rule[0].glob[TRUSTED_POD], "a");
	CHECK(config.required);
}

/* A key that this version does not know: the rest of the rule is kept, and the rule says so. */
static void keys_of_later_versions(void)
{
	CHECK_INT(parse("{\"deny\": [{\"zone\": {\"a\": [1]}, \"pod\": \"a\", \"rack\": 1}]}"),
		  0);
	CHECK_TEXT(config.deny.rule[0].foreign, "zone");
	CHECK_TEXT(config.deny.rule[0].glob[TRUSTED_POD], "a");
	CHECK_HAS(config.warning, "unknown key \"zone\" of a rule: not understood, so the rule "
				  "denies whatever the rest of it fits");
	CHECK_INT(parse("{\"allow\": [{\"zone\": 1}]}"), 0);
	CHECK_HAS(config.warning, "so the rule allows nothing");
}

/* Where a rule stands, for whoever is told of it. */
static void places(void)
{
	CHECK_INT(parse("{\"allow\": [{\"pod\": \"a\"},\n  {\"pod\": \"b\"}]}"), 0);
	CHECK_INT(config.allow.rule[0].line, 1);
	CHECK_INT(config.allow.rule[0].column, 12);
	CHECK_INT(config.allow.rule[1].line, 2);
	CHECK_INT(config.allow.rule[1].column, 3);
}

static void many_rules(void)
{
	char *text = malloc(8192), *p;

	for (int n = POLICY_RULES_MAX; n <= POLICY_RULES_MAX + 1; n++) {
		p = text + sprintf(text, "{\"deny\": [");
		for (int i = 0; i < n; i++)
			p += sprintf(p, "%s{\"annotation\":\"k%d\",\"match\":\"*\"}",
				     i ? "," : "", i);
		sprintf(p, "]}");
		CHECK_INT(parse(text), n == POLICY_RULES_MAX ? 0 : -EINVAL);
		if (n > POLICY_RULES_MAX) {
			CHECK_HAS(err.msg, "64 at the most");
			continue;
		}
		CHECK_INT(config.deny.n, POLICY_RULES_MAX);
		CHECK_TEXT(config.deny.rule[63].annotation, "k63");
	}
	free(text);
}

int main(void)
{
	RUN(wrong_rules);
	RUN(behind_what_was_refused);
	RUN(keys_of_later_versions);
	RUN(places);
	RUN(many_rules);
	return check_end();
}
