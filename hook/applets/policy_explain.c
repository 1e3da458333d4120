/* SPDX-License-Identifier: Apache-2.0 */
/* ksm-hook policy explain: the question, and its answer printed. */
#include "applets/policy_explain.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "applets/policy_print.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "containers/targets.h"
#include "doctor/policy_report.h"
#include "kernel/userns.h"
#include "oci/config_load.h"
#include "oci/decision_settle.h"
#include "policy/stop.h"

/* Of the kernel's user numbers, the last one is none (-1). */
#define USER_MAX (UINT32_MAX - 1)

/* What has been found out: what the configuration says, and what becomes of it here. */
struct answer {
	struct explanation e;
	struct decision configured; /* as if merging were not stopped on this host */
	int stop;                   /* 0, or -errno with stopped, which says so */
	struct error stopped;
};

/* Its rules, as many at a time as an answer holds. */
static int explain_rules(const struct policy_question *q, struct json_out *json, size_t n,
			 struct error *err)
{
	struct policy_rules_report page;

	for (size_t i = 0; i < n; i += page.n) {
		int r = report_rules_from(q, i, &page, err);

		if (r < 0)
			return r;
		if (page.n == 0)
			return 0;
		for (size_t k = 0; k < page.n; k++) {
			if (json)
				policy_write_rule(json, &page.rule[k]);
			else
				policy_print_rule(&page.rule[k]);
		}
	}
	return 0;
}

static int explain_text(const struct policy_question *q, const struct answer *a,
			struct error *err)
{
	size_t n = a->e.denies + a->e.allows;
	int r;

	printf("values\n");
	for (size_t k = 0; k < TRUSTED_KEYS; k++)
		policy_print_value(&a->e, (enum trusted_key)k);
	printf("rules%s\n", n ? "" : "\n  none");
	r = explain_rules(q, NULL, n, err);
	if (a->stop < 0)
		policy_print_stopped(&a->stopped, &a->configured);
	policy_print_decision(&a->e.decision);
	return r;
}

static int explain_json(const struct policy_question *q, const struct answer *a,
			struct error *err)
{
	struct json_out *json = json_out_new();
	int r;

	if (!json)
		return err_set(err, ENOMEM, "out of memory");
	json_out_object(json, NULL);
	json_out_object(json, "values");
	for (size_t k = 0; k < TRUSTED_KEYS; k++)
		policy_write_value(json, &a->e, (enum trusted_key)k);
	json_out_end_object(json);
	json_out_array(json, "rules");
	r = explain_rules(q, json, a->e.denies + a->e.allows, err);
	json_out_end_array(json);
	if (a->stop < 0)
		policy_write_stopped(json, &a->stopped, &a->configured);
	policy_write_decision(json, "decision", &a->e.decision);
	json_out_end_object(json);
	if (json_out_finish(json) != 0)
		return err_set(err, ENOMEM, "out of memory");
	return r;
}

static int explain_question(const struct explain_request *request, struct policy_question *q,
			    struct error *err)
{
	static struct answer a;
	int r = config_load(request->config_path, err);

	q->files = config_loaded();
	if (r == 0)
		r = report_decision(q, &a.e, err);
	if (r < 0)
		return r;
	/* as a hook does it, with what was decided (oci/decision_settle.c) */
	a.configured = a.e.decision;
	a.stop = stop_check(&a.stopped);
	decision_obey_stop(&a.e.decision);
	return request->json ? explain_json(q, &a, err) : explain_text(q, &a, err);
}

static int parse_engine(const char *name, enum container_engine *out, struct error *err)
{
	*out = ENGINE_UNKNOWN;
	if (!name)
		return 0;
	for (int e = ENGINE_UNKNOWN + 1; e < ENGINE_COUNT; e++) {
		if (strcmp(engine_name((enum container_engine)e), name) == 0) {
			*out = (enum container_engine)e;
			return 0;
		}
	}
	return err_set(err, EINVAL,
		       "invalid value \"%.64s\" for --engine, expected containerd, cri-o, "
		       "docker, podman or lxc",
		       name);
}

/* A container that somebody describes; all texts lie here. */
struct description {
	struct policy_subject subject;
	struct annotation annotation[OPTION_LIST_MAX];
	const char *told[TRUSTED_KEYS];
	uid_t owner;
	char text[2 * OPTION_LIST_MAX][4096];
	size_t texts;
};

/* Cut in two. */
static int split_pair(struct description *d, const char *option, const char *pair,
		      struct annotation *out, struct error *err)
{
	const char *equals = strchr(pair, '=');
	size_t len = strlen(pair);
	char *copy = d->text[d->texts];

	*out = (struct annotation){ "", "" };
	if (!equals || equals == pair || len >= sizeof(d->text[0]))
		return err_set(err, EINVAL,
			       "invalid value \"%.64s\" for --%s, expected KEY=VALUE", pair,
			       option);
	d->texts++;
	memcpy(copy, pair, len + 1);
	copy[equals - pair] = '\0';
	*out = (struct annotation){ copy, copy + (equals - pair) + 1 };
	return 0;
}

static int take_owner(struct description *d, const char *value, struct error *err)
{
	int64_t number;

	if (parse_int(value, strlen(value), 0, USER_MAX, &number) < 0)
		return err_set(err, EINVAL,
			       "invalid value \"user=%.64s\" for --value, expected the user's "
			       "number, as id -u prints it",
			       value);
	d->owner = (uid_t)number;
	return 0;
}

/* As its engine would say it: what that engine never says, no rule gets to see. */
static int take_pair(struct description *d, const struct annotation *said, struct error *err)
{
	const char *engine = engine_name(d->subject.engine);
	size_t key = 0;

	while (key < TRUSTED_KEYS &&
	       strcmp(trusted_key_name((enum trusted_key)key), said->key) != 0)
		key++;
	if (key == TRUSTED_KEYS || key == TRUSTED_ENGINE)
		return err_set(err, EINVAL,
			       "invalid value \"%.64s=%.64s\" for --value, expected "
			       "namespace, pod, container, image, name or user before the =%s",
			       said->key, said->value,
			       key == TRUSTED_ENGINE ? "; there is --engine" : "");
	if (key == TRUSTED_USER)
		return take_owner(d, said->value, err);
	if (!trusted_is_told(d->subject.engine, (enum trusted_key)key))
		return err_set(
			err, EINVAL,
			"--value: %s does not tell the %s of a container, so no rule can "
			"ask for it there; see \"What engines tell\" in "
			"ksm-hook.conf(5)%s",
			engine ? engine : "an engine that is not known", said->key,
			engine ? "" : ", and --engine");
	if (key == TRUSTED_NAME)
		d->subject.name = said->value;
	else
		d->told[key] = said->value;
	return 0;
}

static int describe(struct description *d, const struct explain_request *request,
		    struct error *err)
{
	int r = parse_engine(request->engine, &d->subject.engine, err);

	d->subject.annotation = d->annotation;
	for (size_t i = 0; r == 0 && i < request->annotations.n; i++)
		r = split_pair(d, "annotation", request->annotations.value[i],
			       &d->annotation[d->subject.n++], err);
	for (size_t i = 0; r == 0 && i < request->values.n; i++) {
		struct annotation said;

		r = split_pair(d, "value", request->values.value[i], &said, err);
		if (r == 0)
			r = take_pair(d, &said, err);
	}
	for (size_t k = 0; k < TRUSTED_KEYS; k++) {
		if (d->told[k])
			d->subject.told = d->told;
	}
	if (d->subject.engine == ENGINE_LXC)
		d->subject.keys = &policy_environment;
	return r;
}

static int explain_description(const struct explain_request *request, struct error *err)
{
	/* half a MiB, which no hook is to have mapped */
	struct description *d = calloc(1, sizeof(*d));
	struct policy_question q;
	int r;

	if (!d)
		return err_set(err, ENOMEM, "out of memory");
	q = (struct policy_question){ .subject = &d->subject, .owner = &d->owner };
	r = describe(d, request, err);
	if (r == 0)
		r = explain_question(request, &q, err);
	free(d);
	return r;
}

static int explain_target(const struct explain_request *request, char *word, struct error *err)
{
	struct container_text text;
	struct policy_question q = { .container = &text };
	struct target_set set = { 0 };
	pid_t *pids = NULL;
	uid_t owner;
	ssize_t n = 0;
	int r = target_resolve(&set, &word, 1, false, err);

	if (r == 0)
		n = target_list(&set, &pids, err);
	if (r < 0 || n < 0) {
		target_free(&set);
		return r < 0 ? r : (int)n;
	}
	if (n > 0) {
		owner = userns_owner_of(pids[0]);
		q.owner = &owner;
	}
	if (set.n != 1 || set.t[0].kind != TARGET_CONTAINER)
		r = err_set(err, EINVAL, "%s: is no container", word);
	else if (!container_text_find(&set.t[0].name, n > 0 ? pids[0] : 0, &text))
		r = err_set(err, ENOENT,
			    "%s: its configuration is not where runc, crun or LXC of root keep "
			    "it; try --annotation and --value",
			    word);
	else
		r = explain_question(request, &q, err);
	free(pids);
	target_free(&set);
	return r;
}

int policy_explain_run(const struct explain_request *request, char *target, struct error *err)
{
	return target ? explain_target(request, target, err) :
			explain_description(request, err);
}
