/* SPDX-License-Identifier: Apache-2.0 */
/* Is a container to be merged, and how: from its text and the configuration to a decision that has been checked. */
#include "oci/decision.h"

#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/fault_injection.h"
#include "base/io.h"
#include "base/json_reader.h"
#include "kernel/sandbox.h"
#include "kernel/userns.h"
#include "oci/config_load.h"
#include "oci/decision_check.h"
#include "oci/decision_host.h"
#include "oci/state.h"
#include "oci/takeover.h"
#include "policy/layout_policy.h"

#define IMAGE_BEGIN_MS      500
#define IMAGE_END_MS        3500
#define SETTINGS_TIMEOUT_MS 1000

_Static_assert(sizeof(struct container_decision) <= SANDBOX_ANSWER_MAX, "it must fit");
_Static_assert(sizeof(struct decision_settings) <= SANDBOX_ANSWER_MAX, "it must fit");

/* Whose containers these are, where that matters. */
static unsigned config_owner;

static bool text_has(const char *text, size_t len, const char *word)
{
	return memmem(text, len, word, strlen(word)) != NULL;
}

/*
 * Is there an escape of a letter or a dot, which could spell a name otherwise? Go's encoder
 * writes \u003c and the like, which cannot.
 */
static bool has_escape(const char *text, size_t len)
{
	const char *p = text, *end = text + len;

	/* one NUL stands behind the text */
	while ((p = memmem(p, (size_t)(end - p), "\\u00", 4)) != NULL) {
		p += 4;
		if (*p == '6' || *p == '7' || (*p == '2' && (p[1] == 'e' || p[1] == 'E')))
			return true;
	}
	return false;
}

bool decision_config_mentions(const char *config_path, const char *word)
{
	const struct config_files *config;

	(void)config_load(config_path, NULL);
	config = config_loaded();
	return text_has(config->text, config->len, word) ||
	       has_escape(config->text, config->len);
}

bool decision_config_is_empty(const char *config_path)
{
	return config_load(config_path, NULL) == 0 &&
	       config_loaded()->len <= config_loaded()->n;
}

bool decision_may_request(const char *text, size_t len)
{
	return text_has(text, len, ANNOTATION_PREFIX "merge") || has_escape(text, len);
}

/* In the sandbox. */
int decision_read_state(const struct decision_request *request,
			const struct policy_config *policy, struct container_decision *out,
			struct error *err)
{
	static struct state state;
	struct policy_subject subject = { .engine = request->engine,
					  .image_id = request->image_id,
					  .project = request->project };
	int r = state_parse(request->text, request->len, policy, &state, err);

	if (r < 0)
		return r;
	memcpy(out->id, state.id, sizeof(out->id));
	memcpy(out->bundle, state.bundle, sizeof(out->bundle));
	out->pid = state.pid;
	out->running = state.running;
	subject.annotation = state.annotation;
	subject.n = state.n;
	if (subject.engine == ENGINE_UNKNOWN)
		subject.engine = engine_of_bundle(state.bundle, state.id, false);
	subject.name = state_monitored_name(request->monitor, subject.engine, state.id);
	state_names(&subject, &out->metadata);
	policy_decide(policy, &subject, &out->decision);
	return 0;
}

/* In the sandbox. */
int decision_read_spec(const struct decision_request *request,
		       const struct policy_config *policy, struct container_decision *out,
		       struct error *err)
{
	const struct spec_origin origin = { request->engine,   request->bundle,
					    request->id,       request->monitor,
					    request->image_id, request->project };

	return spec_parse(request->text, request->len, &origin, policy, &out->spec,
			  &out->metadata, &out->decision, &out->syntax, err);
}

/* Only one reader fills the spec in, and the others need not pass it through a pipe. */
static size_t answer_size(const struct decision_request *request)
{
	return request->reader == decision_read_spec ?
		       sizeof(struct container_decision) :
		       offsetof(struct container_decision, spec);
}

/* In the sandbox: without a configuration nothing is merged, but a container may require it. */
static void read_request(const void *arg, void *answer)
{
	static struct policy_config parsed;
	const struct decision_request *request = arg;
	struct container_decision *out = answer;
	bool required;
	struct error err;

	if (request->policy) {
		parsed = *request->policy;
	} else {
		/* without files the default, all zero, stays: pages that no start need write */
		if (config_loaded()->n > 0)
			out->failed = config_files_parse(config_loaded(), &parsed, NULL, NULL,
							 &out->err) < 0;
		parsed.by_runtime = request->by_runtime;
		parsed.owner = config_owner;
	}
	if (request->owner)
		parsed.owner = *request->owner;
	required = parsed.required;
	out->log_given = parsed.log_given;
	out->log = parsed.log;
	out->decision.required = required;
	out->decision.audit = parsed.audit;
	if (request->len > 0)
		fault_in_parser(answer, answer_size(request));
	if (fault_take_over(out, request->text))
		return;
	if (request->reader(request, &parsed, out, &err) < 0) {
		/* a text that is no JSON is worse than a configuration that is none */
		if (out->syntax || !out->failed)
			out->err = err;
		out->failed = true;
		out->decision = (struct decision){ .required = required,
						   .audit = parsed.audit,
						   .no_economy = parsed.no_economy };
		return;
	}
	/* what nobody wants cannot be required */
	out->decision.required = out->decision.required && out->decision.merge;
}

static void read_settings(const void *arg, void *answer)
{
	static struct policy_config parsed;
	struct decision_settings *out = answer;

	(void)arg;
	out->failed = config_files_parse(config_loaded(), &parsed, NULL, NULL, &out->err) < 0;
	out->required = parsed.required;
	out->observe = parsed.observe;
	out->audit = parsed.audit;
	out->log_given = parsed.log_given;
	out->log = parsed.log;
	out->max_sparse = parsed.max_sparse;
	out->runtimes = parsed.runtimes;
	for (size_t i = 0; i < parsed.runtimes; i++)
		snprintf(out->runtime[i], sizeof(out->runtime[i]), "%s", parsed.runtime[i]);
}

/* What the sandbox says when it fails, with a code. */
static int sandbox_failed(struct error *err, int r)
{
	return err_reason(err, r == -ETIMEDOUT ? REASON_PARSER_TIMEOUT : REASON_PARSER_FAILED,
			  r);
}

int decision_settings(const char *config_path, struct decision_settings *out, struct error *err)
{
	int r = config_load(config_path, err);

	*out = (struct decision_settings){ 0 };
	if (r < 0)
		return r;
	r = json_reserve(config_loaded()->len, err);
	if (r == 0) {
		r = sandbox_call(read_settings, NULL, out, sizeof(*out), SETTINGS_TIMEOUT_MS,
				 err);
		if (r < 0)
			r = sandbox_failed(err, r);
	}
	if (r == 0)
		r = decision_settings_check(out, err);
	if (r < 0)
		*out = (struct decision_settings){ 0 };
	return r;
}

/* A group has a secret to be learned: there is none where config.json knows of none. */
static bool may_have_group(const struct decision_request *request)
{
	return request->policy ?
		       request->policy->shared_layout :
		       decision_config_mentions(request->config_path, "shared_layout");
}

/* The same of V8's seed. */
static bool may_have_v8(const struct decision_request *request)
{
	return request->policy ? request->policy->shared_v8 :
				 decision_config_mentions(request->config_path, "shared_v8");
}

static int parse_confined(const struct decision_request *request,
			  struct container_decision *out, struct error *err)
{
	const struct config_files *config = config_loaded();
	int r = json_reserve(request->len > config->len ? request->len : config->len, err);

	*out = (struct container_decision){ 0 };
	if (text_has(config->text, config->len, "shared_layout") ||
	    text_has(config->text, config->len, "\"user\"") ||
	    has_escape(config->text, config->len))
		config_owner = userns_owner();
	if (r == 0) {
		r = sandbox_call(read_request, request, out, answer_size(request),
				 request->timeout_ms, err);
		if (r < 0)
			r = sandbox_failed(err, r);
	}
	if (r == 0)
		r = decision_check(out, request->len, err);
	if (r == 0 && ((out->decision.group[0] && !may_have_group(request)) ||
		       (out->decision.v8 && !may_have_v8(request))))
		r = sandbox_malformed(err);
	if (r < 0)
		*out = (struct container_decision){ 0 };
	return r;
}

/*
 * podman's names stand in no annotation: does anything ask for one? Not where the caller knows the
 * engine: podman calls precreate before there is a monitor.
 */
static bool wants_monitor(const struct decision_request *request)
{
	return (request->reader == decision_read_state ||
		request->reader == decision_read_spec) &&
	       request->engine == ENGINE_UNKNOWN &&
	       (text_has(request->text, request->len, "/container.") ||
		(request->config_path &&
		 decision_config_mentions(request->config_path, "\"name\"")));
}

/* It asked for a shared layout and nothing names its group. */
static bool wants_image(const struct container_decision *c)
{
	return c->decision.unshared_reason == REASON_LAYOUT_GROUP_UNKNOWN ||
	       c->decision.unshared_reason == REASON_LAYOUT_IMAGE_UNKNOWN;
}

static int parse_container(const struct decision_request *request,
			   struct container_decision *out, struct error *err)
{
	struct decision_request known = *request;
	bool name = wants_monitor(request), again, is_state;
	struct stored_image image;
	int64_t begun = now_ms();
	struct conmon_args told;
	int r;

	if (name && conmon_calling(&told))
		known.monitor = &told;
	r = parse_confined(&known, out, err);
	if (r < 0)
		return r;
	is_state = request->reader == decision_read_state;
	again = is_state && request->engine == ENGINE_UNKNOWN && host_says_crio(out);
	if (again)
		known.engine = ENGINE_CRIO;
	if (name && is_state && !(known.monitor && strcmp(told.id, out->id) == 0) &&
	    host_finds_monitor(out, &told)) {
		known.monitor = &told;
		again = true;
	}
	if (again)
		r = parse_confined(&known, out, err);
	/* a start waits for five seconds in all, and a layout is not worth them */
	if (r < 0 || now_ms() - begun > IMAGE_BEGIN_MS || !wants_image(out) ||
	    !host_finds_image(out, known.engine, is_state ? out->id : request->id,
			      is_state ? out->bundle : request->bundle, &image) ||
	    now_ms() - begun > IMAGE_END_MS)
		return r;
	known.image_id = image.id;
	known.project = image.project[0] ? image.project : NULL;
	return parse_confined(&known, out, err);
}

/* What is known without the container's text: whether it must not start unmerged. */
static void fall_back(const struct decision_request *request, struct container_decision *out)
{
	struct decision_settings settings = { 0 };
	struct error ignored;

	*out = (struct container_decision){ 0 };
	if (request->policy) {
		settings.required = request->policy->required;
		settings.audit = request->policy->audit;
	} else {
		(void)decision_settings(request->config_path, &settings, &ignored);
	}
	out->decision.required = settings.required;
	out->decision.audit = settings.audit;
	out->log_given = settings.log_given;
	out->log = settings.log;
}

static bool nobody_asks(const struct decision_request *request)
{
	return !request->requests && !request->policy &&
	       !decision_may_request(request->text, request->len) &&
	       !decision_config_mentions(request->config_path, "\"all\"");
}

int decision_make(const struct decision_request *request, struct container_decision *out,
		  struct error *err)
{
	int r = 0, parsed;
	struct error second;

	/* not the spec: a page less for the containers that did not ask */
	memset(out, 0, offsetof(struct container_decision, spec));
	if (request->unread) {
		*err = *request->unread;
		r = -EINVAL;
	}
	if (!request->policy) {
		int loads = config_load(request->config_path, r == 0 ? err : NULL);

		r = r == 0 ? loads : r;
	}
	if (r == 0 && nobody_asks(request))
		return 0;
	parsed = request->reader ? parse_container(request, out, r < 0 ? &second : err) : r;
	if (parsed < 0)
		fall_back(request, out);
	if (r == 0)
		r = parsed;
	if (r == 0 && out->failed) {
		*err = out->err;
		r = -EINVAL;
	}
	out->failed = r < 0;
	/* not for the sandbox to say: who shares a layout gives up some of its own protection */
	if (request->reader == decision_read_spec)
		layout_reconsider(&out->decision, request->text, request->len);
	return r;
}
