/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: what a runtime's socket says, from frames to a decision. */
#include "fuzz.h"
#include "nri/nri_mux.h"
#include "nri/nri_rpc.h"
#include "nri/nri_subject.h"
#include "policy/policy.h"

static const struct policy_config config = {
	.containers = CONTAINERS_ALL,
	.deny = { { { .glob = { [TRUSTED_NAMESPACE] = "kube-*" } }, { "team", "*a*" } }, 2 },
};

static void decide(const Nri__PodSandbox *pod, const Nri__Container *container)
{
	static struct container_decision out;

	nri_decide(&config, ENGINE_CONTAINERD_CRI, pod, container, &out);
	require(out.err.msg[0] || out.decision.reason != REASON_NONE);
	require(out.pid >= 0 && memchr(out.id, '\0', sizeof(out.id)));
	require(!out.err.msg[0] || !out.decision.merge);
}

static void take(const struct nri_message *m)
{
	const Nri__Call *call = nri_rpc_unpack(&nri__call__descriptor, m->body, m->len);
	const Nri__Synchronize *s;
	const Nri__StateChange *change;

	require(m->len <= NRI_MESSAGE_MAX);
	if (!call)
		return;
	change = nri_rpc_unpack(&nri__state_change__descriptor, call->payload.data,
				call->payload.len);
	if (change)
		decide(change->pod, change->container);
	s = nri_rpc_unpack(&nri__synchronize__descriptor, call->payload.data,
			   call->payload.len);
	for (size_t i = 0; s && i < s->n_containers; i++)
		decide(s->n_pods ? s->pods[i % s->n_pods] : NULL, s->containers[i]);
	(void)nri_rpc_unpack(&nri__configure__descriptor, call->payload.data,
			     call->payload.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned char bodies[2][NRI_MESSAGE_MAX];
	static bool reserved;
	struct nri_mux mux = { 0 };
	struct nri_message m;
	struct error err;
	size_t taken;
	int r = 0;

	if (!reserved)
		require(nri_rpc_reserve(&err) == 0);
	reserved = true;
	mux.in[0].body = bodies[0];
	mux.in[1].body = bodies[1];
	for (; size > 0 && r >= 0; data += taken, size -= taken) {
		r = nri_mux_put(&mux, data, size, &taken, &m, &err);
		require(taken <= size && (taken > 0 || r < 0));
		if (r == 1)
			take(&m);
		nri_rpc_release();
	}
	return 0;
}
