/* SPDX-License-Identifier: Apache-2.0 */
/* The confined reader's side of nri_call.h. */
#include "nri/nri_ask.h"

#include <string.h>
#include <unistd.h>

#include "base/json_reader.h"
#include "nri/nri_power.h"
#include "nri/nri_subject.h"

/* What sandbox_stay() makes of the second socket. */
#define POWER_FD 1

static struct {
	struct config_files config;
	struct policy_config policy;
	int config_result; /* 0, or -errno with config_err: policy says nothing */
	struct error config_err;
	struct nri_call call;
} asker;

void nri_ask(struct nri_answer *answer)
{
	ssize_t n = write(POWER_FD, &asker.call, NRI_CALL_SIZE);

	if (n != (ssize_t)NRI_CALL_SIZE ||
	    read(POWER_FD, answer, sizeof(*answer)) != (ssize_t)sizeof(*answer))
		_exit(0);
}

struct nri_call *nri_ask_prepare(enum nri_call_kind kind)
{
	memset(&asker.call, 0, NRI_CALL_SIZE);
	asker.call.kind = kind;
	return &asker.call;
}

void nri_ask_say(const struct error *err)
{
	struct nri_answer answer;

	nri_ask_prepare(NRI_CALL_SAY)->container.err = *err;
	nri_ask(&answer);
}

void nri_ask_config(void)
{
	struct nri_answer answer;

	nri_ask_prepare(NRI_CALL_CONFIG);
	nri_ask(&answer);
	if (!answer.changed)
		return;
	if (nri_config_receive(&asker.config, answer.config_files, POWER_FD) < 0)
		_exit(0);
	asker.config_result = answer.config_result;
	asker.config_err = answer.err;
	json_release();
	if (asker.config_result < 0)
		asker.policy = (struct policy_config){ .audit = asker.policy.audit };
	else
		asker.config_result = config_files_parse(&asker.config, &asker.policy, NULL,
							 NULL, &asker.config_err);
}

struct nri_call *nri_ask_decide(enum nri_call_kind kind, enum container_engine engine,
				const Nri__PodSandbox *pod, const Nri__Container *container)
{
	struct container_decision *out = &nri_ask_prepare(kind)->container;

	nri_decide(&asker.policy, engine, pod, container, out);
	out->log_given = asker.policy.log_given;
	out->log = asker.policy.log;
	if (!out->failed && asker.config_result < 0 &&
	    (out->decision.merge || out->decision.reason != REASON_NOT_REQUESTED)) {
		bool required = out->decision.required;

		out->failed = true;
		out->err = asker.config_err;
		out->decision =
			(struct decision){ .required = required, .audit = asker.policy.audit };
	}
	return out->failed || out->decision.reason != REASON_NOT_REQUESTED ? &asker.call : NULL;
}
