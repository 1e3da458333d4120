/* SPDX-License-Identifier: Apache-2.0 */
/* The decision table: who is merged, by which rule, and what is said about it. */
#include "policy/policy.h"

#include "base/macros.h"
#include "check.h"
#include "policy/decide.h"

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

int main(void)
{
	RUN(whole_table);
	RUN(opted_in_by_runtime);
	RUN(reasons);
	RUN(rules);
	RUN(observing);
	RUN(foreign_rules);
	return check_end();
}
