/* SPDX-License-Identifier: Apache-2.0 */
/* ksm-hook ps: a line per container: is it mergeable, what does it save, what does it cost. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "applets/applets.h"
#include "applets/unreadable.h"
#include "base/error.h"
#include "base/log.h"
#include "base/options.h"
#include "doctor/container_policy.h"
#include "stats/collect.h"
#include "stats/table.h"
#include "stats/watch.h"

struct ps_options {
	bool json, exact;
	int watch; /* seconds; 0: once */
	enum snapshot_order order;
	const char *sort;
};

static const struct command_syntax ps_command __help_section = {
	.arguments = ARGUMENTS_NONE,
	.about =
		"List containers, and what of the host has mergeable processes: are they\n"
		"mergeable, what does merging save, and what does it cost.\n",
	.examples =
		"ksm-hook ps --sort=saved\n"
		"ksm-hook ps --exact --json | jq length\n"
		"ksm-hook ps --watch=5\n",
	.see_also = "ksm-hook-ps(8), ksm-hook-estimate(8), ksm-hook(8)",
	.option = {
		OPTION_FLAG(struct ps_options, exact, "exact",
			    "read the page tables of all mergeable processes and\n"
			    "print exact figures, and what a shared layout adds; by\n"
			    "default they are estimated from counters"),
		OPTION_TEXT(struct ps_options, sort, "sort", "saved|anonymous|cost|name",
			    "what the lines are sorted by. Default: name; with\n"
			    "--watch: saved"),
		OPTION_NUMBER(struct ps_options, watch, "watch", "[SECONDS]", 1, 86400, 2,
			    "print again every 2 seconds, or every SECONDS; on a\n"
			    "terminal the keys s, a, c and n sort, and q ends. By\n"
			    "default once"),
		OPTION_FLAG(struct ps_options, json, "json",
			    "print JSON"),
		{ "" },
	},
};

static int print_snapshot(const struct ps_options *o, struct error *err)
{
	struct snapshot s;
	int r = snapshot_take(&s, o->exact, err);

	if (r < 0)
		return r;
	container_policy_judge(&s);
	snapshot_sort(&s, o->order);
	if (!o->json)
		table_print(stdout, &s, isatty(STDOUT_FILENO));
	else if ((r = table_print_json(&s)) < 0)
		err_errno(err, -r, "printing it");
	snapshot_free(&s);
	unreadable_log();
	return r;
}

int applet_ps(int argc, char **argv)
{
	struct ps_options o = { 0 };
	struct error err = { "" };
	int r;

	log_init("ps", false);
	r = options_parse(&ps_command, &argc, argv, &o, &err);
	if (r == 0 && o.watch && o.json)
		r = err_set(&err, EINVAL, "--watch and --json exclude each other");
	if (r != 0)
		return options_exit("ps", r, &err);
	o.order = o.watch ? ORDER_BY_SAVED : ORDER_BY_NAME;
	if (o.sort)
		(void)snapshot_order_parse(o.sort, &o.order);
	r = snapshot_prepare(o.exact ? PRIVILEGES_PAGES : PRIVILEGES_COUNTERS, &err);
	if (r == 0 && o.watch)
		r = watch_snapshots(&(struct watch){ o.watch, o.exact, o.order,
						     container_policy_judge },
				    &err);
	else if (r == 0)
		r = print_snapshot(&o, &err);
	if (r < 0)
		log_reason(LOG_LEVEL_ERROR, err.reason, "%s", err.msg);
	return r < 0 ? 1 : 0;
}
