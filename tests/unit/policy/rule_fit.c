/* SPDX-License-Identifier: Apache-2.0 */
/* Rules against containers: what fits, what does not, and what nobody can tell. */
#include "policy/rule_fit.h"

#include "base/macros.h"
#include "check.h"

/* Of one container: the pod "web-1" of the namespace "shop", whose image nobody tells. */
static const struct annotation said[] = { { "team", "web" }, { "lxc.name", "forged" } };
static const struct trusted_values word = { .value = { [TRUSTED_NAMESPACE] = "shop",
						       [TRUSTED_POD] = "web-1",
						       [TRUSTED_NAME] = "c1" } };

static void fits(void)
{
	static const struct {
		struct policy_rule rule;
		enum rule_fit fit;
		const char *unknown;
	} cases[] = {
		{ { "team", "web" }, FITS, NULL },
		{ { "team", "db" }, FITS_NOT, NULL },
		{ { "tem", "*" }, FITS_NOT, NULL },
		{ { .glob = { [TRUSTED_NAMESPACE] = "s*" } }, FITS, NULL },
		{ { .glob = { [TRUSTED_NAMESPACE] = "t*" } }, FITS_NOT, NULL },
		/* all of it has to hold */
		{ { "team", "web", { [TRUSTED_POD] = "web-?" } }, FITS, NULL },
		{ { "team", "db", { [TRUSTED_POD] = "web-?" } }, FITS_NOT, NULL },
		{ { "team", "web", { [TRUSTED_POD] = "db-?" } }, FITS_NOT, NULL },
		{ { .glob = { [TRUSTED_NAMESPACE] = "shop", [TRUSTED_POD] = "db" } },
		  FITS_NOT,
		  NULL },
		/* what nobody tells is the first such thing, and no matter where another does not fit */
		{ { .glob = { [TRUSTED_IMAGE] = "x" } }, FITS_MAYBE, "image" },
		{ { .glob = { [TRUSTED_CONTAINER] = "x", [TRUSTED_IMAGE] = "x" } },
		  FITS_MAYBE,
		  "container" },
		{ { .glob = { [TRUSTED_NAMESPACE] = "db", [TRUSTED_IMAGE] = "x" } },
		  FITS_NOT,
		  NULL },
		{ { "team", "db", { [TRUSTED_IMAGE] = "x" } }, FITS_NOT, NULL },
		/* a key of a later version, beside what fits and what does not */
		{ { .foreign = "zone" }, FITS_MAYBE, "zone" },
		{ { "team", "web", { 0 }, "zone" }, FITS_MAYBE, "zone" },
		{ { "team", "db", { 0 }, "zone" }, FITS_NOT, NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct policy_subject s = { .annotation = said, .n = ARRAY_SIZE(said) };
		const char *unknown = NULL;
		char name[24];

		snprintf(name, sizeof(name), "case %zu", i);
		check_case = name;
		CHECK_INT(policy_rule_fits(&cases[i].rule, &s, &word, &unknown), cases[i].fit);
		if (cases[i].fit == FITS_MAYBE)
			CHECK_TEXT(unknown, cases[i].unknown);
	}
	check_case = "";
}

/* Whose annotations could not be read may have said anything, but for what they did say. */
static void unread_annotations(void)
{
	const struct policy_subject s = { .annotation = said, .n = 1, .unread = true };
	const struct policy_rule other = { "zone", "a" }, db = { "team", "db" };
	const char *unknown = NULL;

	CHECK_INT(policy_rule_fits(&other, &s, &word, &unknown), FITS_MAYBE);
	CHECK_TEXT(unknown, "zone");
	CHECK_INT(policy_rule_fits(&db, &s, &word, &unknown), FITS_NOT);
}

/* LXC's own name of a container, which only LXC tells. */
static void names_of_lxc(void)
{
	const struct policy_rule rule = { "lxc.name", "c?" }, forged = { "lxc.name", "forged" };
	struct policy_subject s = { .engine = ENGINE_LXC, .annotation = said, .n = 2 };
	const struct trusted_values nobody = { 0 };
	const char *unknown = NULL;

	CHECK_INT(policy_rule_fits(&rule, &s, &word, &unknown), FITS);
	CHECK_INT(policy_rule_fits(&forged, &s, &word, &unknown), FITS_NOT);
	CHECK_INT(policy_rule_fits(&rule, &s, &nobody, &unknown), FITS_MAYBE);
	CHECK_TEXT(unknown, "name");
	s.engine = ENGINE_PODMAN;
	CHECK_INT(policy_rule_fits(&rule, &s, &word, &unknown), FITS_NOT);
	CHECK_INT(policy_rule_fits(&forged, &s, &word, &unknown), FITS);
}

static void who_denies_what_is_unknown(void)
{
	const struct policy_rule plain = { "team", "web" }, foreign = { .foreign = "zone" };
	struct policy_config config = { 0 };

	CHECK(policy_unknown_denies(&config, &plain));
	CHECK(policy_unknown_denies(&config, &foreign));
	config.allow_unknown = true;
	CHECK(!policy_unknown_denies(&config, &plain));
	CHECK(policy_unknown_denies(&config, &foreign));
}

static void what_messages_call_a_rule(void)
{
	static const struct {
		struct policy_rule rule;
		const char *subject;
	} cases[] = {
		{ { "team", "web", { [TRUSTED_NAMESPACE] = "a" } }, "team" },
		{ { .glob = { [TRUSTED_NAMESPACE] = "a" } }, "namespace" },
		{ { .glob = { [TRUSTED_NAME] = "a" } }, "name" },
		{ { .glob = { [TRUSTED_POD] = "a", [TRUSTED_IMAGE] = "b" } }, "pod" },
		{ { .foreign = "zone" }, "zone" },
	};
	const struct policy_rule in_a_file = { .file = "conf.d/50-site.json" };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		CHECK_TEXT(policy_rule_subject(&cases[i].rule), cases[i].subject);
	CHECK_TEXT(policy_rule_file(&in_a_file), "conf.d/50-site.json");
	CHECK_TEXT(policy_rule_file(&cases[0].rule), "config.json");
}

int main(void)
{
	RUN(fits);
	RUN(unread_annotations);
	RUN(names_of_lxc);
	RUN(who_denies_what_is_unknown);
	RUN(what_messages_call_a_rule);
	return check_end();
}
