/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: what pods need of containerd beside a runtime: CRI, and where they have the agent, NRI. */
#include "doctor/check_cri.h"

#include "nri/nri_presence.h"

static const char no_pods[] = "containerd starts no pods then, so nothing calls the runtimes "
			      "that are set for them",
		  maybe_no_pods[] = "some releases of containerd start no pods then";

static struct finding *report_cri(struct doctor *d, const struct containerd_switched *s,
				  bool needed, const char *what, const char *name)
{
	const char *file = s->at->line ? s->at->file : "";

	return finding_add(d, s->is == SWITCH_OFF && needed ? FINDING_BROKEN : FINDING_WARNING,
			   ID_CONTAINERD_CONFIG, s->is == SWITCH_OFF ? no_pods : maybe_no_pods,
			   "%s %s%s%s", what, name, *file ? ": see " : "", file);
}

bool check_cri(struct doctor *d, const struct containerd_config *files,
	       const struct containerd_config *in_effect, bool ours,
	       enum kubelet_runtime kubelet)
{
	bool needed = ours || kubelet == KUBELET_CONTAINERD;
	struct containerd_switched cri = containerd_cri(files, in_effect), first;
	char how[CONTAINERD_ON_MAX];
	const char *name;

	if (!needed && kubelet != KUBELET_UNKNOWN)
		return true;
	if (cri.is != SWITCH_ON)
		finding_advise(report_cri(d, &cri, needed, "containerd's disabled_plugins have",
					  cri.by),
			       "%s, and restart containerd", containerd_switch_on(&cri, how));
	first = containerd_default(files, in_effect, &name);
	if (cri.is != SWITCH_OFF && first.is != SWITCH_ON)
		finding_advise(
			report_cri(d, &first, needed,
				   "containerd's configuration has runtimes, and among them "
				   "not that of its default_runtime_name,",
				   name[0] ? name : "\"\""),
			"add its table beside theirs, with runtime_type = "
			"\"io.containerd.runc.v2\", or let default_runtime_name be one that "
			"is there; then restart containerd");
	return cri.is != SWITCH_OFF && first.is != SWITCH_OFF;
}

/* Of the node's agent, which pods need where there is no runtime of ours. */
static void report_agent(struct doctor *d, const struct containerd_switched *nri)
{
	char how[CONTAINERD_ON_MAX];
	struct finding *f;

	if (nri->is != SWITCH_OFF) {
		finding_add(d, FINDING_OK, ID_CONTAINERD_RUNTIME, NULL,
			    "pods are made mergeable by ksm-hook nri");
		return;
	}
	f = finding_add(d, FINDING_WARNING, ID_CONTAINERD_RUNTIME,
			"from containerd's next start on the agent is not told of any pod",
			"ksm-hook nri is registered, and containerd's configuration has NRI "
			"switched off");
	finding_advise(f, "%s, unless it is another runtime that calls the agent",
		       containerd_switch_on(nri, how));
}

void report_no_containerd_runtime(struct doctor *d, enum kubelet_runtime kubelet,
				  const struct containerd_switched *nri)
{
	char how[CONTAINERD_ON_MAX];
	struct finding *f;

	if (nri_presence_is_there()) {
		report_agent(d, nri);
		return;
	}
	if (kubelet == KUBELET_NONE || kubelet == KUBELET_OTHER) {
		finding_add(d, FINDING_OK, ID_CONTAINERD_RUNTIME, NULL,
			    "containerd does not have the runtime wrapper, which only "
			    "Kubernetes would need");
		return;
	}
	f = finding_add(d, FINDING_WARNING, ID_CONTAINERD_RUNTIME,
			"containerd calls no hooks, so pods become mergeable by the runtime "
			"wrapper, by ksm-hook nri, by attach, or not at all",
			"there is a kubelet, and neither is ksm-hook nri registered, nor does "
			"containerd have the runtime wrapper");
	if (nri->is == SWITCH_OFF)
		finding_advise(f, "%s, and start ksm-hook nri, as docs/kubernetes.md shows",
			       containerd_switch_on(nri, how));
	else
		finding_advise(f, "start ksm-hook nri, as docs/kubernetes.md shows");
}
