/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of a container, and by whom, of each engine with forged annotations; and its rules. */
#include "policy/explain.h"

#include <string.h>

#include "base/macros.h"
#include "check.h"
#include "forged.h"

static const char *or_unknown(const char *text)
{
	return text && text[0] ? text : "(unknown)";
}

static const char *wanted(const struct forged_row *row, enum trusted_key key)
{
	switch (key) {
	case TRUSTED_NAMESPACE:
		return row->namespace;
	case TRUSTED_POD:
		return row->pod;
	case TRUSTED_CONTAINER:
		return row->container;
	case TRUSTED_IMAGE:
		return row->image;
	case TRUSTED_ENGINE:
		return engine_name(row->engine);
	case TRUSTED_USER:
		return "1000";
	default:
		return row->name;
	}
}

/* Each value is the engine's with its source, or unknown; a forged one is named as not trusted. */
static void values(void)
{
	const struct policy_config c = { .owner = 1000 };

	for (size_t i = 0; i < ARRAY_SIZE(forged); i++) {
		struct policy_subject s = forged_subject(&forged[i]);
		struct explanation e;

		memset(&e, 0xff, sizeof(e));
		check_case = forged[i].what;
		policy_explain(&c, &s, &e);
		for (size_t k = 0; k < TRUSTED_KEYS; k++) {
			const struct explained_value *v = &e.value[k];
			const char *source = trusted_source(s.engine, k);

			CHECK_TEXT(or_unknown(v->value), or_unknown(wanted(&forged[i], k)));
			CHECK(strcmp(v->value, "forged") != 0);
			CHECK(!source || strcmp(v->source, source) == 0);
			/* who says it, wherever something is said */
			CHECK(!v->value[0] || v->source[0]);
			CHECK(!v->value[0] || !v->claimant[0]);
			if (v->claimant[0])
				CHECK_TEXT(v->claim, "forged");
		}
	}
}

/* Who says a value that no annotation has, and that nobody says one that is not known. */
static void sources(void)
{
	static const struct {
		enum container_engine engine;
		const char *name, *engine_source, *name_source;
	} of[] = {
		{ ENGINE_PODMAN, "web", "where its configuration lies",
		  "the arguments of its monitor, conmon" },
		{ ENGINE_CRIO, "w", "where its configuration lies",
		  "the arguments of its monitor, conmon" },
		{ ENGINE_LXC, "w", "where its configuration lies",
		  "LXC's call, or its monitor" },
		{ ENGINE_PODMAN, NULL, "where its configuration lies", "" },
		{ ENGINE_UNKNOWN, NULL, "", "" },
	};
	const struct policy_config c = { .owner = 1000 };

	for (size_t i = 0; i < ARRAY_SIZE(of); i++) {
		struct policy_subject s = { .engine = of[i].engine, .name = of[i].name };
		struct explanation e;

		check_case = engine_name(of[i].engine);
		policy_explain(&c, &s, &e);
		CHECK_TEXT(e.value[TRUSTED_NAME].value, of[i].name ? of[i].name : "");
		CHECK_TEXT(e.value[TRUSTED_NAME].source, of[i].name_source);
		CHECK_TEXT(e.value[TRUSTED_ENGINE].source, of[i].engine_source);
		CHECK_TEXT(e.value[TRUSTED_USER].source, "whose user namespace it is");
		if (of[i].engine == ENGINE_PODMAN)
			CHECK_TEXT(e.value[TRUSTED_POD].source, "");
	}
	check_case = "";
}

/* Where no engine says it, all forge, and each is told whose word that is. */
static void claims(void)
{
	static const struct {
		enum container_engine engine;
		enum trusted_key key;
		const char *claimant;
	} of[] = {
		{ ENGINE_PODMAN, TRUSTED_NAMESPACE, "io.kubernetes.cri.sandbox-namespace" },
		{ ENGINE_DOCKER, TRUSTED_POD, "io.kubernetes.cri.sandbox-name" },
		{ ENGINE_CONTAINERD, TRUSTED_IMAGE, "io.kubernetes.cri.image-name" },
		{ ENGINE_LXC, TRUSTED_CONTAINER, "io.kubernetes.cri.container-name" },
		{ ENGINE_UNKNOWN, TRUSTED_NAMESPACE, "io.kubernetes.cri.sandbox-namespace" },
		/* there is no annotation for these */
		{ ENGINE_PODMAN, TRUSTED_NAME, "" },
		{ ENGINE_PODMAN, TRUSTED_USER, "" },
		{ ENGINE_PODMAN, TRUSTED_ENGINE, "" },
		{ ENGINE_UNKNOWN, TRUSTED_ENGINE, "" },
	};
	const struct policy_config c = { 0 };
	struct annotation a[] = { FORGED_CONTAINERD, FORGED_CRIO };
	struct annotation pause[] = { { "io.kubernetes.container.name", "POD" },
				      { "io.kubernetes.cri-o.ImageName", "forged" } };
	struct policy_subject s = { .annotation = a, .n = ARRAY_SIZE(a) };
	struct explanation e;

	for (size_t i = 0; i < ARRAY_SIZE(of); i++) {
		check_case = trusted_key_name(of[i].key);
		s.engine = of[i].engine;
		policy_explain(&c, &s, &e);
		CHECK_TEXT(e.value[of[i].key].claimant, of[i].claimant);
		CHECK_TEXT(e.value[of[i].key].claim, of[i].claimant[0] ? "forged" : "");
	}
	/* the engine's own key, which it does not write for a pause container */
	check_case = "pause";
	s = (struct policy_subject){ .engine = ENGINE_CRIO,
				     .annotation = pause,
				     .n = ARRAY_SIZE(pause) };
	policy_explain(&c, &s, &e);
	CHECK_TEXT(e.value[TRUSTED_IMAGE].value, "");
	CHECK_TEXT(e.value[TRUSTED_IMAGE].source, "io.kubernetes.cri-o.ImageName");
	CHECK_TEXT(e.value[TRUSTED_IMAGE].claimant, "io.kubernetes.cri-o.ImageName");
}

/* Values and names that are longer than what is shown are cut, and end. */
static void long_texts(void)
{
	static char value[4096];
	struct annotation a[] = { { "io.kubernetes.pod.namespace", value },
				  { "io.kubernetes.cri.sandbox-name", value } };
	struct policy_config c = { .deny.n = 1 };
	struct policy_subject s = { .engine = ENGINE_CRIO,
				    .annotation = a,
				    .n = ARRAY_SIZE(a) };
	struct explained_rule rule;
	struct explanation e;

	memset(value, 'x', sizeof(value) - 1);
	policy_explain(&c, &s, &e);
	CHECK_INT(strlen(e.value[TRUSTED_NAMESPACE].value),
		  sizeof(e.value[TRUSTED_NAMESPACE].value) - 1);
	CHECK_INT(strlen(e.value[TRUSTED_POD].claim), sizeof(e.value[TRUSTED_POD].claim) - 1);
	c.deny.rule[0].glob[TRUSTED_NAMESPACE] = value;
	c.deny.rule[0].file = value;
	CHECK_INT(policy_explain_rules(&c, &s, 0, &rule, 1), 1);
	CHECK_INT(strlen(rule.text), sizeof(rule.text) - 1);
	CHECK_INT(strlen(rule.file), sizeof(rule.file) - 1);
	CHECK_INT(rule.fit, FITS);
	/* and so does what stands behind others, once these have left little room */
	c.deny.rule[0].annotation = "team";
	c.deny.rule[0].match = "web";
	for (size_t room = 0; room < 40; room++) {
		static char first[sizeof(rule.text)];

		memset(first, 'y', sizeof(first) - 1);
		first[sizeof(first) - 40 - room] = '\0';
		c.deny.rule[0].glob[TRUSTED_POD] = first;
		CHECK_INT(policy_explain_rules(&c, &s, 0, &rule, 1), 1);
		CHECK_INT(strlen(rule.text), sizeof(rule.text) - 1);
		CHECK_TEXT(rule.unknown, "");
	}
}

/* Each rule with its place, in the order in which they are looked at. */
static void rules(void)
{
	static const struct {
		bool deny;
		enum rule_fit fit;
		bool counts;
		const char *text, *unknown;
	} want[] = {
		{ true, FITS_NOT, false, "namespace=\"pay*\"", "" },
		{ true, FITS_MAYBE, true, "name=\"db\"", "name" },
		{ true, FITS, true, "annotation team=\"web\" (not trusted), pod=\"w*\"", "" },
		{ true, FITS_MAYBE, true, "zone, which is not understood", "zone" },
		{ false, FITS, true, "annotation io.kubernetes.pod.name=\"web-1\"", "" },
		{ false, FITS_MAYBE, false, "image=\"x\", name=\"y\"", "name" },
		{ false, FITS_NOT, false, "image=\"z\"", "" },
		{ false, FITS_MAYBE, false,
		  "annotation io.kubernetes.pod.namespace=\"shop\", zone, "
		  "which is not understood",
		  "zone" },
	};
	struct annotation a[] = { { "io.kubernetes.pod.namespace", "shop" },
				  { "io.kubernetes.pod.name", "web-1" },
				  { "io.kubernetes.container.name", "nginx" },
				  { "io.kubernetes.cri-o.ImageName", "x" },
				  { "team", "web" } };
	struct policy_config c = {
		.deny = { { { .glob = { [TRUSTED_NAMESPACE] = "pay*" }, .line = 1 },
			    { .glob = { [TRUSTED_NAME] = "db" }, .line = 2, .column = 7 },
			    { .annotation = "team",
			      .match = "web",
			      .glob = { [TRUSTED_POD] = "w*" },
			      .file = "conf.d/a.json" },
			    { .foreign = "zone" } },
			  4 },
		.allow = { { { .annotation = "io.kubernetes.pod.name", .match = "web-1" },
			     { .glob = { [TRUSTED_IMAGE] = "x", [TRUSTED_NAME] = "y" } },
			     { .glob = { [TRUSTED_IMAGE] = "z" } },
			     { .annotation = "io.kubernetes.pod.namespace",
			       .match = "shop",
			       .foreign = "zone" } },
			   4 },
	};
	struct policy_subject s = { .engine = ENGINE_CRIO,
				    .annotation = a,
				    .n = ARRAY_SIZE(a) };
	struct explained_rule rule[ARRAY_SIZE(want) + 1];
	struct explanation e;

	policy_explain(&c, &s, &e);
	CHECK_INT(e.denies, 4);
	CHECK_INT(e.allows, 4);
	CHECK_INT(e.decision.reason, REASON_DENIED_BY_RULE);
	memset(rule, 0xff, sizeof(rule));
	CHECK_INT(policy_explain_rules(&c, &s, 0, rule, ARRAY_SIZE(rule)), ARRAY_SIZE(want));
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		check_case = want[i].text;
		CHECK_INT(rule[i].deny, want[i].deny);
		CHECK_INT(rule[i].fit, want[i].fit);
		CHECK_INT(rule[i].counts, want[i].counts);
		CHECK_TEXT(rule[i].text, want[i].text);
		CHECK_TEXT(rule[i].unknown, want[i].unknown);
	}
	check_case = "";
	CHECK_INT(rule[1].line, 2);
	CHECK_INT(rule[1].column, 7);
	CHECK_TEXT(rule[1].file, "config.json");
	CHECK_TEXT(rule[2].file, "conf.d/a.json");
	/* in pages, of which the last is short, and none behind it */
	CHECK_INT(policy_explain_rules(&c, &s, 3, rule, 2), 2);
	CHECK_TEXT(rule[0].unknown, "zone");
	CHECK(!rule[1].deny);
	CHECK_INT(policy_explain_rules(&c, &s, 7, rule, 2), 1);
	CHECK_INT(policy_explain_rules(&c, &s, 8, rule, 2), 0);
	/* what is not known is not denied then; what nobody understands is */
	c.allow_unknown = true;
	CHECK_INT(policy_explain_rules(&c, &s, 1, rule, 3), 3);
	CHECK(!rule[0].counts);
	CHECK(rule[2].counts);
}

int main(void)
{
	RUN(values);
	RUN(sources);
	RUN(claims);
	RUN(long_texts);
	RUN(rules);
	return check_end();
}
