/* SPDX-License-Identifier: Apache-2.0 */
/* What the OCI hook stages share: read the state, decide in confinement, say and end. */
#include "oci/hook_stage.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fault_injection.h"
#include "base/io.h"
#include "base/json_reader.h"
#include "base/macros.h"
#include "kernel/ksm.h"
#include "kernel/proc.h"
#include "kernel/sandbox.h"
#include "layout/layout.h"
#include "oci/state.h"
#include "policy/config.h"

/* Runtimes write the state at once; with the rest a hook stays below five seconds. */
#define STATE_TIMEOUT_MS 2000
#define PARSE_TIMEOUT_MS 1000
static char state_text[STATE_MAX + 1];
static char config_text[CONFIG_MAX + 1];

struct input {
	const char *config_path;
	size_t state_len, config_len;
	const struct hook_asked *asked; /* NULL: the state says it */
	unsigned owner;
};

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

bool hook_may_ask(const char *text, size_t len, const char *config, size_t config_len)
{
	static const char name[] = ANNOTATION_PREFIX "merge";

	return memmem(text, len, name, sizeof(name) - 1) || has_escape(text, len) ||
	       memmem(config, config_len, "\"all\"", 5) || has_escape(config, config_len);
}

static bool says_merge(const struct hook_asked *asked)
{
	for (size_t i = 0; asked && i < asked->n; i++) {
		if (strcmp(asked->annotation[i].key, asked->words->merge) == 0)
			return true;
	}
	return false;
}

/* In the confined process. */
static void parse(const void *arg, void *answer)
{
	static struct policy_config config;
	static const struct policy_config defaults;
	static struct state state;
	const struct input *in = arg;
	struct hook_verdict *v = answer;
	const struct policy_config *c = &config;
	struct error err;

	/* without a configuration nothing is merged, but a container may still require it */
	if (config_parse(in->config_path, config_text, in->config_len, &config, &v->err) < 0)
		c = &defaults;
	config.owner = in->owner;
	v->decision.required = c->required;
	v->log_given = c->log_given;
	v->log = c->log;
	if (in->asked) {
		policy_decide_by(in->asked->words, c, in->asked->annotation, in->asked->n,
				 &v->decision);
		v->decision.required = v->decision.required && v->decision.merge;
	}
	if (in->state_len == 0)
		return;
	fault_in_parser(answer, sizeof(*v));
	if (state_parse(state_text, in->state_len, c, &state, &err) < 0) {
		if (!v->err.msg[0])
			v->err = err;
		return;
	}
	memcpy(v->id, state.id, sizeof(v->id));
	memcpy(v->bundle, state.bundle, sizeof(v->bundle));
	v->pid = state.pid;
	v->running = state.running;
	v->metadata = state.metadata;
	policy_decide(c, state.annotation, state.n, &v->decision);
	/* what nobody wants cannot be required */
	v->decision.required = v->decision.required && v->decision.merge;
}

void hook_clean(char *text, size_t size)
{
	text[size - 1] = '\0';
	for (char *p = text; *p; p++) {
		if (*p < 0x20 || *p > 0x7e)
			*p = '?';
	}
}

void hook_say_decision(const struct decision *d)
{
	log_reason(LOG_LEVEL_INFO, d->reason, "%s: %s", d->merge ? "merge" : "leave alone",
		   d->text);
}

bool hook_check_decision(struct decision *d)
{
	hook_clean(d->text, sizeof(d->text));
	hook_clean(d->warning, sizeof(d->warning));
	hook_clean(d->group, sizeof(d->group));
	hook_clean(d->unshared, sizeof(d->unshared));
	/* a bool that is neither would mean different things in different places */
	return *(const unsigned char *)&d->merge <= 1 &&
	       *(const unsigned char *)&d->required <= 1 &&
	       (unsigned)d->method <= METHOD_PRELOAD && (unsigned)d->reason < REASON_COUNT &&
	       (unsigned)d->unshared_reason < REASON_COUNT;
}

/* Nothing that the parser sends is taken for granted. */
static int check(struct hook_verdict *v, struct error *err)
{
	hook_clean(v->err.msg, sizeof(v->err.msg));
	if ((unsigned)v->err.reason >= REASON_COUNT)
		v->err.reason = REASON_NONE;
	v->id[sizeof(v->id) - 1] = '\0';
	v->bundle[sizeof(v->bundle) - 1] = '\0';
	metadata_clean(&v->metadata);
	if (!hook_check_decision(&v->decision) || *(const unsigned char *)&v->log_given > 1 ||
	    *(const unsigned char *)&v->running > 1 || v->pid < 0 ||
	    (unsigned)v->log > LOG_LEVEL_DEBUG)
		return err_set(err, EPROTO, "the parser answered nonsense");
	return 0;
}

static int read_state(struct input *in, struct error *err)
{
	ssize_t n = read_all(STDIN_FILENO, state_text, STATE_MAX, STATE_TIMEOUT_MS);

	if (n == -ETIMEDOUT)
		return err_set(err, ETIMEDOUT,
			       "container state: stdin did not end within %d ms",
			       STATE_TIMEOUT_MS);
	if (n == -EFBIG)
		return err_set(err, EFBIG, "container state: longer than %u bytes", STATE_MAX);
	if (n < 0)
		return err_errno(err, (int)-n, "container state on stdin");
	if (n == 0)
		return err_set(err, EINVAL,
			       "container state: stdin is empty; an OCI runtime "
			       "starts this, see ksm-hook(8)");
	in->state_len = (size_t)n;
	return 0;
}

static int read_asked(const struct input *in, struct error *err)
{
	if (!in->asked->err.msg[0])
		return 0;
	*err = in->asked->err;
	return -EINVAL;
}

static int read_config(struct input *in, struct error *err)
{
	ssize_t n = config_read(in->config_path, config_text, err);

	if (n < 0)
		return (int)n;
	in->config_len = (size_t)n;
	return 0;
}

static int parse_confined(const struct input *in, struct hook_verdict *v, struct error *err)
{
	int r;

	*v = (struct hook_verdict){ 0 };
	r = json_reserve(in->state_len > in->config_len ? in->state_len : in->config_len, err);
	if (r == 0)
		r = confine_call(parse, in, v, sizeof(*v), PARSE_TIMEOUT_MS, err);
	if (r == 0)
		r = check(v, err);
	if (r < 0)
		*v = (struct hook_verdict){ 0 };
	return r;
}

/*
 * Read and decide. Where that fails, what is left is read as far as it goes, for one
 * question: whether the container must not start unmerged.
 */
static int decide(struct input *in, struct hook_verdict *v, struct error *err)
{
	struct error second;
	int r = in->asked ? read_asked(in, err) : read_state(in, err);
	int c = read_config(in, r < 0 ? &second : err);

	if (r == 0)
		r = c;
	if (r == 0 && !says_merge(in->asked) &&
	    !hook_may_ask(state_text, in->state_len, config_text, in->config_len))
		return 0;
	in->owner = layout_owner(config_text, in->config_len);
	c = parse_confined(in, v, r < 0 ? &second : err);
	if (c < 0 && in->state_len > 0) {
		in->state_len = 0;
		(void)parse_confined(in, v, &second);
	}
	if (r == 0)
		r = c;
	if (r == 0 && v->err.msg[0]) {
		*err = v->err;
		r = -EINVAL;
	}
	return r;
}

/*
 * 0 go on, 1 that was all. Wrong usage is told, but not at the cost of every container on the
 * host.
 */
static int options(const struct command_syntax *c, int argc, char **argv, struct input *in)
{
	struct hook_options o = { .config_path = CONFIG_PATH };
	struct error err;
	int r = options_parse(c, &argc, argv, &o, &err);

	in->config_path = o.config_path;
	if (r < 0)
		log_error("%s; nothing was done, fix the hook's \"args\"", err.msg);
	return r;
}

static enum hook_next begin(const struct command_syntax *c, int argc, char **argv,
			    struct input *in, struct hook_verdict *verdict, int *status)
{
	struct error err;

	*verdict = (struct hook_verdict){ 0 };
	*status = 0;
	if (options(c, argc, argv, in) != 0)
		return HOOK_DONE;
	if (decide(in, verdict, &err) < 0) {
		if (verdict->log_given)
			log_set_level(verdict->log);
		*status = hook_failed(verdict, &err);
		return HOOK_DONE;
	}
	if (verdict->decision.reason == REASON_NONE)
		return HOOK_DONE;
	if (verdict->log_given)
		log_set_level(verdict->log);
	if (in->asked)
		snprintf(verdict->id, sizeof(verdict->id), "%s", in->asked->id);
	else
		log_set_subject(verdict->id, verdict->pid);
	if (verdict->decision.warning[0])
		log_warning("%s", verdict->decision.warning);
	hook_say_decision(&verdict->decision);
	return verdict->decision.merge ? HOOK_MERGE : HOOK_DONE;
}

enum hook_next hook_begin(const struct command_syntax *c, int argc, char **argv,
			  struct hook_verdict *verdict, int *status)
{
	struct input in = { 0 };

	log_init(argv[0], true);
	return begin(c, argc, argv, &in, verdict, status);
}

enum hook_next hook_begin_asked(const struct command_syntax *c, int argc, char **argv,
				const struct hook_asked *asked, struct hook_verdict *verdict,
				int *status)
{
	struct input in = { .asked = asked };

	log_init(argv[0], true);
	log_set_subject(asked->id, asked->pid);
	return begin(c, argc, argv, &in, verdict, status);
}

int hook_failed(const struct hook_verdict *verdict, const struct error *err)
{
	if (verdict->decision.required) {
		log_reason(LOG_LEVEL_ERROR, err->reason,
			   "not made mergeable, and merging is required, so the container is "
			   "refused: %s",
			   err->msg);
		return 1;
	}
	log_reason(LOG_LEVEL_WARNING, err->reason, "not made mergeable: %s", err->msg);
	return 0;
}

_Static_assert(sizeof(struct hook_verdict) <= PIPE_BUF, "the answer must fit one pipe write");
