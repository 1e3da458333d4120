/* SPDX-License-Identifier: Apache-2.0 */
/* hook/doctor/kubelet.c: which runtime a kubelet's files name. */
#include "doctor/kubelet.h"

#include "base/macros.h"
#include "check.h"

static void test_endpoints(void)
{
	static const struct {
		const char *text;
		enum kubelet_runtime found;
	} cases[] = {
		{ "", KUBELET_UNKNOWN },
		{ "kind: KubeletConfiguration\n", KUBELET_UNKNOWN },
		{ "containerRuntimeEndpoint: unix:///run/containerd/containerd.sock\n",
		  KUBELET_CONTAINERD },
		{ "a: b\ncontainerRuntimeEndpoint: \"unix:///var/run/crio/crio.sock\"",
		  KUBELET_OTHER },
		{ "containerRuntimeEndpoint: \"\"\nx: containerd\n", KUBELET_CONTAINERD },
		{ "containerRuntimeEndpoint:\nx: y\n", KUBELET_CONTAINERD },
		{ "# containerRuntimeEndpoint: unix:///run/crio/crio.sock\n", KUBELET_UNKNOWN },
		{ "KUBELET_KUBEADM_ARGS=\"--container-runtime-endpoint=unix:///run/containerd/"
		  "containerd.sock --node-ip=1.2.3.4\"\n",
		  KUBELET_CONTAINERD },
		{ "KUBELET_EXTRA_ARGS=--v=2 --container-runtime-endpoint "
		  "unix:///run/cri-dockerd.sock --x=containerd\n",
		  KUBELET_OTHER },
		{ "containerRuntimeEndpoint: unix:///run/crio/crio.sock\n"
		  "containerRuntimeEndpoint: unix:///run/k3s/containerd/containerd.sock\n",
		  KUBELET_CONTAINERD },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		check_case = cases[i].text;
		CHECK_INT(kubelet_runtime_parse(cases[i].text, KUBELET_UNKNOWN),
			  cases[i].found);
	}
	check_case = "before";
	CHECK_INT(kubelet_runtime_parse("a: b\n", KUBELET_OTHER), KUBELET_OTHER);
}

int main(void)
{
	RUN(test_endpoints);
	return check_end();
}
