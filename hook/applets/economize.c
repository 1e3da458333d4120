/* SPDX-License-Identifier: Apache-2.0 */
/* ksm-hook economize: disable merging for containers that it costs more than it saves. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "applets/applets.h"
#include "applets/economize_report.h"
#include "applets/unreadable.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/options.h"
#include "doctor/container_request.h"
#include "kernel/ksm.h"
#include "kernel/privileges.h"
#include "kernel/proc.h"
#include "oci/config_load.h"
#include "oci/decision.h"
#include "policy/config.h"
#include "stats/collect.h"
#include "stats/economy.h"
#include "stats/economy_place.h"
#include "stats/economy_state.h"

#define MIN_AGE_DEFAULT_S 600
#define MIN_AGE_MAX_S     604800

struct economize_options {
	bool dry_run, json;
	int min_age_s;
};

static const struct command_syntax economize_command __help_section = {
	.arguments = ARGUMENTS_NONE,
	.about =
		"Disable merging for containers that it costs more than it saves: the kernel\n"
		"keeps 64 bytes for each page that ksmd has scanned, and ksmd scans it again and\n"
		"again. Call it now and then: what costs more at one call is remembered, and\n"
		"changed at a later one, at which ksmd has completed three more scans.\n"
		"\n"
		"Never touched are containers with the annotation io.ksm.economy=off, those that\n"
		"share a layout, and programs that ask for merging themselves (madvise).\n",
	.examples =
		"ksm-hook economize --dry-run\n"
		"ksm-hook economize --json | jq .containers\n",
	.see_also = "ksm-hook-economize(8), ksm-hook-ps(8), ksm-hook-attach(8)",
	.option = {
		OPTION_FLAG(struct economize_options, dry_run, "dry-run",
			    "change nothing and remember nothing: print what would\n"
			    "be done, and why"),
		OPTION_NUMBER(struct economize_options, min_age_s, "min-age", "SECONDS", 0,
			      MIN_AGE_MAX_S, MIN_AGE_DEFAULT_S,
			      "for so long a container has to have cost more than it\n"
			      "saves, at each call. Default: 600"),
		OPTION_FLAG(struct economize_options, json, "json", "print JSON"),
		{ "" },
	},
};

/* What the configuration says of the command as a whole. *observes: it only looks on. */
static int ask_configuration(const char *path, bool *observes, struct error *err)
{
	struct decision_settings settings;
	int r;

	*observes = false;
	if (decision_config_is_empty(path))
		return 0;
	r = decision_settings(path, &settings, err);
	if (r == 0 && settings.err.msg[0]) {
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

static void judge_row(struct economize_row *row, const struct economy_state *before,
		      const struct economy_now *now)
{
	struct memory_cgroup place;
	struct economy_past past;

	economy_state_find(before, &row->c->name, &past);
	row->reason = economy_judge(row->c, false, &past, now);
	/* a process in the sandbox is for those alone whom it makes a difference to */
	if ((row->reason == REASON_ECONOMY_WATCHED ||
	     row->reason == REASON_ECONOMY_COSTS_MORE) &&
	    wants_none(row->c, CONFIG_PATH))
		row->reason = economy_judge(row->c, true, &past, now);
	if (row->reason == REASON_ECONOMY_COSTS_MORE &&
	    (!economy_place(&row->c->name, row->c->pid, &place) ||
	     !economy_place_costs_more(&place)))
		row->reason = REASON_ECONOMY_NOT_KNOWN;
	row->chosen = row->reason == REASON_ECONOMY_COSTS_MORE;
}

static void disable_row(struct economize_row *row)
{
	struct proc_stat st;

	row->change = (struct disabled){ .name = row->c->name, .pid = row->c->pid };
	if (proc_stat(row->c->pid, &st) == 0)
		row->change.start = st.start;
	row->result = economize_disable(&row->change, &row->err);
}

/* For the next call: who costs more, since when. */
static int remember_suspects(const struct economize_report *report,
			     const struct economy_state *before, const struct economy_now *now,
			     struct error *err)
{
	/* not static: the address space of every hook would have it */
	struct economy_state *after = calloc(1, sizeof(*after));
	int r;

	if (!after)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < report->n; i++) {
		const struct economize_row *row = &report->row[i];
		struct economy_past past;

		if (!economy_is_suspect(row->c) || (row->chosen && row->result == 0))
			continue;
		economy_state_find(before, &row->c->name, &past);
		if (!past.known || past.scans > now->scans || past.ms > now->ms)
			past = (struct economy_past){ true, now->scans, now->ms };
		economy_state_add(after, row->c->pid, &past);
	}
	r = economy_state_write(after, err);
	free(after);
	return r;
}

static int judge_all(struct economize_report *report, const struct snapshot *s,
		     const struct economy_state *before, const struct economy_now *now,
		     struct error *err)
{
	report->row = calloc(s->n + 1, sizeof(*report->row));
	if (!report->row)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < s->n; i++) {
		struct economize_row *row = &report->row[report->n];

		if (!economy_concerns(&s->container[i]) || is_own_container(&s->container[i]))
			continue;
		row->c = &s->container[i];
		judge_row(row, before, now);
		report->n++;
	}
	return 0;
}

static int economize(const struct economize_options *o, struct snapshot *s,
		     struct economize_report *report, struct error *err)
{
	struct economy_state *before = calloc(1, sizeof(*before));
	struct economy_now now = { .min_age_ms = (int64_t)o->min_age_s * 1000 };
	int r = before ? economy_state_read(before, err) :
			 err_set(err, ENOMEM, "out of memory");

	/* before the look, so that it saw what was merged in these */
	if (r == 0 && ksm_sysfs("full_scans", &now.scans) < 0)
		r = err_reason(err, REASON_KERNEL_NO_KSM,
			       err_set(err, ENODEV, "this kernel has no KSM (CONFIG_KSM)"));
	if (r == 0)
		r = snapshot_take(s, false, err);
	now.ms = now_ms();
	if (r == 0)
		r = judge_all(report, s, before, &now, err);
	for (size_t i = 0; r == 0 && !report->dry_run && i < report->n; i++) {
		if (report->row[i].chosen)
			disable_row(&report->row[i]);
	}
	if (r == 0 && !report->dry_run)
		r = remember_suspects(report, before, &now, err);
	free(before);
	return r;
}

static int prepare(struct economize_options *o, struct error *err)
{
	bool observes;
	int r = ask_configuration(CONFIG_PATH, &observes, err);

	if (r < 0)
		return r;
	if (observes && !o->dry_run) {
		log_reason(LOG_LEVEL_WARNING, REASON_OBSERVED,
			   "the configuration says \"mode\": \"observe\": nothing is changed");
		o->dry_run = true;
	}
	if (!o->dry_run && geteuid() != 0)
		return err_set(err, EPERM, "only root can change all containers: --dry-run");
	return o->dry_run ? snapshot_prepare(PRIVILEGES_COUNTERS, err) :
			    privileges_reduce(PRIVILEGES_INJECT, err);
}

int applet_economize(int argc, char **argv)
{
	struct economize_options o = { 0 };
	struct economize_report report = { 0 };
	struct snapshot s = { 0 };
	struct error err = { "" };
	int r, status;

	log_init("economize", false);
	r = options_parse(&economize_command, &argc, argv, &o, &err);
	if (r != 0)
		return options_exit("economize", r, &err);
	r = prepare(&o, &err);
	report.dry_run = o.dry_run;
	if (r == 0)
		r = economize(&o, &s, &report, &err);
	if (r == 0 || report.n) {
		economize_log_failures(&report);
		if (!o.json)
			economize_print(&report);
		else if (economize_print_json(&report) < 0)
			r = err_set(&err, ENOMEM, "out of memory");
	}
	if (r < 0)
		log_reason(LOG_LEVEL_ERROR, err.reason, "%s", err.msg);
	status = r < 0 || economize_failed(&report) ? 1 : 0;
	unreadable_log();
	free(report.row);
	snapshot_free(&s);
	return status;
}
