/* SPDX-License-Identifier: Apache-2.0 */
/* Forged annotations for each engine: what an attacker's pod says, and what the engine does. */
#include "policy/annotations.h"
#include "policy/policy.h"

#include "base/macros.h"
#include "check.h"
#include "forged.h"

static void check_value(const char *got, const char *want)
{
	CHECK_TEXT(got ? got : "(unknown)", want ? want : "(unknown)");
}

static void values(const struct forged_row *row)
{
	struct policy_subject s = forged_subject(row);
	struct trusted_values v;

	trusted_values_find(&s, 1000, &v);
	check_value(v.value[TRUSTED_NAMESPACE], row->namespace);
	check_value(v.value[TRUSTED_POD], row->pod);
	check_value(v.value[TRUSTED_CONTAINER], row->container);
	check_value(v.value[TRUSTED_IMAGE], row->image);
	check_value(v.value[TRUSTED_NAME], row->name);
	check_value(v.value[TRUSTED_ENGINE], engine_name(row->engine));
	check_value(v.value[TRUSTED_USER], "1000");
}

static struct decision decide(const struct policy_config *c, const struct forged_row *row)
{
	struct policy_subject s = forged_subject(row);
	struct decision d;

	memset(&d, 0xff, sizeof(d));
	policy_decide(c, &s, &d);
	return d;
}

/* The engine's value is denied, an attacker's neither evades that nor causes it. */
static void rules(const struct forged_row *row)
{
	struct policy_config c = { .containers = CONTAINERS_ALL, .deny.n = 1 };
	bool known = row->namespace != NULL;
	struct decision d;

	c.deny.rule[0].glob[TRUSTED_NAMESPACE] = "sh*";
	d = decide(&c, row);
	CHECK(!d.merge);
	CHECK_INT(d.reason, known ? REASON_DENIED_BY_RULE : REASON_DENIED_UNKNOWN);
	CHECK_HAS(d.text, "the rule for namespace");
	c.deny.rule[0].glob[TRUSTED_NAMESPACE] = "forged";
	d = decide(&c, row);
	CHECK_INT(d.merge, known);
	CHECK_INT(d.reason, known ? REASON_CONTAINERS_ALL : REASON_DENIED_UNKNOWN);
	c.allow_unknown = true;
	CHECK(decide(&c, row).merge);
	/* to be allowed, it has to be known to be */
	c = (struct policy_config){ .containers = CONTAINERS_ALL, .allow.n = 1 };
	c.allow.rule[0].glob[TRUSTED_NAMESPACE] = "*";
	CHECK_INT(decide(&c, row).merge, known);
	c.allow_unknown = true;
	CHECK_INT(decide(&c, row).merge, known);
	c.allow.rule[0].glob[TRUSTED_NAMESPACE] = "forged";
	CHECK(!decide(&c, row).merge);
}

/* All of a rule has to fit; what surely does not fit outweighs what is not known. */
static void several_keys(void)
{
	const struct forged_row *cri = &forged[0], *podman = &forged[6];
	struct policy_config c = { .containers = CONTAINERS_ALL, .deny.n = 1 };
	struct policy_rule *rule = &c.deny.rule[0];

	rule->glob[TRUSTED_NAMESPACE] = "shop";
	rule->glob[TRUSTED_CONTAINER] = "db";
	CHECK(decide(&c, cri).merge);
	rule->glob[TRUSTED_CONTAINER] = "nginx";
	CHECK(!decide(&c, cri).merge);
	CHECK_INT(decide(&c, podman).reason, REASON_DENIED_UNKNOWN);
	rule->glob[TRUSTED_ENGINE] = "containerd";
	CHECK(decide(&c, podman).merge);
	CHECK(!decide(&c, cri).merge);
	rule->annotation = "team";
	rule->match = "*";
	CHECK(decide(&c, cri).merge);
	rule->annotation = "nerdctl/name";
	CHECK(!decide(&c, cri).merge);
	CHECK_HAS(decide(&c, cri).text, "nerdctl/name");
	/* a rule that surely fits is named, wherever it stands */
	c.deny.n = 2;
	*rule = (struct policy_rule){ .glob = { [TRUSTED_NAMESPACE] = "x" } };
	c.deny.rule[1] = (struct policy_rule){ .glob = { [TRUSTED_USER] = "0" } };
	CHECK_INT(decide(&c, podman).reason, REASON_DENIED_BY_RULE);
	CHECK_HAS(decide(&c, podman).text, "the rule for user");
	/* what is not known says so, and what to do */
	c.deny.n = 1;
	CHECK_HAS(decide(&c, podman).text,
		  "podman does not say the namespace, see \"unknown\"");
	CHECK_HAS(decide(&c, &forged[ARRAY_SIZE(forged) - 1]).text,
		  "its engine, which is not known");
}

/* The name that rules had for containers of LXC, which has become "name". */
static void name_of_lxc(void)
{
	struct policy_config c = { .deny = { { { "lxc.name", "b*" } }, 1 } };
	struct annotation a[] = { { "KSM_MERGE", "yes" } };
	struct policy_subject s = { .keys = &policy_environment,
				    .engine = ENGINE_LXC,
				    .name = "box",
				    .annotation = a,
				    .n = 1 };
	struct decision d;

	policy_decide(&c, &s, &d);
	CHECK_INT(d.reason, REASON_DENIED_BY_RULE);
	s.name = "web";
	policy_decide(&c, &s, &d);
	CHECK(d.merge);
	s.name = NULL;
	policy_decide(&c, &s, &d);
	CHECK_INT(d.reason, REASON_DENIED_UNKNOWN);
	CHECK_HAS(d.text, "lxc does not say the name");
	/* elsewhere it is an annotation like any other */
	s.engine = ENGINE_PODMAN;
	policy_decide(&c, &s, &d);
	CHECK(d.merge);
}

static void keys(void)
{
	static const char *const names[TRUSTED_KEYS] = {
		[TRUSTED_NAMESPACE] = "namespace", [TRUSTED_POD] = "pod",
		[TRUSTED_CONTAINER] = "container", [TRUSTED_IMAGE] = "image",
		[TRUSTED_ENGINE] = "engine",       [TRUSTED_USER] = "user",
		[TRUSTED_NAME] = "name",
	};

	CHECK(annotation_is_engines("io.kubernetes.cri.sandbox-namespace"));
	CHECK(annotation_is_engines("io.kubernetes.cri.container-type"));
	CHECK(annotation_is_engines("io.kubernetes.pod.namespace"));
	CHECK(annotation_is_engines("io.kubernetes.cri-o.ImageName"));
	CHECK(!annotation_is_engines("io.kubernetes.cri-o.Namespace"));
	CHECK(!annotation_is_engines("io.kubernetes.pod.uid"));
	CHECK(!annotation_is_engines(""));
	for (enum trusted_key k = TRUSTED_NAMESPACE; k < TRUSTED_KEYS; k++)
		CHECK_TEXT(trusted_key_name(k), names[k]);
}

/* Which keys an engine says anything of. */
static void told(void)
{
	static const struct {
		enum container_engine engine;
		const char *keys; /* namespace, pod, container, image, engine, user, name */
	} of[] = {
		{ ENGINE_UNKNOWN, "-----y-" },    { ENGINE_CONTAINERD_CRI, "yyyyyy-" },
		{ ENGINE_CONTAINERD, "----yy-" }, { ENGINE_CRIO, "yyyyyyy" },
		{ ENGINE_DOCKER, "----yy-" },     { ENGINE_PODMAN, "----yyy" },
		{ ENGINE_LXC, "----yyy" },
	};
	static const enum trusted_key keys[] = { TRUSTED_NAMESPACE, TRUSTED_POD,
						 TRUSTED_CONTAINER, TRUSTED_IMAGE,
						 TRUSTED_ENGINE,    TRUSTED_USER,
						 TRUSTED_NAME };

	for (size_t i = 0; i < ARRAY_SIZE(of); i++) {
		check_case = engine_name(of[i].engine);
		for (size_t k = 0; k < ARRAY_SIZE(keys); k++)
			CHECK_INT(trusted_is_told(of[i].engine, keys[k]), of[i].keys[k] == 'y');
	}
	check_case = "";
}

/* An orchestrator's word, wherever it stands among the others. */
static void orchestrators(void)
{
	const struct annotation a[] = { { "io.kubernetes.pod.name", "web" },
					{ "team", "a" },
					{ "io.kubernetes.cri.container-type", "sandbox" } };

	CHECK(annotation_has_orchestrator(a, 1));
	CHECK(annotation_has_orchestrator(a, 3));
	CHECK(annotation_has_orchestrator(a + 1, 2));
	CHECK(!annotation_has_orchestrator(a + 1, 1));
	CHECK(!annotation_has_orchestrator(a, 0));
}

/* What a runtime has fields for goes before what annotations say. */
static void told_values(void)
{
	const struct annotation a[] = { { "io.kubernetes.pod.name", "annotated" },
					{ "io.kubernetes.pod.namespace", "annotated" } };
	const char *fields[TRUSTED_KEYS] = { [TRUSTED_POD] = "told", [TRUSTED_IMAGE] = "x:1" };
	struct policy_subject s = {
		.engine = ENGINE_CRIO, .annotation = a, .n = 2, .told = fields
	};
	struct trusted_values v;

	trusted_values_find(&s, 1000, &v);
	check_value(v.value[TRUSTED_POD], "told");
	check_value(v.value[TRUSTED_IMAGE], "x:1");
	check_value(v.value[TRUSTED_NAMESPACE], "annotated");
	check_value(v.value[TRUSTED_CONTAINER], NULL);
	/* also of an engine whose annotations say nothing */
	s.engine = ENGINE_UNKNOWN;
	trusted_values_find(&s, 1000, &v);
	check_value(v.value[TRUSTED_POD], "told");
	check_value(v.value[TRUSTED_NAMESPACE], NULL);
}

static void whole_table(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(forged); i++) {
		check_case = forged[i].what;
		values(&forged[i]);
		rules(&forged[i]);
	}
}

/* As much as fits, behind what is there. */
static void misunderstood(void)
{
	char text[16] = "before", all[200] = "";

	annotation_misunderstood(text, sizeof(text), "k ", "key", "value", "a, b");
	CHECK_TEXT(text, "before; invalid");
	annotation_misunderstood(all, sizeof(all), "k ", "key", "value", "a, b");
	CHECK_TEXT(all, "invalid value k key=\"value\", expected one of a, b; ignored");
}

/* What an annotation says, then the administrator; "off" for whom it may be meant is off. */
static void economy(void)
{
	static const struct {
		const char *key, *value;
		bool by_config, off;
	} cases[] = {
		{ "io.ksm.merge", "true", false, false },
		{ "io.ksm.merge", "true", true, true },
		{ "io.ksm.economy", "off", false, true },
		{ "io.ksm.economy", "on", false, false },
		{ "io.ksm.economy", "on", true, true },
		{ "io.ksm.economy", "no", false, false },
		{ "io.ksm.economy/pod", "off", false, true },
		{ "io.ksm.economy/container.x", "off", false, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct annotation a = { cases[i].key, cases[i].value };
		struct policy_subject s = { .engine = ENGINE_DOCKER, .annotation = &a, .n = 1 };
		struct policy_config c = { .no_economy = cases[i].by_config };
		struct decision d;

		policy_decide(&c, &s, &d);
		CHECK_INT(d.no_economy, cases[i].off);
		CHECK_INT(d.warning[0] != '\0', strcmp(cases[i].value, "no") == 0);
	}
}

/* The container asks, and the administrator allows it; it counts for who has a group. */
static void v8(void)
{
	static const struct {
		const char *key, *value;
		bool allowed, v8;
		const char *warning;
	} cases[] = {
		{ "io.ksm.log", "x", true, false, "" },
		{ "io.ksm.v8", "shared", true, true, "" },
		{ "io.ksm.v8/pod", "shared", true, true, "" },
		{ "io.ksm.v8", "private", true, false, "" },
		{ "io.ksm.v8", "private", false, false, "" },
		{ "io.ksm.v8", "shared", false, false,
		  "annotation io.ksm.v8=shared: config.json does not say \"shared_v8\": true" },
		{ "io.ksm.v8", "true", true, false, "expected one of private, shared" },
		/* for another container, maybe for this one */
		{ "io.ksm.v8/container.x", "shared", true, false, "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct annotation a[] = { { "io.ksm.merge", "true" },
					  { cases[i].key, cases[i].value } };
		struct policy_subject s = { .engine = ENGINE_DOCKER, .annotation = a, .n = 2 };
		struct policy_config c = { .shared_layout = true,
					   .shared_v8 = cases[i].allowed };
		struct decision d;

		check_case = cases[i].value;
		policy_decide(&c, &s, &d);
		CHECK_INT(d.v8, cases[i].v8);
		CHECK_HAS(d.warning, cases[i].warning);
		CHECK_INT(d.warning[0] != '\0', cases[i].warning[0] != '\0');
		a[0].value = "false";
		policy_decide(&c, &s, &d);
		CHECK(!d.v8);
	}
	check_case = "";
}

/* LXC's configuration has no word for it. */
static void v8_of_lxc(void)
{
	struct annotation a[] = { { "KSM_MERGE", "yes" }, { "KSM_V8", "shared" } };
	struct policy_subject s = {
		.keys = &policy_environment, .engine = ENGINE_LXC, .annotation = a, .n = 2
	};
	struct policy_config c = { .shared_layout = true, .shared_v8 = true };
	struct decision d;

	policy_decide(&c, &s, &d);
	CHECK(d.merge && !d.v8);
}

int main(void)
{
	RUN(misunderstood);
	RUN(whole_table);
	RUN(several_keys);
	RUN(name_of_lxc);
	RUN(keys);
	RUN(told);
	RUN(orchestrators);
	RUN(told_values);
	RUN(economy);
	RUN(v8);
	RUN(v8_of_lxc);
	return check_end();
}
