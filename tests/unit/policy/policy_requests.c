/* SPDX-License-Identifier: Apache-2.0 */
/* hook/policy/policy.c: what a container says for itself, by annotations and by its environment. */
#include <errno.h>

#include "base/macros.h"
#include "check.h"
#include "policy/decide.h"
#include "policy/decide_lxc.h"
#include "policy/policy.h"

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
	RUN(required_and_method);
	RUN(unknown_values);
	RUN(warnings);
	RUN(duplicates);
	RUN(environment);
	RUN(addressed);
	RUN(names);
	return check_end();
}
