/* SPDX-License-Identifier: Apache-2.0 */
/* What `ksm-hook policy` has to say, found out in the sandbox. */
#include "doctor/policy_report.h"

#include <stdio.h>
#include <string.h>

#include "base/json_reader.h"
#include "kernel/sandbox.h"

#define REPORT_TIMEOUT_MS 3000

struct problems_call {
	const struct config_files *files;
	size_t first;
};

struct problems_walk {
	struct policy_problems *out;
	size_t first;
};

static void take_problem(void *arg, const struct config_problem *p)
{
	struct problems_walk *walk = arg;
	struct policy_problems *out = walk->out;
	size_t i = out->total++;

	if (i < walk->first || out->n == REPORT_PROBLEMS)
		return;
	out->problem[out->n].warning = p->warning;
	snprintf(out->problem[out->n].text, sizeof(out->problem[out->n].text), "%s", p->text);
	out->n++;
}

/* In the sandbox. */
static void list_problems(const void *arg, void *answer)
{
	static struct policy_config config;
	const struct problems_call *call = arg;
	struct problems_walk walk = { answer, call->first };
	struct error err;

	(void)config_files_parse(call->files, &config, take_problem, &walk, &err);
}

static int call_sandbox(void (*fn)(const void *, void *), const void *arg, void *answer,
			size_t size, size_t text_len, struct error *err)
{
	int r = json_reserve(text_len, err);

	memset(answer, 0, size);
	return r < 0 ? r : sandbox_call(fn, arg, answer, size, REPORT_TIMEOUT_MS, err);
}

int report_problems(const struct config_files *files, size_t first, struct policy_problems *out,
		    struct error *err)
{
	const struct problems_call call = { files, first };
	int r = call_sandbox(list_problems, &call, out, sizeof(*out), files->len, err);

	if (r < 0)
		return r;
	if (out->n > REPORT_PROBLEMS || out->total < first + out->n ||
	    (out->total > first && out->n == 0))
		return sandbox_malformed(err);
	for (size_t i = 0; i < out->n; i++) {
		if (!sandbox_bool(&out->problem[i].warning))
			return sandbox_malformed(err);
		out->problem[i].text[sizeof(out->problem[i].text) - 1] = '\0';
	}
	return 0;
}

struct question_call {
	const struct policy_question *question;
	size_t first;
};

/* What comes out of the sandbox: one of the two, or why there is none. */
struct decision_answer {
	bool failed; /* then err says why */
	struct error err;
	struct explanation explanation;
};

struct rules_answer {
	bool failed;
	struct error err;
	struct policy_rules_report rules;
};

_Static_assert(sizeof(struct policy_problems) <= SANDBOX_ANSWER_MAX, "it must fit");
_Static_assert(sizeof(struct decision_answer) <= SANDBOX_ANSWER_MAX, "it must fit");
_Static_assert(sizeof(struct rules_answer) <= SANDBOX_ANSWER_MAX, "it must fit");

/* In the sandbox: the configuration, and the container that it is to be applied to. */
static int read_question(const struct policy_question *q, struct policy_config *config,
			 struct policy_subject *subject, struct error *err)
{
	int r = config_files_parse(q->files, config, NULL, NULL, err);

	if (r < 0)
		return r;
	if (q->owner)
		config->owner = *q->owner;
	if (q->container)
		return container_text_read(q->container, config, subject, err);
	*subject = *q->subject;
	return 0;
}

static void answer_decision(const void *arg, void *answer)
{
	static struct policy_config config;
	const struct question_call *call = arg;
	struct decision_answer *out = answer;
	struct policy_subject subject;

	out->failed = read_question(call->question, &config, &subject, &out->err) < 0;
	if (!out->failed)
		policy_explain(&config, &subject, &out->explanation);
}

static void answer_rules(const void *arg, void *answer)
{
	static struct policy_config config;
	const struct question_call *call = arg;
	struct rules_answer *out = answer;
	struct policy_subject subject;

	out->failed = read_question(call->question, &config, &subject, &out->err) < 0;
	if (!out->failed)
		out->rules.n = policy_explain_rules(&config, &subject, call->first,
						    out->rules.rule, REPORT_RULES);
}

static int ask_sandbox(const struct question_call *call, void (*fn)(const void *, void *),
		       void *answer, size_t size, struct error *err)
{
	const struct policy_question *q = call->question;
	size_t len = q->container && q->container->len > q->files->len ? q->container->len :
									 q->files->len;

	return call_sandbox(fn, call, answer, size, len, err);
}

/* Why there is no answer. */
static int refused(struct error *why, struct error *err)
{
	why->msg[sizeof(why->msg) - 1] = '\0';
	if ((unsigned)why->reason >= REASON_COUNT)
		why->reason = REASON_NONE;
	*err = *why;
	return -EINVAL;
}

#define END(text) ((text)[sizeof(text) - 1] = '\0')

int report_decision(const struct policy_question *q, struct explanation *out, struct error *err)
{
	const struct question_call call = { q, 0 };
	struct decision_answer answer;
	int r = ask_sandbox(&call, answer_decision, &answer, sizeof(answer), err);
	struct decision *d = &answer.explanation.decision;

	if (r < 0)
		return r;
	if (!sandbox_bool(&answer.failed))
		return sandbox_malformed(err);
	if (answer.failed)
		return refused(&answer.err, err);
	END(d->text);
	END(d->warning);
	END(d->group);
	END(d->unshared);
	if (!sandbox_bool(&d->merge) || !sandbox_bool(&d->would) ||
	    !sandbox_bool(&d->required) || !sandbox_bool(&d->no_economy) ||
	    !sandbox_bool(&d->v8) || (unsigned)d->reason >= REASON_COUNT ||
	    (unsigned)d->unshared_reason >= REASON_COUNT ||
	    answer.explanation.denies > POLICY_RULES_MAX ||
	    answer.explanation.allows > POLICY_RULES_MAX)
		return sandbox_malformed(err);
	for (size_t k = 0; k < TRUSTED_KEYS; k++) {
		END(answer.explanation.value[k].value);
		END(answer.explanation.value[k].source);
		END(answer.explanation.value[k].claim);
		END(answer.explanation.value[k].claimant);
	}
	*out = answer.explanation;
	return 0;
}

int report_rules_from(const struct policy_question *q, size_t first,
		      struct policy_rules_report *out, struct error *err)
{
	const struct question_call call = { q, first };
	struct rules_answer answer;
	int r = ask_sandbox(&call, answer_rules, &answer, sizeof(answer), err);

	if (r < 0)
		return r;
	if (!sandbox_bool(&answer.failed))
		return sandbox_malformed(err);
	if (answer.failed)
		return refused(&answer.err, err);
	if (answer.rules.n > REPORT_RULES)
		return sandbox_malformed(err);
	for (size_t i = 0; i < answer.rules.n; i++) {
		struct explained_rule *rule = &answer.rules.rule[i];

		END(rule->file);
		END(rule->text);
		END(rule->unknown);
		if (!sandbox_bool(&rule->deny) || !sandbox_bool(&rule->counts) ||
		    (unsigned)rule->fit > FITS)
			return sandbox_malformed(err);
	}
	*out = answer.rules;
	return 0;
}
