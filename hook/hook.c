/* SPDX-License-Identifier: Apache-2.0 */
/* What the OCI hook stages share: read the state, decide in confinement, say and end. */
#include "hook.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "applets.h"
#include "config.h"
#include "confine.h"
#include "json.h"
#include "state.h"

/* Runtimes write the state at once; with the rest a hook stays below five seconds. */
#define STATE_TIMEOUT_MS 2000
#define PARSE_TIMEOUT_MS 1000

static char state_text[STATE_MAX + 1];
static char config_text[CONFIG_MAX + 1];

struct input {
	const char *config_path;
	size_t state_len, config_len;
};

/*
 * Could the answer be yes at all? Most containers did not ask, and for them a look at the
 * raw bytes is all that a start should pay. A \u escape could spell the name otherwise, so
 * text that has one is parsed.
 */
static bool may_ask(const struct input *in)
{
	static const char name[] = ANNOTATION_PREFIX "merge";

	return memmem(state_text, in->state_len, name, sizeof(name) - 1) ||
	       memmem(state_text, in->state_len, "\\u", 2) ||
	       memmem(config_text, in->config_len, "\"all\"", 5) ||
	       memmem(config_text, in->config_len, "\\u", 2);
}

/* In the confined process. */
static void parse(const void *arg, void *answer)
{
	static struct policy_config config;
	static struct state state;
	const struct input *in = arg;
	struct hook_verdict *v = answer;

	if (config_parse(in->config_path, config_text, in->config_len, &config, &v->err) < 0)
		return;
	v->decision.required = config.required;
	v->log_given = config.log_given;
	v->log = config.log;
	if (state_parse(state_text, in->state_len, &config, &state, &v->err) < 0)
		return;
	memcpy(v->id, state.id, sizeof(v->id));
	v->pid = state.pid;
	policy_decide(&config, state.annotation, state.n, &v->decision);
}

/* Nothing that the parser sends is taken for granted. */
static int check(struct hook_verdict *v, struct error *err)
{
	v->err.msg[sizeof(v->err.msg) - 1] = '\0';
	v->decision.reason[sizeof(v->decision.reason) - 1] = '\0';
	v->decision.warning[sizeof(v->decision.warning) - 1] = '\0';
	v->id[sizeof(v->id) - 1] = '\0';
	/* a bool that is neither would mean different things in different places */
	if (*(const unsigned char *)&v->decision.merge > 1 ||
	    *(const unsigned char *)&v->decision.required > 1 ||
	    *(const unsigned char *)&v->log_given > 1 || v->pid < 0 ||
	    (unsigned)v->decision.method > METHOD_PRELOAD || (unsigned)v->log > LOG_LEVEL_DEBUG)
		return err_set(err, EPROTO, "the parser answered nonsense");
	return 0;
}

/* The parser's own text may quote the input. */
static void clean(struct error *err)
{
	struct error copy = *err;

	printable(err->msg, sizeof(err->msg), copy.msg, strlen(copy.msg));
}

static int read_input(struct input *in, struct error *err)
{
	ssize_t n = read_all(STDIN_FILENO, state_text, STATE_MAX, STATE_TIMEOUT_MS);

	if (n == -EFBIG)
		return err_set(err, EFBIG, "container state: longer than %u bytes", STATE_MAX);
	if (n < 0)
		return err_errno(err, (int)-n, "container state on stdin");
	if (n == 0)
		return err_set(err, EINVAL,
			       "container state: stdin is empty; an OCI runtime "
			       "starts this, see ksm-hook(8)");
	in->state_len = (size_t)n;
	n = config_read(in->config_path, config_text, err);
	if (n < 0)
		return (int)n;
	in->config_len = (size_t)n;
	return 0;
}

/* 0 go on, 1 help was shown, 2 wrong usage */
static int options(const char *stage, int argc, char **argv, struct input *in)
{
	static const struct option longopts[] = { { "config", required_argument, NULL, 'c' },
						  { "help", no_argument, NULL, 'h' },
						  { 0 } };
	int c;

	while ((c = getopt_long(argc, argv, "", longopts, NULL)) != -1) {
		switch (c) {
		case 'c':
			in->config_path = optarg;
			break;
		case 'h':
			applet_usage(stage);
			return 1;
		default:
			return 2;
		}
	}
	if (optind < argc)
		log_error("unexpected argument \"%s\"", argv[optind]);
	return optind < argc ? 2 : 0;
}

enum hook_next hook_begin(const char *stage, int argc, char **argv,
			  struct hook_verdict *verdict, int *status)
{
	struct input in = { .config_path = CONFIG_PATH };
	struct error err;
	int r;

	log_init(stage, true);
	*verdict = (struct hook_verdict){ 0 };
	*status = 0;
	r = options(stage, argc, argv, &in);
	if (r == 2) {
		/* told, but not at the cost of every container on the host */
		log_error("wrong usage, nothing was done; mend the hook's \"args\"");
		return HOOK_DONE;
	}
	if (r != 0)
		return HOOK_DONE;
	r = read_input(&in, &err);
	if (r == 0 && !may_ask(&in))
		return HOOK_DONE;
	if (r == 0)
		r = confine_call(parse, &in, verdict, sizeof(*verdict), PARSE_TIMEOUT_MS, &err);
	if (r == 0)
		r = check(verdict, &err);
	if (r == 0 && verdict->err.msg[0]) {
		err = verdict->err;
		clean(&err);
		r = -EINVAL;
	}
	if (verdict->log_given)
		log_set_level(verdict->log);
	if (r < 0) {
		*status = hook_failed(verdict, &err);
		return HOOK_DONE;
	}
	log_set_subject(verdict->id, verdict->pid);
	if (verdict->decision.warning[0])
		log_warning("%s", verdict->decision.warning);
	log_info("%s: %s", verdict->decision.merge ? "merge" : "leave alone",
		 verdict->decision.reason);
	return verdict->decision.merge ? HOOK_MERGE : HOOK_DONE;
}

int hook_failed(const struct hook_verdict *verdict, const struct error *err)
{
	if (verdict->decision.required) {
		log_error("not made mergeable, and merging is required, so the container is "
			  "refused: %s",
			  err->msg);
		return 1;
	}
	log_warning("not made mergeable: %s", err->msg);
	return 0;
}

_Static_assert(sizeof(struct hook_verdict) <= PIPE_BUF, "the answer must fit one pipe write");
