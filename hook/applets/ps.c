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

struct options {
	bool json, exact;
	int watch; /* seconds; 0: once */
	enum look_order order;
	bool order_given;
};

static int wrong(const char *what, const char *value)
{
	fprintf(stderr, "ksm-hook ps: %s \"%s\"\n", what, value);
	return 2;
}

static int take_seconds(const char *text, int *out)
{
	int64_t n;

	if (parse_int(text, strlen(text), 1, 86400, &n) < 0)
		return wrong("--watch takes seconds from 1 to 86400, not", text);
	*out = (int)n;
	return -1;
}

/* -1 go on, else the exit status */
static int parse(int argc, char **argv, struct options *o)
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
			if (look_order_parse(optarg, &o->order) < 0)
				return wrong("--sort takes saved, anonymous, cost or name, not",
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
		return wrong("unexpected argument", argv[optind]);
	if (o->watch && o->json)
		return wrong("--watch cannot go with", "--json");
	return -1;
}

int applet_ps(int argc, char **argv)
{
	struct options o = { 0 };
	struct look l;
	int ret;

	log_init("ps", false);
	ret = parse(argc, argv, &o);
	if (ret >= 0)
		return ret;
	if (o.watch)
		return watch(o.watch, o.exact, o.order_given ? o.order : LOOK_BY_SAVED);
	if (look(&l, o.exact) < 0)
		return 1;
	look_sort(&l, o.order);
	ret = 0;
	if (o.json)
		ret = look_print_json(&l);
	else
		look_print_table(stdout, &l);
	look_free(&l);
	return ret;
}
