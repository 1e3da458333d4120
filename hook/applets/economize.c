/* SPDX-License-Identifier: Apache-2.0 */
/* ksm-hook economize: nothing is scanned that does not pay. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "applets/applets.h"
#include "applets/economize_report.h"
#include "applets/economize_run.h"
#include "applets/unreadable.h"
#include "base/error.h"
#include "base/log.h"
#include "base/options.h"
#include "oci/decision.h"

#define SECONDS_MAX 604800

struct economize_options {
	bool dry_run, json, pieces;
	int min_age_s, again_s;
};

static const struct command_syntax economize_command __help_section = {
	.arguments = ARGUMENTS_NONE,
	.about =
		"Disable merging for containers that it costs more than it saves: the kernel\n"
		"keeps 64 bytes for each page that ksmd has scanned, and ksmd scans it again and\n"
		"again. With --pieces also leave out, of containers that it pays for, what holds\n"
		"nothing merged. Call it now and then: what is seen at one call is remembered,\n"
		"and changed at a later one, at which ksmd has completed three more scans.\n"
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
		OPTION_FLAG(struct economize_options, pieces, "pieces",
			    "of containers that pay, and that do not grow, have ksmd\n"
			    "scan only the pieces of 64 KiB that hold something\n"
			    "merged; what becomes equal elsewhere is found later"),
		OPTION_NUMBER(struct economize_options, again_s, "again", "SECONDS", 0,
			      SECONDS_MAX, 0,
			      "--pieces: so long after that, or when it has grown, all\n"
			      "of a container is scanned again. Default: 21600"),
		OPTION_NUMBER(struct economize_options, min_age_s, "min-age", "SECONDS", 0,
			      SECONDS_MAX, 0,
			      "for so long a container has to have cost more than it\n"
			      "saves, or as much, at each call. Default: 600"),
		OPTION_FLAG(struct economize_options, json, "json", "print JSON"),
		{ "" },
	},
};

int applet_economize(int argc, char **argv)
{
	struct economize_options o = { .min_age_s = ECONOMIZE_MIN_AGE_S,
				       .again_s = ECONOMIZE_AGAIN_S };
	struct economize_report report = { 0 };
	struct economize_how how;
	struct snapshot s = { 0 };
	struct error err = { "" };
	int r, status;

	log_init("economize", false);
	r = options_parse(&economize_command, &argc, argv, &o, &err);
	if (r != 0)
		return options_exit("economize", r, &err);
	how = (struct economize_how){ CONFIG_PATH, o.dry_run, o.pieces, o.min_age_s,
				      o.again_s };
	r = economize_prepare(&how, &err);
	report.dry_run = how.dry_run;
	if (r == 0)
		r = economize_run(&how, &s, &report, &err);
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
