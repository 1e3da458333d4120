/* SPDX-License-Identifier: Apache-2.0 */
/* ksm-hook status: what the kernel can do, what ksmd does, what merging saves. */
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "applets/applets.h"
#include "applets/unreadable.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/options.h"
#include "base/text.h"
#include "doctor/container_policy.h"
#include "kernel/ksm.h"
#include "kernel/ksm_probe.h"
#include "kernel/privileges.h"
#include "ksmd/boost.h"
#include "stats/collect.h"

static const char *exec_text(const struct support *s)
{
	if (s->exec == KSM_YES)
		return s->exec_certain ? "yes" : "yes, but whether ksmd scans on is not known";
	return s->exec == KSM_NO ? "no: register the poststart hook" : "not known";
}

static int64_t ksm_value(const char *name)
{
	int64_t v;

	return ksm_sysfs(name, &v) == 0 ? v : 0;
}

static const char *run_text(int64_t run)
{
	return run == 1 ? "running" :
	       run == 2 ? "stopped, everything unmerged" :
			  "stopped: nothing new is merged; ksm-hook enable";
}

static void print_enabled(void)
{
	static const char *const phases[] = {
		[BOOST_FORBIDDEN] = "",
		[BOOST_AT_REST] = "",
		[BOOST_RUNNING] = ", a boost is on",
		[BOOST_KILLED] = ", a boost was killed: `ksm-hook enable` puts its rate back",
	};
	struct boost_status s;

	if (boost_query(&s) == 0)
		printf("                enabled by ksm-hook: profile %s%s\n", s.profile->name,
		       phases[s.phase]);
}

static void print_ksmd(void)
{
	char advisor[64] = "", saved[16], profit[16], zero[16];
	int64_t page = sysconf(_SC_PAGESIZE), zeros = ksm_value("ksm_zero_pages");

	printf("ksmd            %s\n", run_text(ksm_value("run")));
	printf("                %ld pages every %ld ms", (long)ksm_value("pages_to_scan"),
	       (long)ksm_value("sleep_millisecs"));
	if (ksm_sysfs_text("advisor_mode", advisor, sizeof(advisor)) == 0)
		printf(", advisor %s", strstr(advisor, "[none]") ? "off" : "on");
	printf(", %ld full scans\n", (long)ksm_value("full_scans"));
	print_enabled();
	printf("merged          %ld pages replace %ld more: %s\n",
	       (long)ksm_value("pages_shared"), (long)ksm_value("pages_sharing"),
	       format_bytes(saved, sizeof(saved), ksm_value("pages_sharing") * page));
	/* the counter of Linux 6.18 can fall below zero: seen as -27 */
	if (zeros > 0)
		printf("                %ld zero pages: %s\n", (long)zeros,
		       format_bytes(zero, sizeof(zero), zeros * page));
	printf("profit          %s after ksmd's own memory, as the kernel counts it\n",
	       format_bytes(profit, sizeof(profit), ksm_value("general_profit")));
}

/* The line above counts what fork has shared as well: this one does not. */
static void print_saved(void)
{
	char least[16], most[16];
	struct error err = { "" };
	struct snapshot s;

	if (snapshot_take(&s, false, &err) < 0) {
		log_reason(LOG_LEVEL_ERROR, err.reason, "%s", err.msg);
		return;
	}
	format_bytes(least, sizeof(least), s.total.saving.least);
	format_bytes(most, sizeof(most), s.total.saving.most);
	printf("saved           %s", least);
	if (strcmp(least, most) != 0)
		printf(" to %s", most);
	printf("; ksm-hook ps says where\n");
	snapshot_free(&s);
}

/* Why nothing is merged, whatever containers request. */
static void print_obstacles(void)
{
	struct snapshot none = { 0 };

	container_policy_judge(&none);
	if (none.stopped)
		printf("merging         stopped: nothing is made mergeable; ksm-hook stop "
		       "--end\n");
	if (none.config_broken)
		printf("configuration   broken: nothing is merged; ksm-hook policy check\n");
}

static void print_status_text(const struct support *s)
{
	print_obstacles();
	printf("KSM             %s\n",
	       s->ksm ? "in this kernel" : "not in this kernel (CONFIG_KSM)");
	if (!s->ksm)
		return;
	print_ksmd();
	print_saved();
	printf("madvise         yes\n");
	printf("prctl           %s\n", s->prctl ? "yes" : "no: needs Linux 6.4 or a backport");
	if (s->prctl) {
		printf("  after fork    %s\n", s->fork ? "yes" : "no");
		printf("  after exec    %s\n", exec_text(s));
	}
	printf("per process     %s\n", s->per_process ? "yes, /proc/PID/ksm_stat" : "no");
}

static int print_status_json(const struct support *s)
{
	static const char *const counters[] = {
		"run",
		"pages_to_scan",
		"sleep_millisecs",
		"pages_shared",
		"pages_sharing",
		"pages_unshared",
		"pages_volatile",
		"pages_skipped",
		"ksm_zero_pages",
		"full_scans",
		"general_profit",
	};
	struct json_out *o = json_out_new();
	struct error err = { "" };
	struct snapshot snapshot, none = { 0 };
	int64_t v;

	if (!o)
		return 1;
	json_out_object(o, NULL);
	json_out_bool(o, "ksm", s->ksm);
	container_policy_judge(&none);
	json_out_bool(o, "stopped", none.stopped);
	json_out_bool(o, "config_valid", !none.config_broken);
	json_out_object(o, "kernel");
	json_out_bool(o, "madvise", s->ksm);
	json_out_bool(o, "prctl", s->prctl);
	json_out_bool(o, "survives_fork", s->fork);
	if (s->exec == KSM_UNKNOWN)
		json_out_null(o, "survives_exec");
	else
		json_out_bool(o, "survives_exec", s->exec == KSM_YES);
	json_out_bool(o, "ksm_stat", s->per_process);
	json_out_end_object(o);
	json_out_object(o, "sysfs");
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++) {
		if (ksm_sysfs(counters[i], &v) == 0)
			json_out_int(o, counters[i], v);
	}
	json_out_end_object(o);
	if (snapshot_take(&snapshot, false, &err) == 0) {
		json_out_int(o, "saved_bytes", snapshot.total.saving.least);
		json_out_int(o, "saved_at_most_bytes", snapshot.total.saving.most);
		snapshot_free(&snapshot);
		unreadable_log();
	} else {
		log_reason(LOG_LEVEL_ERROR, err.reason, "%s", err.msg);
	}
	json_out_end_object(o);
	return json_out_finish(o);
}

/* Between two looks. */
#define LOOK_MS 100

/*
 * Of this process, so of a container that has it for its command: 0 as soon as it is, 1 if it is not within
 * so many seconds. An agent that comes late makes it so as well.
 */
static int wait_mergeable(int seconds)
{
	int64_t end = now_ms() + seconds * INT64_C(1000);
	int r = ksm_self_is_merged();

	while (r == 0 && now_ms() < end) {
		(void)poll(NULL, 0, LOOK_MS);
		r = ksm_self_is_merged();
	}
	if (r == 1) {
		printf("this process is mergeable\n");
		return 0;
	}
	if (r < 0)
		log_error("this process is not mergeable: the kernel has no "
			  "prctl(PR_SET_MEMORY_MERGE)");
	else
		log_error("this process is not mergeable after %d s: what starts it logs why "
			  "(ksm-hook-reasons(7))",
			  seconds);
	return 1;
}

struct status_options {
	bool json;
	int mergeable; /* seconds; -1: it was not asked for */
};

static const struct command_syntax status_command __help_section = {
	.arguments = ARGUMENTS_NONE,
	.about =
		"Show whether KSM is in this kernel and running, what is merged and what that\n"
		"saves, and what the kernel supports, which is found out by trying it in a\n"
		"child process.\n",
	.examples =
		"ksm-hook status\n"
		"ksm-hook status --json | jq .saved_bytes\n",
	.see_also = "ksm-hook-status(8), ksm-hook-ps(8), ksm-hook-doctor(8)",
	.option = {
		OPTION_FLAG(struct status_options, json, "json",
			    "print JSON"),
		OPTION_NUMBER(struct status_options, mergeable, "mergeable", "[SECONDS]", 0, 3600, 0,
			      "say whether this process is mergeable, and no more:\n"
			      "as a container's command, whether that is. Status 1\n"
			      "if it is not so within SECONDS. Default: 0"),
		{ "" },
	},
};

int applet_status(int argc, char **argv)
{
	struct status_options o = { .mergeable = -1 };
	struct support s = { 0 };
	struct error err;
	int r;

	log_init("status", false);
	r = options_parse(&status_command, &argc, argv, &o, &err);
	if (r != 0)
		return options_exit("status", r, &err);
	if (o.mergeable >= 0)
		return wait_mergeable(o.mergeable);
	r = privileges_reduce(PRIVILEGES_COUNTERS, &err);
	if (r == 0) {
		/* executes this program: before that is over */
		s = probe_support();
		r = snapshot_prepare(PRIVILEGES_COUNTERS, &err);
	}
	if (r < 0) {
		log_error("%s", err.msg);
		return 1;
	}
	if (o.json)
		return print_status_json(&s);
	print_status_text(&s);
	return 0;
}
