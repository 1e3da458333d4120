/* SPDX-License-Identifier: Apache-2.0 */
/* ksm-hook capacity: what of the saving can be promised, from how it held over time. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "applets/applets.h"
#include "applets/unreadable.h"
#include "base/error.h"
#include "base/log.h"
#include "base/options.h"
#include "base/text.h"
#include "kernel/privileges.h"
#include "stats/capacity_file.h"
#include "stats/capacity_print.h"
#include "stats/collect.h"

struct capacity_options {
	const char *samples, *reserve;
	int days;
	bool json;
};

static const struct command_syntax capacity_command __help_section = {
	.arguments = ARGUMENTS_NONE,
	.about =
		"Show what merging saves now, the least that it saved over the last days, and\n"
		"what can be promised of that: how much memory more containers can get, and how\n"
		"many more of each image that runs fit, with a reserve for merged pages that\n"
		"are written to at once.\n"
		"\n"
		"The samples are those of ksm-hook-metrics.timer. Of less than a day nothing is\n"
		"promised.\n",
	.examples =
		"ksm-hook capacity\n"
		"ksm-hook capacity --reserve=4G\n",
	.see_also = "ksm-hook-capacity(8), ksm-hook-ps(8), ksm-hook-metrics(8)",
	.option = {
		OPTION_TEXT(struct capacity_options, reserve, "reserve", "SIZE",
			    "how much of the saving may be lost at once: a number\n"
			    "with K, M, G or T. By default what all containers of\n"
			    "one image could need, or the largest fall that was seen"),
		OPTION_NUMBER(struct capacity_options, days, "days", "DAYS", 1, 7, 7,
			      "look back that far. Default: 7"),
		OPTION_TEXT(struct capacity_options, samples, "samples", "FILE",
			    "read these. Default:\n" CAPACITY_FILE),
		OPTION_FLAG(struct capacity_options, json, "json",
			    "print JSON"),
		{ "" },
	},
};

/* -1 where there is none. */
static int parse_reserve(const char *text, int64_t *out, struct error *err)
{
	*out = -1;
	if (text && parse_size(text, strlen(text), CAPACITY_BYTES_MAX, out) < 0)
		return err_set(err, EINVAL, "--reserve=%s: a size like 512M or 4G is expected",
			       text);
	return 0;
}

/* No file is no fault: the command says what is missing. */
static int load_samples(struct capacity_history *h, const char *path, struct error *err)
{
	int r = capacity_load(h, path ? path : CAPACITY_FILE, err);

	return r == -ENOENT && !path ? 0 : r;
}

static int print_report(const struct capacity_options *o, struct capacity_history *h,
			int64_t reserve, struct error *err)
{
	struct capacity_report report;
	struct capacity_sample now;
	struct snapshot s;
	int r = snapshot_take(&s, false, err);

	unreadable_log();
	if (r < 0)
		return r;
	r = capacity_sample_now(&now, &s, err);
	if (r == 0) {
		capacity_add(h, now);
		r = capacity_report(&report, h, &s, (int64_t)o->days * 86400, reserve, err);
		if (r == 0 && !o->json)
			capacity_print(stdout, &report);
		else if (r == 0 && (r = capacity_print_json(&report)) < 0)
			err_errno(err, -r, "printing it");
		capacity_report_free(&report);
	}
	snapshot_free(&s);
	return r;
}

int applet_capacity(int argc, char **argv)
{
	static struct capacity_history history;
	struct capacity_options o = { .days = 7 };
	struct error err = { "" };
	int64_t reserve = -1;
	int r;

	log_init("capacity", false);
	r = options_parse(&capacity_command, &argc, argv, &o, &err);
	if (r == 0)
		r = parse_reserve(o.reserve, &reserve, &err);
	if (r != 0)
		return options_exit("capacity", r, &err);
	r = load_samples(&history, o.samples, &err);
	if (r == 0)
		r = snapshot_prepare(PRIVILEGES_COUNTERS, &err);
	if (r == 0)
		r = print_report(&o, &history, reserve, &err);
	if (r < 0)
		log_reason(LOG_LEVEL_ERROR, err.reason, "%s", err.msg);
	return r < 0 ? 1 : 0;
}
