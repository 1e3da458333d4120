/* SPDX-License-Identifier: Apache-2.0 */
/* The plugin's side of NRI. All of this runs confined: two descriptors, and nothing else. */
#include "nri/nri_plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/json_reader.h"
#include "base/macros.h"
#include "base/surroundings.h"
#include "base/text.h"
#include "kernel/sandbox.h"
#include "nri/nri_ask.h"
#include "nri/nri_rpc.h"
#include "nri/nri_subject.h"
#include "nri/nri_sync.h"
#include "policy/config_files.h"

/* What sandbox_stay() makes of the first socket; nri_ask.c has the other. */
#define RUNTIME_FD 0

/* enum Event and enum ContainerState of NRI's api.proto */
#define EVENT_CREATE_CONTAINER     4
#define EVENT_START_CONTAINER      6
#define EVENT_POST_START_CONTAINER 7
#define EVENT_REMOVE_CONTAINER     11
#define STATE_RUNNING              3

#define PLUGIN_SERVICE  "nri.pkg.api.v1alpha1.Plugin"
#define RUNTIME_SERVICE "nri.pkg.api.v1alpha1.Runtime"

/* ttrpc's clients number their calls by odd numbers. */
#define REGISTER_STREAM 1

/* At once from the socket; messages are gathered elsewhere. */
#define READ_SIZE (64u << 10)

static struct {
	const struct nri_plugin_options *options;
	enum container_engine engine;
	struct nri_mux mux;
	struct nri_sync sync;
	bool exec; /* by NRI_CALL_REGISTERED's answer */
} plugin;

/* A call of the runtime's. */
struct plugin_call {
	uint32_t stream;
	const void *arguments; /* of the method's type */
	const ProtobufCBinaryData *payload;
};

/* Our parent is gone, or the runtime: there is nobody to tell. */
static _Noreturn void leave(int status)
{
	_exit(status);
}

static void refuse_container(uint32_t stream, struct error *why)
{
	char text[sizeof(why->msg)];

	/* Go refuses what is no UTF-8 */
	why->msg[sizeof(why->msg) - 1] = '\0';
	printable(text, sizeof(text), why->msg, strlen(why->msg));
	if (nri_rpc_refuse(RUNTIME_FD, stream, NRI_FAILED_PRECONDITION, text) < 0)
		leave(0);
}

static void start_container(uint32_t stream, const Nri__PodSandbox *pod,
			    const Nri__Container *container)
{
	struct nri_answer answer = { 0 };

	nri_ask_config();
	if (nri_ask_decide(NRI_CALL_START, plugin.engine, pod, container))
		nri_ask(&answer);
	if (answer.refuse)
		refuse_container(stream, &answer.err);
	else if (nri_rpc_answer(RUNTIME_FD, stream, NULL) < 0)
		leave(0);
}

static void on_create_container(const struct plugin_call *c)
{
	const Nri__ContainerEvent *e = c->arguments;
	const char *const source[NRI_USES] = { [NRI_USE_PROGRAM] = plugin.options->program,
					       [NRI_USE_LIBRARY] = plugin.options->preload };
	const Nri__Created *created[NRI_USES] = { NULL };
	struct nri_answer answer = { 0 };
	struct nri_call *call;

	nri_ask_config();
	call = nri_ask_decide(NRI_CALL_CREATE, plugin.engine, e->pod, e->container);
	if (call) {
		/* before, as what cannot be done is not to be taken for done */
		for (int i = NRI_USE_NOTHING + 1;
		     i < NRI_USES && call->container.decision.merge; i++) {
			created[i] = nri_adjust(e->container, (enum nri_use)i, source[i]);
			call->can[i] = created[i] != NULL;
		}
		nri_ask(&answer);
	}
	if (answer.refuse)
		return refuse_container(c->stream, &answer.err);
	if (nri_rpc_answer(RUNTIME_FD, c->stream,
			   created[answer.use] ? &created[answer.use]->base : NULL) < 0)
		leave(0);
}

static void check_started(uint32_t stream, const Nri__PodSandbox *pod,
			  const Nri__Container *container)
{
	const struct nri_call *call;
	struct nri_answer answer;

	nri_ask_config();
	call = nri_ask_decide(NRI_CALL_STARTED, plugin.engine, pod, container);
	if (call && call->container.decision.merge)
		nri_ask(&answer);
	if (nri_rpc_answer(RUNTIME_FD, stream, NULL) < 0)
		leave(0);
}

static void removed_container(uint32_t stream, const Nri__Container *c)
{
	struct nri_answer answer;
	struct error ignored;
	struct nri_call *call = nri_ask_prepare(NRI_CALL_REMOVED);

	if (c && nri_identify(c, &call->container, &ignored) == 0)
		nri_ask(&answer);
	if (nri_rpc_answer(RUNTIME_FD, stream, NULL) < 0)
		leave(0);
}

/* Is the process with power to know of it? Into what nri_ask() sends. */
static bool is_of_interest(const Nri__Synchronize *s, const Nri__Container *c)
{
	const Nri__PodSandbox *pod = nri_sync_pod(s, c->pod_sandbox_id);
	struct error ignored;

	/* without a right nobody is reached who runs; what is left of others is removed */
	if (plugin.exec)
		return nri_identify(c, &nri_ask_prepare(NRI_CALL_EXISTING)->container,
				    &ignored) == 0;
	return c->state == STATE_RUNNING && pod &&
	       nri_ask_decide(NRI_CALL_EXISTING, plugin.engine, pod, c);
}

static void name_existing(const Nri__Synchronize *s)
{
	struct nri_answer answer;

	nri_ask_config();
	for (size_t i = 0; i < s->n_containers; i++) {
		if (is_of_interest(s, s->containers[i]))
			nri_ask(&answer);
	}
	nri_ask_prepare(NRI_CALL_SYNCHRONIZED);
	nri_ask(&answer);
}

static void on_synchronize(const struct plugin_call *c)
{
	const Nri__Synchronize *s = c->arguments;
	bool existing = plugin.options->existing || plugin.exec;
	const Nri__Synchronize *all = NULL;
	Nri__Synchronized done = NRI__SYNCHRONIZED__INIT;
	struct error err;

	if (existing && nri_sync_add(&plugin.sync, s, c->payload, &all, &err) < 0)
		nri_ask_say(&err);
	if (all)
		name_existing(all);
	done.more = s->more;
	if (nri_rpc_answer(RUNTIME_FD, c->stream, &done.base) < 0)
		leave(0);
}

static void on_configure(const struct plugin_call *c)
{
	const Nri__Configure *configure = c->arguments;
	Nri__Events events = NRI__EVENTS__INIT;
	struct nri_call *call = nri_ask_prepare(NRI_CALL_REGISTERED);
	struct nri_answer answer;

	plugin.engine = nri_engine(configure->runtime_name);
	snprintf(call->text, sizeof(call->text), "%.63s %.60s", configure->runtime_name,
		 configure->runtime_version);
	call->takes_args = nri_takes_args(configure);
	nri_ask(&answer);
	plugin.exec = answer.exec;
	/* no more than is needed: each event is a round trip in every container's life */
	events.events =
		1 << ((answer.exec ? EVENT_CREATE_CONTAINER : EVENT_START_CONTAINER) - 1);
	/* of others the process tells that they have ended */
	if (answer.exec)
		events.events |= 1 << (EVENT_REMOVE_CONTAINER - 1);
	if (answer.loses && !answer.exec)
		events.events |= 1 << (EVENT_POST_START_CONTAINER - 1);
	if (nri_rpc_answer(RUNTIME_FD, c->stream, &events.base) < 0)
		leave(0);
}

/* NRI 0.12 and later call for each event. */
static void on_start_container(const struct plugin_call *c)
{
	const Nri__ContainerEvent *e = c->arguments;

	start_container(c->stream, e->pod, e->container);
}

static void on_post_start_container(const struct plugin_call *c)
{
	const Nri__ContainerEvent *e = c->arguments;

	check_started(c->stream, e->pod, e->container);
}

static void on_remove_container(const struct plugin_call *c)
{
	const Nri__ContainerEvent *e = c->arguments;

	removed_container(c->stream, e->container);
}

/* Before that, all but a few were changes of state. */
static void on_state_change(const struct plugin_call *c)
{
	const Nri__StateChange *e = c->arguments;

	if (e->event == EVENT_START_CONTAINER)
		start_container(c->stream, e->pod, e->container);
	else if (e->event == EVENT_POST_START_CONTAINER)
		check_started(c->stream, e->pod, e->container);
	else if (e->event == EVENT_REMOVE_CONTAINER)
		removed_container(c->stream, e->container);
	else if (nri_rpc_answer(RUNTIME_FD, c->stream, NULL) < 0)
		leave(0);
}

static void on_shutdown(const struct plugin_call *c)
{
	(void)nri_rpc_answer(RUNTIME_FD, c->stream, NULL);
}

static const struct plugin_method {
	const char *name;
	const ProtobufCMessageDescriptor *type; /* NULL: it has no arguments that matter */
	void (*run)(const struct plugin_call *c);
} plugin_methods[] = {
	{ "Configure", &nri__configure__descriptor, on_configure },
	{ "Synchronize", &nri__synchronize__descriptor, on_synchronize },
	{ "CreateContainer", &nri__container_event__descriptor, on_create_container },
	{ "StartContainer", &nri__container_event__descriptor, on_start_container },
	{ "PostStartContainer", &nri__container_event__descriptor, on_post_start_container },
	{ "RemoveContainer", &nri__container_event__descriptor, on_remove_container },
	{ "StateChange", &nri__state_change__descriptor, on_state_change },
	{ "Shutdown", NULL, on_shutdown },
};

static void refuse_call(uint32_t stream, int code, const char *what)
{
	if (nri_rpc_refuse(RUNTIME_FD, stream, code, what) < 0)
		leave(0);
}

static void serve_call(const struct nri_message *m)
{
	const Nri__Call *call = nri_rpc_unpack(&nri__call__descriptor, m->body, m->len);
	const struct plugin_method *method = plugin_methods;
	struct plugin_call c = { .stream = m->stream };

	if (!call)
		return refuse_call(m->stream, NRI_INVALID_ARGUMENT,
				   "ksm-hook: no ttrpc request");
	while (method < plugin_methods + ARRAY_SIZE(plugin_methods) &&
	       strcmp(method->name, call->method) != 0)
		method++;
	if (strcmp(call->service, PLUGIN_SERVICE) != 0 ||
	    method == plugin_methods + ARRAY_SIZE(plugin_methods))
		return refuse_call(m->stream, NRI_UNIMPLEMENTED,
				   "ksm-hook does not implement it");
	c.payload = &call->payload;
	if (method->type)
		c.arguments =
			nri_rpc_unpack(method->type, call->payload.data, call->payload.len);
	if (method->type && !c.arguments)
		return refuse_call(m->stream, NRI_INVALID_ARGUMENT,
				   "ksm-hook: no such message");
	method->run(&c);
}

/* The one answer that we wait for. */
static void check_registered(const struct nri_message *m)
{
	const Nri__Reply *reply = nri_rpc_unpack(&nri__reply__descriptor, m->body, m->len);
	struct error err;

	if (reply && (!reply->status || reply->status->code == 0))
		return;
	(void)err_set(&err, EPROTO, "NRI: the runtime does not register us: %.200s",
		      reply ? reply->status->message : "its answer is none of ttrpc's");
	err.reason = REASON_NRI_PROTOCOL;
	nri_ask_say(&err);
	leave(1);
}

static void take_bytes(const unsigned char *data, size_t n)
{
	struct nri_message m;
	struct error err;
	size_t taken;

	for (; n > 0; data += taken, n -= taken) {
		int r = nri_mux_put(&plugin.mux, data, n, &taken, &m, &err);

		if (r < 0) {
			nri_ask_say(&err);
			leave(1);
		}
		if (r == 0)
			continue;
		if (m.connection == NRI_CALLS_PLUGIN && m.type == NRI_REQUEST)
			serve_call(&m);
		else if (m.connection == NRI_CALLS_RUNTIME && m.type == NRI_RESPONSE &&
			 m.stream == REGISTER_STREAM)
			check_registered(&m);
		nri_rpc_release();
		/* the pages of a large one are not needed again for a long time */
		if (m.len > READ_SIZE)
			madvise(plugin.mux.in[m.connection - 1].body, NRI_MESSAGE_MAX,
				MADV_DONTNEED);
	}
}

static int reserve_all(struct error *err)
{
	int r = nri_rpc_reserve(err);

	if (r == 0)
		r = json_reserve(CONFIG_TEXT_MAX, err);
	if (r < 0)
		return r;
	plugin.sync.bytes = nri_rpc_map(NRI_SYNC_MAX);
	plugin.mux.in[0].body = nri_rpc_map(NRI_MESSAGE_MAX);
	plugin.mux.in[1].body = nri_rpc_map(NRI_MESSAGE_MAX);
	if (!plugin.sync.bytes || !plugin.mux.in[0].body || !plugin.mux.in[1].body)
		return err_errno(err, errno, "memory for NRI's messages");
	return 0;
}

_Noreturn void nri_plugin_serve(int socket, int power, const struct nri_plugin_options *o)
{
	static unsigned char bytes[READ_SIZE];
	Nri__RegisterPlugin us = NRI__REGISTER_PLUGIN__INIT;
	struct error err;
	ssize_t n;

	surroundings_take();
	plugin.options = o;
	if (reserve_all(&err) < 0 || sandbox_stay(socket, power, &err) < 0)
		leave(1);
	us.plugin_name = (char *)o->name;
	us.plugin_idx = (char *)o->index;
	if (nri_rpc_call(RUNTIME_FD, REGISTER_STREAM, RUNTIME_SERVICE, "RegisterPlugin",
			 &us.base) < 0)
		leave(0);
	while ((n = read(RUNTIME_FD, bytes, sizeof(bytes))) > 0)
		take_bytes(bytes, (size_t)n);
	leave(0);
}
