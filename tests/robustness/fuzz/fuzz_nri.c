/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: what a runtime's socket says, from frames to a decision. */
#include "fuzz.h"
#include "nri/nri_adjust.h"
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
	require(out.failed == !!out.err.msg[0]);
	require(out.failed || out.decision.reason != REASON_NONE);
	require(out.pid >= 0 && memchr(out.id, '\0', sizeof(out.id)));
	require(!out.failed || !out.decision.merge);
}

/* Every argument and what was preloaded stay, in their order. */
static void adjust(const Nri__Container *c)
{
	const Nri__Created *with_program = nri_adjust(c, NRI_USE_PROGRAM, "/p");
	const Nri__Adjustment *a = with_program ? with_program->adjust : NULL;

	if (a) {
		require(a->n_args == c->n_args + 3 && !a->n_env && a->n_mounts == 1);
		for (size_t i = 0; i < c->n_args; i++)
			require(strcmp(a->args[i + 3], c->args[i]) == 0);
	}
	a = nri_adjust(c, NRI_USE_LIBRARY, "/l") ?
		    nri_adjust(c, NRI_USE_LIBRARY, "/l")->adjust :
		    NULL;
	require(!a || (a->n_env == 2 && !a->n_args && a->n_mounts == 1));
}

static void take(const struct nri_message *m)
{
	const Nri__Call *call = nri_rpc_unpack(&nri__call__descriptor, m->body, m->len);
	const Nri__Synchronize *s;
	const Nri__StateChange *change;
	const Nri__Configure *configure;
	const Nri__ContainerEvent *event;

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
	configure = nri_rpc_unpack(&nri__configure__descriptor, call->payload.data,
				   call->payload.len);
	if (configure)
		(void)nri_takes_args(configure);
	event = nri_rpc_unpack(&nri__container_event__descriptor, call->payload.data,
			       call->payload.len);
	if (event && event->container)
		adjust(event->container);
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
