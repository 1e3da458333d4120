/* SPDX-License-Identifier: Apache-2.0 */
/* Of ksm-hook nri: what the process with power does when the reader asks for it. */
#include "applets/nri_act.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "containers/metadata.h"
#include "ksmd/boost.h"
#include "nri/nri_presence.h"
#include "oci/decision.h"
#include "oci/decision_settle.h"

/* In a process of its own: a busy container must not keep the next one from starting. */
static void merge_existing_behind(struct agent *a)
{
	size_t failed;
	struct error err;
	ssize_t n;
	pid_t pid = a->existing.n ? fork() : -1;

	if (pid == 0) {
		n = nri_existing_merge(&a->existing, &failed, &err);
		if (n < 0 || failed)
			log_reason(LOG_LEVEL_WARNING, err.reason,
				   "running containers: not all made mergeable: %s", err.msg);
		if (n >= 0)
			log_info(
				"%zu running containers opted in; %zd processes made mergeable",
				a->existing.n, n);
		_exit(0);
	}
	if (pid < 0 && a->existing.n)
		log_warning("running containers: fork: %s", strerror(errno));
	nri_existing_free(&a->existing);
}

/*
 * On kernels that lose mergeability at exec. The preload library, where that is the method, needs
 * none of it.
 */
static void check_started_behind(const struct container_decision *c)
{
	struct error err;
	ssize_t n;
	pid_t pid = c->decision.method == METHOD_PRELOAD ? -1 : fork();

	if (pid != 0)
		return;
	log_set_subject(c->id, c->pid);
	n = nri_check_started(c, &err);
	if (n < 0)
		log_reason(LOG_LEVEL_WARNING, err.reason, "not made mergeable: %s", err.msg);
	else if (n > 0)
		log_info("%zd processes had lost mergeability and are mergeable again", n);
	_exit(0);
}

static int merge_start(struct agent *a, const struct nri_call *call, struct nri_answer *answer,
		       struct error *err)
{
	int r = nri_merge_start(&call->container, err);

	(void)a;
	(void)answer;
	if (r == 0)
		log_info("made mergeable");
	return r;
}

static int merge_create(struct agent *a, const struct nri_call *call, struct nri_answer *answer,
			struct error *err)
{
	const struct container_decision *c = &call->container;
	enum nri_use use;
	int r = nri_way_use(&a->way, &c->decision, &use, err);

	if (r < 0)
		return r;
	if (!call->can[use])
		return err_reason(err, REASON_EDIT_FAILED,
				  err_set(err, EINVAL, "its %s cannot be changed",
					  use == NRI_USE_PROGRAM ? "arguments" :
								   "environment"));
	answer->use = use;
	metadata_write_created(c->id, &c->metadata, a->place);
	boost_start(true);
	log_info("gets %s",
		 answer->use == NRI_USE_PROGRAM ? "ksm-hook run" : "the preload library");
	return 0;
}

/* Whatever its decision is: the answer to NRI_CALL_START or NRI_CALL_CREATE. */
static void act_on_decision(struct agent *a, struct nri_call *call, struct nri_answer *answer,
			    int (*merge)(struct agent *a, const struct nri_call *call,
					 struct nri_answer *answer, struct error *err))
{
	struct container_decision *c = &call->container;
	struct error err = c->err;
	int r = c->failed ? -EINVAL : 0;

	log_set_subject(c->id, c->pid);
	if (r == 0)
		decision_settle(c, NULL);
	if (r == 0 && c->decision.merge) {
		if (c->decision.group[0])
			log_warning("its layout is not shared: ksm-hook nri does not do that");
		r = merge(a, call, answer, &err);
	}
	if (r < 0 || c->decision.merge || c->decision.would)
		nri_state_count(a->state, r < 0             ? NRI_COUNT_FAILED :
					  c->decision.merge ? NRI_COUNT_MERGEABLE :
							      NRI_COUNT_OBSERVED);
	answer->refuse = r < 0 && c->decision.required;
	if (answer->refuse)
		answer->err = err;
	if (r < 0)
		log_reason(answer->refuse ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, err.reason,
			   "not made mergeable%s: %s",
			   answer->refuse ?
				   ", and merging is required, so the container is refused" :
				   "",
			   err.msg);
	if (c->failed)
		decision_failed(c, NULL, &c->err, answer->refuse);
	log_set_subject("", 0);
}

/* One that runs already: it is seen to with all the others, and starts whatever is required. */
static void decide_existing(struct agent *a, struct nri_call *call)
{
	struct container_decision *c = &call->container;
	struct error err;

	if (c->log_given)
		log_set_level(c->log);
	log_set_subject(c->id, c->pid);
	if (c->failed) {
		log_reason(LOG_LEVEL_WARNING, c->err.reason, "not made mergeable: %s",
			   c->err.msg);
		decision_failed(c, NULL, &c->err, false);
	} else {
		decision_settle(c, NULL);
		if (c->decision.merge && nri_existing_add(&a->existing, c, &err) < 0)
			log_warning("%s", err.msg);
	}
	log_set_subject("", 0);
}

void nri_act(struct agent *a, struct nri_call *call, struct nri_answer *answer)
{
	struct container_decision *c = &call->container;
	struct error err;
	char way[300];

	switch (call->kind) {
	case NRI_CALL_CONFIG:
		nri_config_answer(&a->config, answer);
		break;
	case NRI_CALL_REGISTERED:
		a->registered = true;
		a->features.agent = a->way.exec ? "exec" : "inject";
		nri_state_registered(a->state, true);
		answer->loses = a->way.kernel == PROBE_EACH_EXEC;
		answer->exec = a->way.exec;
		a->way.takes_args = call->takes_args;
		nri_presence_set(true);
		log_info("registered with %s as %s-%s", call->text, a->plugin.index,
			 a->plugin.name);
		nri_way_describe(&a->way, way, sizeof(way));
		log_info("%s", way);
		if (a->way.exec && a->plugin.existing)
			log_warning("containers that run already are left alone: way exec "
				    "does not reach them");
		break;
	case NRI_CALL_START:
		if (c->log_given)
			log_set_level(c->log);
		act_on_decision(a, call, answer, merge_start);
		break;
	case NRI_CALL_CREATE:
		if (c->log_given)
			log_set_level(c->log);
		act_on_decision(a, call, answer, merge_create);
		break;
	case NRI_CALL_STARTED:
		if (c->decision.merge && !c->failed)
			check_started_behind(c);
		break;
	case NRI_CALL_REMOVED:
		metadata_remove(c->id);
		break;
	case NRI_CALL_EXISTING:
		if (!a->way.exec)
			decide_existing(a, call);
		else if (nri_existing_add(&a->existing, c, &err) < 0)
			log_warning("%s", err.msg);
		break;
	case NRI_CALL_SYNCHRONIZED:
		if (!a->way.exec) {
			merge_existing_behind(a);
			break;
		}
		if (a->existing.n < NRI_EXISTING_MAX)
			nri_existing_forget_others(&a->existing, a->place);
		nri_existing_free(&a->existing);
		break;
	case NRI_CALL_SAY:
		log_reason(LOG_LEVEL_WARNING, c->err.reason, "%s", c->err.msg);
		break;
	case NRI_CALL_KINDS:
		break;
	}
}
