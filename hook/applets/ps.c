/* SPDX-License-Identifier: Apache-2.0 */
/* ksm-hook ps: a line per container: is it mergeable, what does it save, what does it cost. */
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "applets/applets.h"
#include "base/log.h"
#include "base/text.h"
#include "stats/collect.h"
#include "stats/table.h"
#include "stats/watch.h"

struct ps_options {
	bool json, exact;
	int watch; /* seconds; 0: once */
	enum snapshot_order order;
	bool order_given;
};

static int wrong_ps_usage(const char *what, const char *value)
{
	fprintf(stderr, "ksm-hook ps: %s \"%s\"\n", what, value);
	return 2;
}

static int take_seconds(const char *text, int *out)
{
	int64_t n;

	if (parse_int(text, strlen(text), 1, 86400, &n) < 0)
		return wrong_ps_usage("--watch takes seconds from 1 to 86400, not", text);
	*out = (int)n;
	return -1;
}

/* -1 go on, else the exit status */
static int parse_ps_options(int argc, char **argv, struct ps_options *o)
{
	static const struct option longopts[] = { { "json", no_argument, NULL, 'j' },
						  { "exact", no_argument, NULL, 'e' },
						  { "watch", optional_argument, NULL, 'w' },
						  { "sort", required_argument, NULL, 's' },
						  { "help", no_argument, NULL, 'h' },
						  { 0 } };
	int c;

	while ((c = getopt_long(argc, argv, "", longopts, NULL)) != -1) {
		switch (c) {
		case 'j':
			o->json = true;
			break;
		case 'e':
			o->exact = true;
			break;
		case 'w':
			o->watch = 2;
			if (optarg && take_seconds(optarg, &o->watch) >= 0)
				return 2;
			break;
		case 's':
			if (snapshot_order_parse(optarg, &o->order) < 0)
				return wrong_ps_usage(
					"--sort takes saved, anonymous, cost or name, not",
					optarg);
			o->order_given = true;
			break;
		case 'h':
			applet_usage(argv[0]);
			return 0;
		default:
			return 2;
		}
	}
	if (optind < argc)
		return wrong_ps_usage("unexpected argument", argv[optind]);
	if (o->watch && o->json)
		return wrong_ps_usage("--watch cannot go with", "--json");
	return -1;
}

static int print_snapshot(const struct ps_options *o, struct error *err)
{
	struct snapshot s;
	int r = snapshot_take(&s, o->exact, err);

	if (r < 0)
		return r;
	snapshot_sort(&s, o->order);
	if (!o->json)
		table_print(stdout, &s);
	else if ((r = table_print_json(&s)) < 0)
		err_errno(err, -r, "standard output");
	snapshot_free(&s);
	return r;
}

int applet_ps(int argc, char **argv)
{
	struct ps_options o = { 0 };
	struct error err = { "" };
	int r;

	log_init("ps", false);
	r = parse_ps_options(argc, argv, &o);
	if (r >= 0)
		return r;
	if (o.watch)
		r = watch_snapshots(o.watch, o.exact, o.order_given ? o.order : ORDER_BY_SAVED,
				    &err);
	else
		r = print_snapshot(&o, &err);
	if (r < 0)
		log_error("%s", err.msg);
	return r < 0 ? 1 : 0;
}
