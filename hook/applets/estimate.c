/* SPDX-License-Identifier: Apache-2.0 */
/* ksm-hook estimate: what merging would save and cost, before anything is opted in. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "applets/applets.h"
#include "applets/estimate_metrics.h"
#include "applets/estimate_pair.h"
#include "applets/unreadable.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/options.h"
#include "base/text.h"
#include "containers/targets.h"
#include "estimate/estimate.h"
#include "estimate/report.h"
#include "kernel/ksm.h"
#include "kernel/privileges.h"

#define PROGRESS_MS 100

struct progress_bar {
	bool shown;
	int64_t begun_ms, next_ms;
};

static void show_progress(void *arg, uint64_t pages, uint64_t expected)
{
	struct progress_bar *p = arg;
	int64_t now = now_ms(), page = sysconf(_SC_PAGESIZE);
	unsigned percent;
	char done[16], bar[] = "##############################";

	if (!expected && p->shown)
		fprintf(stderr, "\r\033[K");
	if (!expected || now < p->next_ms)
		return;
	/* processes grow while they are read */
	percent = pages < expected ? (unsigned)(pages * 100 / expected) : 100;
	fprintf(stderr, "\r[%-30.*s] %3u %%  %s, %.0f MB/s ", (int)(percent * 30 / 100), bar,
		percent, format_bytes(done, sizeof(done), (int64_t)pages * page),
		(double)pages * (double)page / 1000 / (double)(now - p->begun_ms + 1));
	p->next_ms = now + PROGRESS_MS;
	p->shown = true;
}

static void warn_about(const struct estimate *e)
{
	int64_t across = 1;

	if (e->n == 1)
		log_warning("no container runs; ksm-hook estimate takes process ids and "
			    "cgroups, too");
	if (e->unreadable)
		log_warning("%zu processes were left out, since they may not be read (that "
			    "takes root, and Yama's ptrace_scope below 3)",
			    e->unreadable);
	if (ksm_sysfs("merge_across_nodes", &across) == 0 && !across &&
	    access("/sys/devices/system/node/node1", F_OK) == 0)
		log_warning(
			"merge_across_nodes is 0: equal pages on different NUMA nodes, which "
			"are counted here, will not be merged");
}

enum estimate_format { ESTIMATE_TEXT, ESTIMATE_JSON, ESTIMATE_PROMETHEUS };

static int print_as(enum estimate_format format, const struct estimate *e)
{
	if (format == ESTIMATE_JSON)
		return estimate_print_json(e);
	if (format == ESTIMATE_PROMETHEUS)
		estimate_metrics(stdout, e);
	else
		estimate_print(e);
	return 0;
}

struct estimate_options {
	const char *format, *layout;
	struct option_list pair;
	bool json;
};

static int print_estimate(char *const *words, size_t n, const struct estimate_options *o,
			  enum estimate_format format, struct error *err)
{
	bool layout = o->layout && strcmp(o->layout, "shared") == 0;
	struct progress_bar bar = { .begun_ms = now_ms() };
	struct target_set set = { 0 };
	struct estimate e = { 0 };
	int r = target_resolve(&set, words, n, n == 0, err);

	if (r == 0)
		r = estimate_targets(&e, &set, layout ? ESTIMATE_LAYOUT : ESTIMATE_AS_IT_IS,
				     isatty(STDERR_FILENO) ? show_progress : NULL, &bar, err);
	if (r == 0 && o->pair.n)
		r = estimate_add_pair(&e, o->pair.value, err);
	if (r == 0)
		warn_about(&e);
	if (r == 0 && (r = print_as(format, &e)) < 0)
		err_errno(err, -r, "printing it");
	unreadable_log();
	estimate_free(&e);
	target_free(&set);
	return r;
}

static const struct command_syntax estimate_command __help_section = {
	.arguments = ARGUMENTS_ANYWHERE,
	.synopsis = "[TARGET...]",
	.about =
		"Read the memory of running containers, change nothing, and show what merging\n"
		"would save and cost. Without a TARGET all containers are read.\n"
		"\n"
		"A TARGET is a process (NUMBER or pid:NUMBER), a container as ksm-hook ps lists\n"
		"it (NAME, or ENGINE:NAME), or a cgroup with all below it (a path as in\n"
		"/proc/PID/cgroup).\n",
	.examples =
		"ksm-hook estimate\n"
		"ksm-hook estimate web-1 web-2 /system.slice/app.service\n"
		"ksm-hook estimate --layout=shared --pair=canary-1 --pair=canary-2 web-1 web-2\n"
		"ksm-hook estimate --format=prometheus canary-1\n",
	.see_also = "ksm-hook-estimate(8), ksm-hook-ps(8), ksm-hook(8)",
	.option = {
		OPTION_FLAG(struct estimate_options, json, "json",
			    "print JSON"),
		OPTION_TEXT(struct estimate_options, layout, "layout", "private|shared",
			    "shared: also tell what a shared layout would free, at\n"
			    "least and at most. Default: private"),
		OPTION_LIST(struct estimate_options, pair, "pair", "TARGET",
			    "given twice, with --layout=shared: two containers that\n"
			    "share a layout already and stand for the others. By\n"
			    "default there is no such pair"),
		OPTION_TEXT(struct estimate_options, format, "format", "text|json|prometheus",
			    "a table, JSON, or metrics, ksm_hook_estimate_*.\n"
			    "Default: text"),
		{ "" },
	},
};

static int refuse_layout(const struct estimate_options *o, enum estimate_format format,
			 int targets, struct error *err)
{
	bool shared = o->layout && strcmp(o->layout, "shared") == 0;

	if (shared && format == ESTIMATE_PROMETHEUS)
		return err_set(err, EINVAL,
			       "--layout=shared and --format=prometheus exclude each other");
	if (o->pair.n == 0)
		return 0;
	if (o->pair.n != 2 || !shared)
		return err_set(err, EINVAL, "--pair is given twice, with --layout=shared");
	/* others than containers of the same program would be taken for such */
	if (targets == 0)
		return err_set(err, EINVAL, "--pair takes TARGETs: those that it stands for");
	return 0;
}

int applet_estimate(int argc, char **argv)
{
	struct estimate_options o = { 0 };
	enum estimate_format format = ESTIMATE_TEXT;
	struct error err = { "" };
	int r;

	log_init("estimate", false);
	r = options_parse(&estimate_command, &argc, argv, &o, &err);
	if (r == 0 && o.json && o.format && strcmp(o.format, "json") != 0)
		r = err_set(&err, EINVAL, "--json and --format=%s exclude each other",
			    o.format);
	if (o.json || (o.format && strcmp(o.format, "json") == 0))
		format = ESTIMATE_JSON;
	else if (o.format && strcmp(o.format, "prometheus") == 0)
		format = ESTIMATE_PROMETHEUS;
	if (r == 0)
		r = refuse_layout(&o, format, argc - 1, &err);
	if (r != 0)
		return options_exit("estimate", r, &err);
	/* no core dump and no debugger of other users may see what is read here */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (geteuid() != 0) {
		log_error("reading the memory of containers takes root");
		return 1;
	}
	r = privileges_only_look(PRIVILEGES_PAGES, &err);
	if (r == 0)
		r = print_estimate(argv + 1, (size_t)(argc - 1), &o, format, &err);
	if (r < 0)
		log_reason(LOG_LEVEL_ERROR, err.reason, "%s", err.msg);
	return r == 0 ? 0 : 1;
}
