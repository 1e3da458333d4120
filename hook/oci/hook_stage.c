/* SPDX-License-Identifier: Apache-2.0 */
/* What the hook stages share: options, the decision, the exit status. */
#include "oci/hook_stage.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "kernel/privileges.h"
#include "oci/decision_settle.h"
#include "oci/state.h"

/* Runtimes write the state at once; with the rest a hook stays below five seconds. */
#define STATE_TIMEOUT_MS 2000
#define PARSE_TIMEOUT_MS 1000

static char state_text[STATE_MAX + 1];

static bool requests_merge(const struct hook_request *request)
{
	const struct policy_subject *s = &request->subject;

	return annotation_value(s->annotation, s->n, s->keys->merge) != NULL;
}

/* In the sandbox. */
static int read_keys(const struct decision_request *request, const struct policy_config *policy,
		     struct container_decision *out, struct error *err)
{
	const struct hook_request *hook = request->keys;

	(void)err;
	policy_decide(policy, &hook->subject, &out->decision);
	return 0;
}

static ssize_t read_state(struct error *err)
{
	ssize_t n = read_all(STDIN_FILENO, state_text, STATE_MAX, STATE_TIMEOUT_MS);

	if (n == -ETIMEDOUT)
		err_set(err, ETIMEDOUT, "container state: stdin did not end within %d ms",
			STATE_TIMEOUT_MS);
	else if (n == -EFBIG)
		err_set(err, EFBIG, "container state: longer than %u bytes", STATE_MAX);
	else if (n < 0)
		err_errno(err, (int)-n, "container state on stdin");
	else if (n == 0)
		err_set(err, EINVAL,
			"container state: stdin is empty; an OCI runtime starts this, see "
			"ksm-hook(8)");
	if (n <= 0)
		err->reason = REASON_STATE_UNREADABLE;
	return n;
}

static int parse_stage_options(const struct command_syntax *syntax, int argc, char **argv,
			       struct decision_request *request, struct error *err)
{
	struct hook_options o = { .config_path = CONFIG_PATH };
	int r = options_parse(syntax, &argc, argv, &o, err);

	request->config_path = o.config_path;
	return r;
}

/* What the state says, if there is one to be read, and the configuration. */
static int decide_request(struct decision_request *request, struct container_decision *decision,
			  struct error *err)
{
	struct error unread;
	int r;

	request->timeout_ms = PARSE_TIMEOUT_MS;
	if (request->reader == decision_read_state) {
		ssize_t n = read_state(&unread);

		request->len = n > 0 ? (size_t)n : 0;
		if (n <= 0) {
			request->unread = &unread;
			request->reader = NULL;
		}
	}
	r = decision_make(request, decision, err);
	request->unread = NULL;
	if (decision->log_given)
		log_set_level(decision->log);
	return r;
}

/* ended: nothing is decided about a container that is over, as for the audit */
static enum hook_next decide_stage(struct decision_request *request, const char *id, bool ended,
				   struct container_decision *decision, int *status)
{
	struct error err;

	*status = 0;
	if (decide_request(request, decision, &err) < 0) {
		*status = hook_failed(&decision->decision, &err);
		if (!ended)
			decision_failed(decision, id, &err, *status != 0);
		return HOOK_DONE;
	}
	return decision->decision.reason == REASON_NONE ? HOOK_DONE : HOOK_MERGE;
}

/*
 * Wrong usage is reported, but not at the cost of every container on the host: of those only that
 * require merging. The exit status.
 */
static int report_slip(const struct error *slip, bool refused)
{
	log_error("%s; %s, fix the hook's \"args\"", slip->msg,
		  refused ? "the container is refused, as merging is required" :
			    "nothing was done");
	return refused;
}

static bool request_requires(struct decision_request *request, struct container_decision *c)
{
	struct error err;
	int r;

	/* whoever typed it is not kept waiting for a state */
	if (isatty(STDIN_FILENO))
		return false;
	r = decide_request(request, c, &err);
	return c->decision.required && (r < 0 || c->decision.merge);
}

static enum hook_next decide_start(const struct command_syntax *syntax, int argc, char **argv,
				   struct decision_request *request, const char *id,
				   struct container_decision *decision, int *status)
{
	struct error slip;
	int r = parse_stage_options(syntax, argc, argv, request, &slip);

	if (r == 0)
		return decide_stage(request, id, false, decision, status);
	*status = r < 0 ? report_slip(&slip, request_requires(request, decision)) : 0;
	return HOOK_DONE;
}

/* A container does not have to do without merging because we could keep more than we need. */
static void reduce_hook(void)
{
	struct error err;

	if (privileges_reduce(PRIVILEGES_HOOK, &err) < 0)
		log_debug("%s", err.msg);
}

static enum hook_next settle_stage(struct container_decision *c)
{
	decision_settle(c, NULL);
	if (!c->decision.merge)
		return HOOK_DONE;
	reduce_hook();
	return HOOK_MERGE;
}

enum hook_next hook_begin(const struct command_syntax *syntax, int argc, char **argv,
			  struct container_decision *decision, int *status)
{
	struct decision_request request = { .text = state_text, .reader = decision_read_state };

	log_init(argv[0], true);
	if (decide_start(syntax, argc, argv, &request, NULL, decision, status) == HOOK_DONE)
		return HOOK_DONE;
	log_set_subject(decision->id, decision->pid);
	return settle_stage(decision);
}

enum hook_next hook_begin_last(const struct command_syntax *syntax, int argc, char **argv,
			       struct container_decision *decision, int *status)
{
	struct decision_request request = { .text = state_text, .reader = decision_read_state };

	struct error slip;
	int r;

	log_init(argv[0], true);
	r = parse_stage_options(syntax, argc, argv, &request, &slip);
	if (r == 0)
		return decide_stage(&request, NULL, true, decision, status);
	/* there is nothing left to refuse; crun fails where nobody takes the state */
	*status = r < 0 ? report_slip(&slip, false) : 0;
	if (r < 0 && !isatty(STDIN_FILENO))
		(void)read_state(&slip);
	return HOOK_DONE;
}

enum hook_next hook_begin_request(const struct command_syntax *syntax, int argc, char **argv,
				  const struct hook_request *hook,
				  struct container_decision *decision, int *status)
{
	struct decision_request request = { .text = "",
					    .reader = read_keys,
					    .keys = hook,
					    .unread = hook->result < 0 ? &hook->err : NULL,
					    .requests = requests_merge(hook) };

	log_init(argv[0], true);
	log_set_subject(hook->id, hook->pid);
	if (decide_start(syntax, argc, argv, &request, hook->id, decision, status) == HOOK_DONE)
		return HOOK_DONE;
	snprintf(decision->id, sizeof(decision->id), "%s", hook->id);
	return settle_stage(decision);
}

int hook_failed(const struct decision *decision, const struct error *err)
{
	if (decision->required) {
		log_reason(LOG_LEVEL_ERROR, err->reason,
			   "not made mergeable, and merging is required, so the container is "
			   "refused: %s",
			   err->msg);
		return 1;
	}
	log_reason(LOG_LEVEL_WARNING, err->reason, "not made mergeable: %s", err->msg);
	return 0;
}
