/* SPDX-License-Identifier: Apache-2.0 */
/* attach: what the configuration says of containers that nobody but root asked to be merged. */
#include "doctor/merge_gate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "containers/identify.h"
#include "doctor/container_policy.h"
#include "doctor/container_request.h"
#include "oci/config_load.h"
#include "oci/decision.h"
#include "oci/decision_settle.h"

static bool has_rules(const char *config)
{
	return decision_config_mentions(config, "deny") ||
	       decision_config_mentions(config, "allow") ||
	       decision_config_mentions(config, "none");
}

/* A watch goes on for months, while containers come and go. */
static void forget_ended(struct merge_gate *g)
{
	size_t kept = 0;

	for (size_t i = 0; i < g->n; i++) {
		if (!g->v[i].current)
			continue;
		g->v[kept] = g->v[i];
		g->v[kept++].current = false;
	}
	g->n = kept;
}

int merge_gate_open(struct merge_gate *g, struct error *err)
{
	struct decision_settings settings;
	int r;

	g->judges = false;
	g->max_sparse = 0;
	forget_ended(g);
	if (!g->config)
		return 0;
	config_forget();
	if (decision_config_is_empty(g->config))
		return 0;
	r = decision_settings(g->config, &settings, err);
	if (r == 0 && settings.failed) {
		*err = settings.err;
		r = -EINVAL;
	}
	if (r < 0)
		return r;
	g->max_sparse = settings.max_sparse;
	if (g->bound_only)
		return 0;
	if (settings.observe)
		return err_reason(err, REASON_OBSERVED,
				  err_set(err, EPERM,
					  "the configuration says \"mode\": \"observe\": "
					  "nothing is made mergeable"));
	g->judges = has_rules(g->config);
	return 0;
}

static struct merge_verdict *verdict_of(const struct merge_gate *g,
					const struct container_name *name)
{
	for (size_t i = 0; i < g->n; i++) {
		if (container_name_compare(&g->v[i].name, name) == 0)
			return &g->v[i];
	}
	return NULL;
}

/* A container that opted out is told so before anybody asks whether it is allowed at all. */
static bool verdict_refuses(const struct merge_gate *g, enum reason reason)
{
	return container_policy_denies(reason) ||
	       (reason == REASON_OPTED_OUT && decision_config_mentions(g->config, "allow"));
}

static void judge(const struct merge_gate *g, struct merge_verdict *v, pid_t pid)
{
	struct merge_verdict before = *v;
	struct container_decision c;
	struct error err;
	int r = check_attached(&v->name, pid, g->config, &c, &err);

	v->current = true;
	if (r < 0) {
		v->refused = true;
		v->reason = err.reason;
		snprintf(v->text, sizeof(v->text), "%.159s", err.msg);
	} else {
		v->refused = verdict_refuses(g, c.decision.reason);
		v->reason = c.decision.reason;
		snprintf(v->text, sizeof(v->text), "%s", c.decision.text);
	}
	if (before.reason == v->reason && strcmp(before.text, v->text) == 0)
		return;
	v->told = false;
	if (r == 0)
		decision_settle(&c, v->name.id);
	else
		decision_failed(&c, v->name.id, &err, false);
}

static int judge_process(struct merge_gate *g, pid_t pid, struct error *err)
{
	struct container_name name;
	struct merge_verdict *v, *more;

	if (!container_of(pid, &name))
		return 0;
	v = verdict_of(g, &name);
	if (v && v->current)
		return 0;
	if (!v) {
		more = realloc(g->v, (g->n + 1) * sizeof(*more));
		if (!more)
			return err_set(err, ENOMEM, "out of memory");
		g->v = more;
		v = &more[g->n++];
		*v = (struct merge_verdict){ .name = name };
	}
	judge(g, v, pid);
	return 0;
}

int merge_gate_judge(struct merge_gate *g, struct error *err)
{
	pid_t *pid;
	ssize_t n;
	int r = 0;

	if (!g->judges)
		return 0;
	n = target_list(g->set, &pid, err);
	if (n < 0)
		return (int)n;
	for (ssize_t i = 0; r == 0 && i < n; i++)
		r = judge_process(g, pid[i], err);
	free(pid);
	return r;
}

bool merge_gate_passes(const struct merge_gate *g, pid_t pid)
{
	const struct merge_verdict *v;
	struct container_name name;

	if (!g->judges || !container_of(pid, &name))
		return true;
	v = verdict_of(g, &name);
	return v && v->current && !v->refused;
}

const struct merge_verdict *merge_gate_refused(const struct merge_gate *g)
{
	for (size_t i = 0; i < g->n; i++) {
		if (g->v[i].current && g->v[i].refused)
			return &g->v[i];
	}
	return NULL;
}

int merge_gate_check_named(const struct merge_gate *g, struct error *err)
{
	const struct merge_verdict *v = merge_gate_refused(g);
	char id[4 * sizeof(v->name.id)], text[4 * sizeof(v->text)];

	if (!v)
		return 0;
	printable(id, sizeof(id), v->name.id, container_id_shown(v->name.id));
	printable(text, sizeof(text), v->text, strlen(v->text));
	return err_reason(err, v->reason,
			  err_set(err, EPERM,
				  "%s:%.100s is not to be made mergeable: %.300s; --force does "
				  "it all the same",
				  v->name.engine, id, text));
}

void merge_gate_free(struct merge_gate *g)
{
	free(g->v);
	g->v = NULL;
	g->n = 0;
}
