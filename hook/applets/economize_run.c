/* SPDX-License-Identifier: Apache-2.0 */
/* economize: one look at all containers, and what comes of it. */
#include "applets/economize_run.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "applets/economize_disable.h"
#include "applets/economize_narrow.h"
#include "base/clock.h"
#include "base/log.h"
#include "doctor/container_request.h"
#include "kernel/ksm.h"
#include "kernel/privileges.h"
#include "oci/config_load.h"
#include "oci/decision.h"
#include "stats/collect.h"
#include "stats/economy.h"
#include "stats/economy_place.h"
#include "stats/economy_state.h"

/* What the configuration says of the command as a whole. *observes: it only looks on. */
static int ask_configuration(const char *path, bool *observes, struct error *err)
{
	struct decision_settings settings;
	int r;

	*observes = false;
	if (decision_config_is_empty(path))
		return 0;
	r = decision_settings(path, &settings, err);
	if (r == 0 && settings.failed) {
		*err = settings.err;
		r = -EINVAL;
	}
	*observes = r == 0 && settings.observe;
	return r;
}

/* Does the administrator, or the container, want it to be left alone? What cannot be asked is. */
static bool wants_none(const struct container_stats *c, const char *config)
{
	struct container_decision by_engine;
	struct decision d;
	struct error ignored;

	/* said when it started: its runtime's files are not there for an agent in a pod */
	if (c->metadata.no_economy)
		return true;
	if (check_asked(&c->name, c->pid, NULL, config, &d))
		return d.no_economy;
	return check_by_engine(&c->name, c->pid, NULL, config, &by_engine, &ignored) < 0 ||
	       by_engine.decision.no_economy;
}

static bool is_own_container(const struct container_stats *c)
{
	struct container_name own;

	return container_of(getpid(), &own) && container_name_compare(&own, &c->name) == 0;
}

static bool is_to_be_changed(enum reason reason)
{
	return reason == REASON_ECONOMY_COSTS_MORE || reason == REASON_ECONOMY_PIECES ||
	       reason == REASON_ECONOMY_AGAIN;
}

/* One that pays; or that was narrowed, whatever it costs by now. */
static void judge_pieces(struct economize_row *row, const struct economy_now *now)
{
	bool narrowed = row->past.known && row->past.seen == ECONOMY_SEEN_NARROWED;
	struct memory_cgroup place;

	if (row->reason != REASON_ECONOMY_PAYS &&
	    !(narrowed &&
	      (row->reason == REASON_ECONOMY_SMALL || row->reason == REASON_ECONOMY_WATCHED)))
		return;
	row->seen = economy_place(&row->c->name, row->c->pid, &place) &&
		    economy_place_figures(&place, &row->figures);
	if (row->seen)
		row->reason = economy_judge_pieces(&row->figures, &row->past, now);
}

static void judge_row(struct economize_row *row, const struct economy_state *before,
		      const struct economy_now *now, const char *config)
{
	struct memory_cgroup place;

	economy_state_find(before, &row->c->name, &row->past);
	row->reason = economy_judge(row->c, false, &row->past, now);
	if (now->pieces)
		judge_pieces(row, now);
	/* a process in the sandbox is for those alone whom it makes a difference to */
	if ((row->reason == REASON_ECONOMY_WATCHED || is_to_be_changed(row->reason)) &&
	    wants_none(row->c, config))
		row->reason = REASON_ECONOMY_OFF;
	if (row->reason == REASON_ECONOMY_COSTS_MORE &&
	    (!economy_place(&row->c->name, row->c->pid, &place) ||
	     !economy_place_costs_more(&place)))
		row->reason = REASON_ECONOMY_NOT_KNOWN;
	row->chosen = is_to_be_changed(row->reason);
}

static void change_row(struct economize_row *row)
{
	struct economize_target t = { .name = row->c->name, .pid = row->c->pid };

	row->result = economize_target_find(&t, &row->err);
	if (row->result < 0)
		return;
	if (row->reason == REASON_ECONOMY_PIECES)
		row->result = economize_narrow(&t, &row->change, &row->err);
	else if (row->reason == REASON_ECONOMY_AGAIN)
		row->result = economize_widen(&t, &row->change, &row->err);
	else
		row->result = economize_disable(&t, &row->change, &row->err);
}

/* For the next look. */
static void remember_row(const struct economize_row *row, struct economy_state *after,
			 const struct economy_now *now)
{
	const struct economy_past none = { 0 };
	bool narrowed = row->past.known && row->past.seen == ECONOMY_SEEN_NARROWED;
	struct economy_figures f = row->figures;
	pid_t pid = 0;
	struct economy_past past;

	if (row->reason == REASON_ECONOMY_COSTS_MORE && row->result == 0)
		return;
	if (row->reason == REASON_ECONOMY_PIECES && row->change.done) {
		f.cost = (int64_t)row->change.kept * KSM_ITEM_BYTES;
		past = economy_remember(&none, ECONOMY_SEEN_NARROWED, &f, now);
		pid = row->change.anchor;
	} else if (row->reason == REASON_ECONOMY_PIECES ||
		   (row->reason == REASON_ECONOMY_AGAIN && row->change.done)) {
		/* also where it did not pay for any of its processes: not to be looked at each time */
		past = economy_remember(&none, ECONOMY_SEEN_STEADY, &f, now);
	} else if (narrowed) {
		past = row->past;
	} else if (row->seen) {
		/* also where it costs a little more than it saves: it may pay once it is narrowed */
		past = economy_remember(&row->past, ECONOMY_SEEN_STEADY, &f, now);
	} else if (economy_is_suspect(row->c)) {
		past = economy_remember(&row->past, ECONOMY_SEEN_DEAR, &f, now);
	} else {
		return;
	}
	economy_state_add(after, pid ? pid : row->c->pid, &past);
}

static int remember_all(const struct economize_report *report, const struct economy_now *now,
			struct error *err)
{
	/* not static: the address space of every hook would have it */
	struct economy_state *after = calloc(1, sizeof(*after));
	int r;

	if (!after)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < report->n; i++)
		remember_row(&report->row[i], after, now);
	r = economy_state_write(after, err);
	free(after);
	return r;
}

static int judge_all(struct economize_report *report, const struct snapshot *s,
		     const struct economy_state *before, const struct economy_now *now,
		     const char *config, struct error *err)
{
	report->n = 0;
	report->row = calloc(s->n + 1, sizeof(*report->row));
	if (!report->row)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < s->n; i++) {
		struct economize_row *row = &report->row[report->n];

		if (!economy_concerns(&s->container[i]) || is_own_container(&s->container[i]))
			continue;
		row->c = &s->container[i];
		judge_row(row, before, now, config);
		report->n++;
	}
	return 0;
}

int economize_run(const struct economize_how *how, struct snapshot *s,
		  struct economize_report *report, struct error *err)
{
	struct economy_state *before = calloc(1, sizeof(*before));
	struct economy_now now = { .min_age_ms = (int64_t)how->min_age_s * 1000,
				   .again_ms = (int64_t)how->again_s * 1000,
				   .pieces = how->pieces };
	int r = before ? economy_state_read(before, err) :
			 err_set(err, ENOMEM, "out of memory");

	report->dry_run = how->dry_run;
	/* before the look, so that it saw what was merged in these */
	if (r == 0 && ksm_sysfs("full_scans", &now.scans) < 0)
		r = err_reason(err, REASON_KERNEL_NO_KSM,
			       err_set(err, ENODEV, "this kernel has no KSM (CONFIG_KSM)"));
	if (r == 0)
		r = snapshot_take(s, false, err);
	now.ms = now_ms();
	if (r == 0)
		r = judge_all(report, s, before, &now, how->config, err);
	for (size_t i = 0; r == 0 && !how->dry_run && i < report->n; i++) {
		if (report->row[i].chosen)
			change_row(&report->row[i]);
	}
	if (r == 0 && !how->dry_run)
		r = remember_all(report, &now, err);
	free(before);
	return r;
}

int economize_prepare(struct economize_how *how, struct error *err)
{
	bool observes;
	int r = ask_configuration(how->config, &observes, err);

	if (r < 0)
		return r;
	if (observes && !how->dry_run) {
		log_reason(LOG_LEVEL_WARNING, REASON_OBSERVED,
			   "the configuration says \"mode\": \"observe\": nothing is changed");
		how->dry_run = true;
	}
	if (!how->dry_run && geteuid() != 0)
		return err_set(err, EPERM, "only root can change all containers: --dry-run");
	return how->dry_run ? snapshot_prepare(PRIVILEGES_COUNTERS, err) :
			      privileges_reduce(PRIVILEGES_INJECT, err);
}
