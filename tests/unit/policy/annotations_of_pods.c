/* SPDX-License-Identifier: Apache-2.0 */
/* Annotations of a pod that are for one of its containers, or for all: whom they are for. */
#include "policy/annotations.h"
#include "policy/policy.h"

#include "base/macros.h"
#include "check.h"

/* For one container of a pod, for all of its pod, for whoever reads it. */
static void of_pods(void)
{
	struct annotation a[] = { { "io.kubernetes.container.name", "web" },
				  { "io.ksm.merge", "false" },
				  { "io.ksm.merge/pod", "true" },
				  { "io.ksm.merge/container.db", "false" },
				  { "io.ksm.method/container.web", "inject" },
				  { "io.ksm.method", "preload" },
				  { "io.ksm.required/container.web", "perhaps" },
				  { "io.ksm.required", "true" } };
	struct policy_subject s = { .engine = ENGINE_CRIO,
				    .annotation = a,
				    .n = ARRAY_SIZE(a) };
	struct policy_config c = { 0 };
	struct decision d;

	policy_decide(&c, &s, &d);
	CHECK(d.merge);
	CHECK_INT(d.method, METHOD_INJECT);
	/* the nearest that is given counts, also if nobody understands it */
	CHECK(!d.required);
	CHECK_HAS(d.warning, "io.ksm.required/container.web=\"perhaps\"");
	a[0].value = "db";
	policy_decide(&c, &s, &d);
	CHECK(!d.merge);
	CHECK_INT(d.reason, REASON_OPTED_OUT);
	CHECK_INT(d.method, METHOD_PRELOAD);
	CHECK_HAS(d.text, "io.ksm.merge/container.db=false");
	/* it may be that one, where nobody says what it is called */
	s.engine = ENGINE_UNKNOWN;
	policy_decide(&c, &s, &d);
	CHECK_INT(d.reason, REASON_OPTED_OUT);
	a[3].value = "true";
	policy_decide(&c, &s, &d);
	CHECK(d.merge);
	a[3].value = "false";
	s.annotation = a + 3;
	s.n--;
	s.n--;
	s.n--;
	policy_decide(&c, &s, &d);
	CHECK_INT(d.reason, REASON_OPTED_OUT);
}

/*
 * Where no name is known (podman at precreate, Docker), a word for another container may be for this
 * one: it counts where it refuses, and asks for nothing.
 */
static void of_nobody_knows_whom(void)
{
	static const enum container_engine unnamed[] = { ENGINE_UNKNOWN, ENGINE_CONTAINERD,
							 ENGINE_DOCKER, ENGINE_PODMAN };
	struct annotation refuses[] = { { "io.ksm.merge", "true" },
					{ "io.ksm.merge/pod", "true" },
					{ "io.ksm.merge/container.db", "false" } };
	struct annotation asks[] = { { "io.ksm.merge/container.db", "true" } };
	struct annotation other[] = { { "io.ksm.merge", "true" },
				      { "io.ksm.merge/container", "false" },
				      { "io.ksm.merge/container.db", "no" },
				      { "io.ksm.required", "true" },
				      { "io.ksm.required/container.db", "false" },
				      { "io.ksm.layout", "shared" },
				      { "io.ksm.group", "web" },
				      { "io.ksm.layout/container.db", "private" } };
	struct policy_config c = { .shared_layout = true };
	struct policy_subject s;
	struct decision d;

	for (size_t i = 0; i < ARRAY_SIZE(unnamed); i++) {
		s = (struct policy_subject){ .engine = unnamed[i],
					     .annotation = refuses,
					     .n = ARRAY_SIZE(refuses) };
		policy_decide(&c, &s, &d);
		CHECK_INT(d.reason, REASON_OPTED_OUT);
		s.annotation = asks;
		s.n = ARRAY_SIZE(asks);
		policy_decide(&c, &s, &d);
		CHECK_INT(d.reason, REASON_NOT_REQUESTED);
		s.annotation = other;
		s.n = ARRAY_SIZE(other);
		policy_decide(&c, &s, &d);
		CHECK(d.merge && !d.required && !d.group[0]);
		s.n -= 1;
		policy_decide(&c, &s, &d);
		CHECK_TEXT(d.group, "group:web");
	}
	/* a pod's pause container is none of those that are named */
	s = (struct policy_subject){ .engine = ENGINE_CONTAINERD_CRI,
				     .annotation = refuses,
				     .n = ARRAY_SIZE(refuses) };
	policy_decide(&c, &s, &d);
	CHECK(d.merge);
	/* and whose name is known is not db */
	s.engine = ENGINE_PODMAN;
	s.name = "kp-web";
	policy_decide(&c, &s, &d);
	CHECK(d.merge);
}

/* podman calls it POD-NAME, or by its name alone. */
static void of_podmans_pods(void)
{
	static const struct {
		const char *name;
		bool merge;
	} cases[] = {
		{ "kp-web", true },  { "web", true }, { "kp-a-web", false }, { "kpweb", false },
		{ "web-kp", false }, { "", false },   { NULL, false },
	};
	struct annotation a[] = { { "io.ksm.merge", "false" },
				  { "io.ksm.merge/container.web", "true" },
				  { "io.ksm.merge/container.a-web", "false" },
				  { "io.ksm.merge/container.", "true" } };
	struct policy_subject s = { .engine = ENGINE_PODMAN,
				    .annotation = a,
				    .n = ARRAY_SIZE(a) };
	struct policy_config c = { .deny = { { { .glob = { [TRUSTED_NAME] = "kp-no*" } } },
					     1 } };
	struct decision d;

	c.allow_unknown = true;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		check_case = cases[i].name ? cases[i].name : "none";
		s.name = cases[i].name;
		policy_decide(&c, &s, &d);
		CHECK_INT(d.merge, cases[i].merge);
	}
	check_case = "";
	s.name = "kp-no-web";
	policy_decide(&c, &s, &d);
	CHECK_INT(d.reason, REASON_DENIED_BY_RULE);
}

int main(void)
{
	RUN(of_pods);
	RUN(of_podmans_pods);
	RUN(of_nobody_knows_whom);
	return check_end();
}
