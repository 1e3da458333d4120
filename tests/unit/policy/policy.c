/* SPDX-License-Identifier: Apache-2.0 */
/* The decision table: who is merged, by which method, and what is said about it. */
#include "policy/policy.h"

#include <errno.h>

#include "base/macros.h"
#include "check.h"

enum rule { NO_RULE, MATCHES, DIFFERS };
enum asked { NOT_GIVEN, TRUE, FALSE, UNKNOWN };

/*
 * The whole table. The outcomes, y or n, are for: no "allow" rule, one that matches, one
 * that does not.
 */
static const struct row {
	enum policy_containers containers;
	enum rule deny;
	enum asked asked;
	const char *outcome;
} table[] = {
	{ CONTAINERS_NONE, NO_RULE, NOT_GIVEN, "nnn" },
	{ CONTAINERS_NONE, NO_RULE, TRUE, "nnn" },
	{ CONTAINERS_NONE, NO_RULE, FALSE, "nnn" },
	{ CONTAINERS_NONE, NO_RULE, UNKNOWN, "nnn" },
	{ CONTAINERS_NONE, DIFFERS, NOT_GIVEN, "nnn" },
	{ CONTAINERS_NONE, DIFFERS, TRUE, "nnn" },
	{ CONTAINERS_NONE, DIFFERS, FALSE, "nnn" },
	{ CONTAINERS_NONE, DIFFERS, UNKNOWN, "nnn" },
	{ CONTAINERS_NONE, MATCHES, NOT_GIVEN, "nnn" },
	{ CONTAINERS_NONE, MATCHES, TRUE, "nnn" },
	{ CONTAINERS_NONE, MATCHES, FALSE, "nnn" },
	{ CONTAINERS_NONE, MATCHES, UNKNOWN, "nnn" },

	{ CONTAINERS_ANNOTATED, NO_RULE, NOT_GIVEN, "nnn" },
	{ CONTAINERS_ANNOTATED, NO_RULE, TRUE, "yyn" },
	{ CONTAINERS_ANNOTATED, NO_RULE, FALSE, "nnn" },
	{ CONTAINERS_ANNOTATED, NO_RULE, UNKNOWN, "nnn" },
	{ CONTAINERS_ANNOTATED, DIFFERS, NOT_GIVEN, "nnn" },
	{ CONTAINERS_ANNOTATED, DIFFERS, TRUE, "yyn" },
	{ CONTAINERS_ANNOTATED, DIFFERS, FALSE, "nnn" },
	{ CONTAINERS_ANNOTATED, DIFFERS, UNKNOWN, "nnn" },
	{ CONTAINERS_ANNOTATED, MATCHES, NOT_GIVEN, "nnn" },
	{ CONTAINERS_ANNOTATED, MATCHES, TRUE, "nnn" },
	{ CONTAINERS_ANNOTATED, MATCHES, FALSE, "nnn" },
	{ CONTAINERS_ANNOTATED, MATCHES, UNKNOWN, "nnn" },

	{ CONTAINERS_ALL, NO_RULE, NOT_GIVEN, "yyn" },
	{ CONTAINERS_ALL, NO_RULE, TRUE, "yyn" },
	{ CONTAINERS_ALL, NO_RULE, FALSE, "nnn" },
	{ CONTAINERS_ALL, NO_RULE, UNKNOWN, "yyn" },
	{ CONTAINERS_ALL, DIFFERS, NOT_GIVEN, "yyn" },
	{ CONTAINERS_ALL, DIFFERS, TRUE, "yyn" },
	{ CONTAINERS_ALL, DIFFERS, FALSE, "nnn" },
	{ CONTAINERS_ALL, DIFFERS, UNKNOWN, "yyn" },
	{ CONTAINERS_ALL, MATCHES, NOT_GIVEN, "nnn" },
	{ CONTAINERS_ALL, MATCHES, TRUE, "nnn" },
	{ CONTAINERS_ALL, MATCHES, FALSE, "nnn" },
	{ CONTAINERS_ALL, MATCHES, UNKNOWN, "nnn" },
};

static void set_rule(struct policy_rules *rules, enum rule kind)
{
	if (kind == NO_RULE)
		return;
	rules->rule[rules->n++] =
		(struct policy_rule){ "org.example.pod", kind == MATCHES ? "web-*" : "db-*" };
}

/* A runtime that is an opt-in makes of "annotated" what "all" is, and of the others nothing else. */
static void opted_in_by_runtime(void)
{
	static const char *const values[] = { NULL, "true", "false", "yes" };
	char name[80];

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct row *row = &table[i];
		struct annotation a[] = { { "org.example.pod", "web-1" },
					  { "io.ksm.merge", values[row->asked] } };
		const char *outcome = row->containers == CONTAINERS_ANNOTATED ?
					      table[i + 12].outcome :
					      row->outcome;

		for (enum rule allow = NO_RULE; allow <= DIFFERS; allow++) {
			struct policy_config c = { .containers = row->containers,
						   .by_runtime = true };
			struct decision d;

			snprintf(name, sizeof(name), "by runtime, row %zu, allow %d", i,
				 (int)allow);
			check_case = name;
			set_rule(&c.deny, row->deny);
			set_rule(&c.allow, allow);
			policy_decide(&c,
				      &(struct policy_subject){
					      .annotation = a,
					      .n = row->asked == NOT_GIVEN ? 1 : 2 },
				      &d);
			CHECK_INT(d.merge, outcome[allow] == 'y');
			CHECK(d.reason != REASON_NONE && d.text[0] != '\0');
		}
	}
	check_case = "";
}

static void whole_table(void)
{
	static const char *const values[] = { NULL, "true", "false", "yes" };
	char name[80];

	CHECK_INT(ARRAY_SIZE(table), 36);
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct row *row = &table[i];
		struct annotation a[] = { { "org.example.pod", "web-1" },
					  { "io.ksm.merge", values[row->asked] } };

		for (enum rule allow = NO_RULE; allow <= DIFFERS; allow++) {
			struct policy_config c = { .containers = row->containers };
			struct decision d;

			snprintf(name, sizeof(name), "row %zu, allow %d", i, (int)allow);
			check_case = name;
			set_rule(&c.deny, row->deny);
			set_rule(&c.allow, allow);
			policy_decide(&c,
				      &(struct policy_subject){
					      .annotation = a,
					      .n = row->asked == NOT_GIVEN ? 1 : 2 },
				      &d);
			CHECK_INT(d.merge, row->outcome[allow] == 'y');
			CHECK(d.reason != REASON_NONE && d.text[0] != '\0');
			CHECK_INT(d.warning[0] != '\0', row->asked == UNKNOWN);
			CHECK(!d.required);
			CHECK_INT(d.method, METHOD_AUTO);
		}
	}
	check_case = "";
}

static struct decision decide(const struct policy_config *c, const struct annotation *a,
			      size_t n)
{
	struct decision d;

	memset(&d, 0xff, sizeof(d)); /* every field is set, whatever was there */
	policy_decide(c, &(struct policy_subject){ .annotation = a, .n = n }, &d);
	return d;
}

#define CHECK_REASON(got, code, part)       \
	do {                                \
		struct decision _d = (got); \
                                            \
		CHECK_INT(_d.reason, code); \
		CHECK_HAS(_d.text, part);   \
	} while (0)

/* The reason names the first thing in the order that decides. */
static void reasons(void)
{
	struct annotation yes[] = { { "io.ksm.merge", "true" }, { "pod", "a" } };
	struct annotation no[] = { { "io.ksm.merge", "false" }, { "pod", "a" } };
	struct policy_config none = { .containers = CONTAINERS_NONE };
	struct policy_config all = { .containers = CONTAINERS_ALL };
	struct policy_config deny = { .deny = { { { "pod", "a" } }, 1 } };
	struct policy_config allow = { .allow = { { { "pod", "b" } }, 1 } };
	struct policy_config plain = { 0 };

	none.deny = deny.deny;
	CHECK_REASON(decide(&none, no, 2), REASON_CONTAINERS_NONE, "\"none\"");
	CHECK_REASON(decide(&deny, no, 2), REASON_DENIED_BY_RULE, "the rule for pod");
	CHECK_REASON(decide(&allow, no, 2), REASON_OPTED_OUT, "merge=false");
	CHECK_REASON(decide(&allow, yes, 2), REASON_NOT_ALLOWED, "\"allow\"");
	CHECK_REASON(decide(&plain, NULL, 0), REASON_NOT_REQUESTED, "no annotation");
	CHECK_REASON(decide(&plain, yes, 2), REASON_REQUESTED, "merge=true");
	CHECK_REASON(decide(&all, yes + 1, 1), REASON_CONTAINERS_ALL, "\"all\"");
	all.by_runtime = true;
	CHECK_REASON(decide(&all, NULL, 0), REASON_RUNTIME_REQUESTS, "by choice");
}

static void rules(void)
{
	struct annotation a[] = { { "io.ksm.merge", "true" }, { "pod", "web-1" } };
	struct annotation empty[] = { { "io.ksm.merge", "true" }, { "pod", "" } };
	struct policy_config c = { .allow = { { { "other", "*" }, { "pod", "web-[0-9]" } },
					      2 } };

	/* any of several rules will do */
	CHECK(decide(&c, a, 2).merge);
	/* an annotation that is not there matches nothing, not even "*" */
	c.allow.n = 1;
	CHECK(!decide(&c, a, 2).merge);
	/* one that is there and empty matches "*" and "" only */
	c.allow.rule[0] = (struct policy_rule){ "pod", "*" };
	CHECK(decide(&c, empty, 2).merge);
	c.allow.rule[0].match = "";
	CHECK(decide(&c, empty, 2).merge);
	CHECK(!decide(&c, a, 2).merge);
	c.allow.rule[0].match = "?*";
	CHECK(!decide(&c, empty, 2).merge);
	/* the whole value, in its case; a slash is a letter like any other */
	c.allow.rule[0].match = "web";
	CHECK(!decide(&c, a, 2).merge);
	c.allow.rule[0].match = "WEB-1";
	CHECK(!decide(&c, a, 2).merge);
	a[1].value = "team/web";
	c.allow.rule[0].match = "team*web";
	CHECK(decide(&c, a, 2).merge);
	/* a broken pattern matches itself at most, and never crashes */
	c.allow.rule[0].match = "[";
	CHECK(!decide(&c, a, 2).merge);
	/* a rule may look at our own annotations */
	c.allow.rule[0] = (struct policy_rule){ "io.ksm.merge", "true" };
	CHECK(decide(&c, a, 2).merge);
}

static void required_and_method(void)
{
	struct policy_config c = { .required = true, .method = METHOD_PRELOAD };
	struct annotation a[] = { { "io.ksm.required", "false" },
				  { "io.ksm.method", "inject" } };

	CHECK(decide(&c, NULL, 0).required);
	CHECK_INT(decide(&c, NULL, 0).method, METHOD_PRELOAD);
	CHECK(!decide(&c, a, 2).required);
	CHECK_INT(decide(&c, a, 2).method, METHOD_INJECT);
	a[0].value = "true";
	a[1].value = "auto";
	c.required = false;
	CHECK(decide(&c, a, 2).required);
	CHECK_INT(decide(&c, a, 2).method, METHOD_AUTO);
	a[1].value = "preload";
	c.method = METHOD_AUTO;
	CHECK_INT(decide(&c, a, 2).method, METHOD_PRELOAD);
}

static void unknown_values(void)
{
	static const char *const bad[] = { "",      "True",  "TRUE",      "1",  "yes",
					   " true", "true ", "truefalse", "tru" };
	struct policy_config c = { .required = true, .method = METHOD_INJECT };
	struct annotation a[] = { { "io.ksm.merge", "maybe" },
				  { "io.ksm.required", "sometimes" },
				  { "io.ksm.method", "magic" } };
	struct decision d = decide(&c, a, 3);

	/* each is named, none changes anything */
	CHECK(!d.merge);
	CHECK(d.required);
	CHECK_INT(d.method, METHOD_INJECT);
	CHECK_HAS(d.warning, "io.ksm.merge=\"maybe\"");
	CHECK_HAS(d.warning, "io.ksm.required=\"sometimes\"");
	CHECK_HAS(d.warning, "io.ksm.method=\"magic\"");
	CHECK_HAS(d.warning, "true, false");
	CHECK_HAS(d.warning, "auto, inject, preload");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		check_case = bad[i];
		a[0].value = bad[i];
		d = decide(&c, a, 1);
		CHECK(!d.merge);
		CHECK_HAS(d.warning, "io.ksm.merge=");
	}
	check_case = "";
	/* what a tenant wrote is shown harmlessly, and is cut before it hides the names */
	a[0].value = "\033[2J\n";
	CHECK_HAS(decide(&c, a, 1).warning, "\"\x1b[2J\n\"");
	a[0].value = a[1].value = a[2].value =
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
	d = decide(&c, a, 3);
	CHECK_HAS(d.warning, "io.ksm.merge=");
	CHECK_HAS(d.warning, "io.ksm.required=");
	CHECK_HAS(d.warning, "io.ksm.method=");
	CHECK_HAS(d.warning, "preload; ignored");
}

/* What of the configuration was not understood stands behind what the container said. */
static void warnings(void)
{
	struct policy_config c = { 0 };
	struct annotation a[] = { { "io.ksm.merge", "true" }, { "io.ksm.required", "maybe" } };
	struct decision d;
	size_t len;

	snprintf(c.warning, sizeof(c.warning), "config.json:1:2: odd");
	CHECK_TEXT(decide(&c, a, 1).warning, "config.json:1:2: odd");
	CHECK_TEXT(decide(&c, a, 2).warning,
		   "invalid value annotation io.ksm.required=\"maybe\", expected one of true, "
		   "false; ignored; config.json:1:2: odd");
	/* as much as fits */
	memset(c.warning, 'x', sizeof(c.warning) - 1);
	d = decide(&c, a, 2);
	len = strlen(d.warning);
	CHECK(len < sizeof(d.warning));
	CHECK_HAS(d.warning, "ignored; xxx");
	CHECK_INT(d.warning[len - 1], 'x');
}

static void duplicates(void)
{
	struct policy_config c = { .deny = { { { "pod", "a" } }, 1 } };
	struct annotation a[] = {
		{ "io.ksm.merge", "false" },    { "io.ksm.required", "false" },
		{ "io.ksm.method", "inject" },  { "pod", "a" },
		{ "io.ksm.merge", "true" },     { "io.ksm.required", "true" },
		{ "io.ksm.method", "preload" }, { "pod", "b" }
	};
	struct decision d = decide(&c, a, ARRAY_SIZE(a));

	CHECK(d.merge);
	CHECK(d.required);
	CHECK_INT(d.method, METHOD_PRELOAD);
	CHECK_TEXT(d.warning, "");
}

static struct decision decide_lxc(const struct policy_config *c, const struct annotation *a,
				  size_t n)
{
	const struct policy_subject s = { .keys = &policy_environment,
					  .engine = ENGINE_LXC,
					  .name = "web-1",
					  .annotation = a,
					  .n = n };
	struct decision d;

	policy_decide(c, &s, &d);
	return d;
}

/* Where there are no annotations the environment says it, in its own words. */
static void environment(void)
{
	static const struct policy_config defaults, all = { .containers = CONTAINERS_ALL };
	struct policy_config deny = { .deny = { { { "lxc.name", "web-*" } }, 1 } };
	struct annotation a[] = { { "unused", "" },
				  { "KSM_MERGE", "yes" },
				  { "KSM_REQUIRED", "yes" },
				  { "io.ksm.merge", "false" } };
	struct decision d;

	d = decide_lxc(&defaults, a, 4);
	CHECK(d.merge);
	CHECK(d.required);
	CHECK_TEXT(d.text, "KSM_MERGE=yes");
	CHECK_TEXT(d.warning, "");
	d = decide_lxc(&defaults, a, 1);
	CHECK(!d.merge);
	CHECK_TEXT(d.text, "no KSM_MERGE=yes");
	d = decide_lxc(&deny, a, 4);
	CHECK(!d.merge);
	CHECK_HAS(d.text, "denied by the rule for lxc.name");
	a[1].value = "no";
	d = decide_lxc(&all, a, 4);
	CHECK(!d.merge);
	CHECK_TEXT(d.text, "KSM_MERGE=no");
	a[1].value = "true";
	d = decide_lxc(&all, a, 4);
	CHECK(d.merge);
	CHECK_TEXT(d.warning,
		   "invalid value KSM_MERGE=\"true\", expected one of yes, no; ignored");
}

/* What would be is said, and nothing is done; who asks for an audit gets one. */
static void observing(void)
{
	for (int asks = 0; asks <= 1; asks++) {
		for (int observe = 0; observe <= 1; observe++) {
			const struct annotation a[] = { { "io.ksm.merge", "true" } };
			const struct policy_config c = { .observe = observe, .audit = observe };
			const struct policy_subject s = { .annotation = a, .n = (size_t)asks };
			struct decision d;

			policy_decide(&c, &s, &d);
			CHECK_INT(d.merge, asks && !observe);
			CHECK_INT(d.would, asks && observe);
			CHECK_INT(d.audit, observe);
		}
	}
}

/* A rule with a key that nobody knows denies, whatever is not known otherwise. */
static void foreign_rules(void)
{
	const struct annotation a[] = { { "io.ksm.merge", "true" } };
	const struct policy_subject s = { .annotation = a, .n = 1 };
	struct policy_config c = { .allow_unknown = true,
				   .deny = { { { .foreign = "zone" } }, 1 } };
	struct decision d;

	policy_decide(&c, &s, &d);
	CHECK(!d.merge);
	CHECK_INT(d.reason, REASON_DENIED_UNKNOWN);
	CHECK_HAS(d.text, "its \"zone\" is not understood");
	/* patterns have no slashes of their own */
	c = (struct policy_config){ .deny = { { { .glob = { [TRUSTED_IMAGE] = "reg*:1" } } },
					      1 } };
	policy_decide(&c,
		      &(struct policy_subject){
			      .engine = ENGINE_CRIO,
			      .annotation =
				      (const struct annotation[]){
					      { "io.ksm.merge", "true" },
					      { "io.kubernetes.container.name", "web" },
					      { "io.kubernetes.cri-o.ImageName",
						"reg.example/a/b:1" } },
			      .n = 3 },
		      &d);
	CHECK_INT(d.reason, REASON_DENIED_BY_RULE);
}

/* The container of a pod that a request names: the longest name that fits, in any order. */
static void addressed(void)
{
	static const struct {
		const char *name, *first, *second;
		bool merge;
	} cases[] = {
		{ "kp-w", "io.ksm.merge/container.w", NULL, true },
		{ "kp-web", "io.ksm.merge/container.xyz", NULL, false },
		{ "kp-web", "io.ksm.merge/container.kp-web", NULL, true },
		{ "kp-web", "io.ksm.merge/container.xkp-web", NULL, false },
		/* the first one asks for it, the other does not */
		{ "kp-a-web", "io.ksm.merge/container.a-web", "io.ksm.merge/container.web",
		  true },
		{ "kp-a-web", "io.ksm.merge/container.web", "io.ksm.merge/container.a-web",
		  false },
		{ "kp-web", "io.ksm.merge/container.web", "io.ksm.merge/container.", true },
	};
	const struct policy_config c = { 0 };
	char key[300] = "io.ksm.merge/container.", name[254];
	struct annotation long_one[] = { { "io.kubernetes.container.name", name },
					 { key, "true" } };
	struct policy_subject s;
	struct decision d;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct annotation a[] = { { cases[i].first, "true" },
					  { cases[i].second, "nonsense" } };

		check_case = cases[i].first;
		s = (struct policy_subject){ .engine = ENGINE_PODMAN,
					     .name = cases[i].name,
					     .annotation = a,
					     .n = cases[i].second ? 2 : 1 };
		policy_decide(&c, &s, &d);
		CHECK_INT(d.merge, cases[i].merge);
	}
	check_case = "a name as long as there is (RFC 1123)";
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	snprintf(key + strlen(key), sizeof(key) - strlen(key), "%s", name);
	s = (struct policy_subject){ .engine = ENGINE_CRIO, .annotation = long_one, .n = 2 };
	policy_decide(&c, &s, &d);
	CHECK(d.merge);
	check_case = "which one it was";
	s = (struct policy_subject){ .annotation =
					     (const struct annotation[]){
						     { "io.ksm.merge", "true" },
						     { "io.ksm.merge/container.db", "false" } },
				     .n = 2 };
	policy_decide(&c, &s, &d);
	CHECK_TEXT(d.text, "annotation io.ksm.merge/container.db=false");
	check_case = "";
}

static void names(void)
{
	enum policy_containers containers = CONTAINERS_NONE;
	enum policy_method method = METHOD_PRELOAD;

	CHECK_INT(policy_containers_parse("annotated", &containers), 0);
	CHECK_INT(containers, CONTAINERS_ANNOTATED);
	CHECK_INT(policy_containers_parse("all", &containers), 0);
	CHECK_INT(containers, CONTAINERS_ALL);
	CHECK_INT(policy_containers_parse("none", &containers), 0);
	CHECK_INT(containers, CONTAINERS_NONE);
	CHECK_INT(policy_containers_parse("All", &containers), -EINVAL);
	CHECK_INT(policy_containers_parse("", &containers), -EINVAL);
	CHECK_INT(containers, CONTAINERS_NONE);
	CHECK_INT(policy_method_parse("auto", &method), 0);
	CHECK_INT(method, METHOD_AUTO);
	CHECK_INT(policy_method_parse("inject", &method), 0);
	CHECK_INT(method, METHOD_INJECT);
	CHECK_INT(policy_method_parse("preload", &method), 0);
	CHECK_INT(method, METHOD_PRELOAD);
	CHECK_INT(policy_method_parse("inherit", &method), -EINVAL);
	CHECK_INT(method, METHOD_PRELOAD);
}

int main(void)
{
	RUN(whole_table);
	RUN(opted_in_by_runtime);
	RUN(reasons);
	RUN(rules);
	RUN(required_and_method);
	RUN(unknown_values);
	RUN(warnings);
	RUN(duplicates);
	RUN(environment);
	RUN(observing);
	RUN(foreign_rules);
	RUN(addressed);
	RUN(names);
	return check_end();
}
