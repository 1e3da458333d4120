/* SPDX-License-Identifier: Apache-2.0 */
/* A container as NRI describes it: what is decided about it, and who it is. */
#include "nri/nri_subject.h"

#include <limits.h>
#include <string.h>

#include "oci/state.h"
#include "policy/policy.h"

static const char nri_name[] = "NRI";

enum container_engine nri_engine(const char *runtime_name)
{
	if (strcmp(runtime_name, "containerd") == 0)
		return ENGINE_CONTAINERD_CRI;
	if (strcmp(runtime_name, "cri-o") == 0 || strcmp(runtime_name, "crio") == 0)
		return ENGINE_CRIO;
	return ENGINE_UNKNOWN;
}

static int add_annotations(const struct policy_config *policy, Nri__Pair *const *pairs,
			   size_t n, bool of_engine, struct state *out, struct error *err)
{
	for (size_t i = 0; i < n; i++) {
		const struct json_value value = { .type = JSON_STRING,
						  .text = pairs[i]->value,
						  .len = strlen(pairs[i]->value) };
		int r;

		if (!state_decides(policy, pairs[i]->key) ||
		    (!of_engine && annotation_is_engines(pairs[i]->key)))
			continue;
		r = state_annotation(nri_name, out, pairs[i]->key, &value, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int nri_identify(const Nri__Container *container, struct container_decision *out,
		 struct error *err)
{
	size_t len = strlen(container->id);

	if (len >= sizeof(out->id) || !state_is_id(container->id))
		return err_set(err, EINVAL, "%s: \"%.63s\" is no id of a container", nri_name,
			       container->id);
	if (container->pid > INT_MAX)
		return err_set(err, EINVAL, "%s: %u is no process id", nri_name,
			       container->pid);
	memcpy(out->id, container->id, len + 1);
	out->pid = (pid_t)container->pid;
	return 0;
}

static const char *or_null(const char *text)
{
	return text && *text ? text : NULL;
}

void nri_decide(const struct policy_config *policy, enum container_engine engine,
		const Nri__PodSandbox *pod, const Nri__Container *container,
		struct container_decision *out)
{
	static struct state state; /* for its list of annotations alone */
	const char *told[TRUSTED_KEYS] = { NULL };
	struct policy_subject subject = { .engine = engine, .told = told };
	struct error err;
	int r;

	memset(out, 0, sizeof(*out));
	out->decision.required = policy->required;
	out->decision.audit = policy->audit;
	state.n = 0;
	if (!pod || !container) {
		(void)err_set(&out->err, EINVAL, "%s: an event without its %s", nri_name,
			      pod ? "container" : "pod");
		out->err.reason = REASON_NRI_PROTOCOL;
		out->failed = true;
		return;
	}
	r = nri_identify(container, out, &err);
	if (r == 0)
		r = add_annotations(policy, pod->annotations, pod->n_annotations, false, &state,
				    &err);
	if (r == 0)
		r = add_annotations(policy, container->annotations, container->n_annotations,
				    true, &state, &err);
	if (r < 0) {
		out->failed = true;
		out->err = err;
		return;
	}
	told[TRUSTED_NAMESPACE] = or_null(pod->namespace_);
	told[TRUSTED_POD] = or_null(pod->name);
	told[TRUSTED_CONTAINER] = or_null(container->name);
	told[TRUSTED_IMAGE] = container->image ? or_null(container->image->name) : NULL;
	subject.annotation = state.annotation;
	subject.n = state.n;
	state_names(&subject, &out->metadata);
	policy_decide(policy, &subject, &out->decision);
	/* what nobody wants cannot be required */
	out->decision.required = out->decision.required && out->decision.merge;
}
