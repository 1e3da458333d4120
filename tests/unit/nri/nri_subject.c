/* SPDX-License-Identifier: Apache-2.0 */
/* What is decided of a container as NRI describes it, and whose word counts. */
#include "nri/nri_subject.h"

#include <stdlib.h>

#include "base/macros.h"
#include "check.h"
#include "oci/state.h"

static struct container_decision out;
static Nri__PodSandbox pod;
static Nri__Container container;
static Nri__Pair pairs[160];
static Nri__Pair *of_pod[160], *of_container[4];

static void begin(void)
{
	nri__pod_sandbox__init(&pod);
	nri__container__init(&container);
	pod.namespace_ = "shop";
	pod.name = "web-1";
	pod.annotations = of_pod;
	container.id = "c0ffee";
	container.name = "main";
	container.pid = 4711;
	container.annotations = of_container;
}

static void annotate(bool of_engine, const char *key, const char *value)
{
	size_t i = pod.n_annotations + container.n_annotations;

	nri__pair__init(&pairs[i]);
	pairs[i].key = (char *)key;
	pairs[i].value = (char *)value;
	if (of_engine)
		of_container[container.n_annotations++] = &pairs[i];
	else
		of_pod[pod.n_annotations++] = &pairs[i];
}

static enum reason decided(const struct policy_config *policy)
{
	memset(&out, 0xff, sizeof(out));
	nri_decide(policy, ENGINE_CONTAINERD_CRI, &pod, &container, &out);
	return out.decision.reason;
}

static void requests(void)
{
	static const struct policy_config defaults;

	begin();
	CHECK_INT(decided(&defaults), REASON_NOT_REQUESTED);
	annotate(false, "io.ksm.merge", "true");
	CHECK_INT(decided(&defaults), REASON_REQUESTED);
	CHECK(out.decision.merge && !out.failed && !out.err.msg[0]);
	CHECK_TEXT(out.id, "c0ffee");
	CHECK_INT(out.pid, 4711);
	CHECK_TEXT(out.metadata.pod_namespace, "shop");
	CHECK_TEXT(out.metadata.pod, "web-1");
	CHECK_TEXT(out.metadata.container, "main");
	CHECK_TEXT(out.metadata.image, "");
	annotate(false, "io.ksm.merge/container.main", "false");
	CHECK_INT(decided(&defaults), REASON_OPTED_OUT);
	container.name = "sidecar";
	CHECK_INT(decided(&defaults), REASON_REQUESTED);
}

/* Fields of the runtime's own, and what it writes among a container's annotations. */
static void whose_word(void)
{
	static const struct policy_config deny_namespace = {
		.deny = { { { .glob = { [TRUSTED_NAMESPACE] = "kube-*" } } }, 1 }
	};
	static const struct policy_config allow_image = {
		.allow = { { { .glob = { [TRUSTED_IMAGE] = "registry.example/*" } } }, 1 }
	};
	static Nri__Image image = NRI__IMAGE__INIT;

	begin();
	annotate(false, "io.ksm.merge", "true");
	annotate(false, "io.kubernetes.cri.sandbox-namespace", "kube-system");
	CHECK_INT(decided(&deny_namespace), REASON_REQUESTED);
	CHECK_TEXT(out.metadata.pod_namespace, "shop");
	pod.namespace_ = "kube-system";
	CHECK_INT(decided(&deny_namespace), REASON_DENIED_BY_RULE);
	/* one that says nothing is not known */
	pod.namespace_ = "";
	CHECK_INT(decided(&deny_namespace), REASON_DENIED_UNKNOWN);

	begin();
	annotate(false, "io.ksm.merge", "true");
	annotate(false, "io.kubernetes.cri.image-name", "registry.example/web:1");
	CHECK_INT(decided(&allow_image), REASON_NOT_ALLOWED);
	annotate(true, "io.kubernetes.cri.image-name", "registry.example/web:1");
	CHECK_INT(decided(&allow_image), REASON_REQUESTED);
	CHECK_TEXT(out.metadata.image, "registry.example/web:1");
	/* newer runtimes have a field for it, which comes first */
	image.name = "elsewhere.example/web:1";
	container.image = &image;
	CHECK_INT(decided(&allow_image), REASON_NOT_ALLOWED);
}

static void refused(void)
{
	static const struct policy_config defaults;
	static const struct policy_config required = { .required = true, .audit = true };
	static char long_id[300];
	static char keys[150][32];

	begin();
	nri_decide(&required, ENGINE_CONTAINERD_CRI, NULL, &container, &out);
	CHECK_INT(out.err.reason, REASON_NRI_PROTOCOL);
	CHECK(out.failed && out.decision.required && !out.decision.merge);
	CHECK(out.decision.audit);
	CHECK_TEXT(out.err.msg, "NRI: an event without its pod");
	nri_decide(&defaults, ENGINE_CONTAINERD_CRI, &pod, NULL, &out);
	CHECK_INT(out.err.reason, REASON_NRI_PROTOCOL);
	CHECK_TEXT(out.err.msg, "NRI: an event without its container");

	memset(long_id, 'a', sizeof(long_id) - 1);
	for (size_t i = 0; i < 4; i++) {
		begin();
		container.id = i == 0 ? "" : i == 1 ? "../x" : i == 2 ? ".." : long_id;
		(void)decided(&defaults);
		CHECK_HAS(out.err.msg, "no id of a container");
		CHECK(out.failed && !out.decision.merge);
	}
	/* the longest that there is room for, and one byte more */
	for (size_t longer = 0; longer <= 1; longer++) {
		begin();
		memset(long_id, 'a', sizeof(long_id));
		long_id[sizeof(out.id) - 1 + longer] = '\0';
		container.id = long_id;
		(void)decided(&defaults);
		CHECK_INT(out.err.msg[0] != '\0', longer);
		CHECK_INT(out.failed, longer);
		CHECK_INT(strlen(out.id), longer ? 0 : sizeof(out.id) - 1);
	}
	begin();
	container.pid = 0x7fffffff;
	(void)decided(&defaults);
	CHECK_TEXT(out.err.msg, "");
	CHECK_INT(out.pid, 0x7fffffff);
	container.pid = 0x80000000;
	(void)decided(&defaults);
	CHECK_HAS(out.err.msg, "no process id");

	begin();
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		snprintf(keys[i], sizeof(keys[i]), "io.ksm.%zu", i);
		annotate(false, keys[i], "x");
	}
	(void)decided(&defaults);
	CHECK_HAS(out.err.msg, "more than");
	CHECK(out.failed);
	CHECK_INT(ANNOTATIONS_MAX < ARRAY_SIZE(keys), 1);
}

/* What nobody wants cannot be required. */
static void requirements(void)
{
	static const struct policy_config required = { .required = true }, defaults;

	begin();
	(void)decided(&required);
	CHECK(!out.decision.merge && !out.decision.required);
	annotate(false, "io.ksm.merge", "true");
	(void)decided(&required);
	CHECK(out.decision.merge && out.decision.required);
	(void)decided(&defaults);
	CHECK(out.decision.merge && !out.decision.required);
}

static void engines(void)
{
	CHECK_INT(nri_engine("containerd"), ENGINE_CONTAINERD_CRI);
	CHECK_INT(nri_engine("cri-o"), ENGINE_CRIO);
	CHECK_INT(nri_engine("crio"), ENGINE_CRIO);
	CHECK_INT(nri_engine("docker"), ENGINE_UNKNOWN);
	CHECK_INT(nri_engine(""), ENGINE_UNKNOWN);
}

int main(void)
{
	RUN(requests);
	RUN(whose_word);
	RUN(refused);
	RUN(requirements);
	RUN(engines);
	return check_end();
}
