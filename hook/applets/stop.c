/* SPDX-License-Identifier: Apache-2.0 */
/* ksm-hook stop: from now on nothing is made mergeable; on request, everything is unmerged. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "applets/applets.h"
#include "base/error.h"
#include "base/io.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/options.h"
#include "base/text.h"
#include "inject/unmerge.h"
#include "kernel/privileges.h"
#include "policy/stop.h"

#define BUDGET_DEFAULT 25

struct stop_options {
	bool unmerge, end;
	int budget;
};

static const struct command_syntax stop_command __help_section = {
	.arguments = ARGUMENTS_NONE,
	.about =
		"From now on ksm-hook makes nothing mergeable on this host: no container that\n"
		"starts, no exec session, nothing by attach, by a watch that runs already, by\n"
		"run or by the node's agent. That is a file, " STOP_PATH ", which\n"
		"configuration management may make as well; and for an agent in a pod, which\n"
		"does not see that, " STOP_PATH_RUN ". What is mergeable stays so, and so\n"
		"do its children, unless --unmerge is given. Programs that call the kernel\n"
		"themselves are not kept from it.\n",
	.examples =
		"ksm-hook stop --unmerge\n"
		"ksm-hook stop --end\n",
	.see_also = "ksm-hook-stop(8), ksm-hook-attach(8), ksm-hook-enable(8)",
	.option = {
		OPTION_FLAG(struct stop_options, unmerge, "unmerge",
			    "disable merging for every process of the host, and give\n"
			    "each its own copies, in steps. Refused where these do\n"
			    "not fit into memory. Called again, it goes on"),
		OPTION_NUMBER(struct stop_options, budget, "budget", "PERCENT", 1, 100, 0,
			      "how much of the available memory a step may take.\n"
			      "Default: 25"),
		OPTION_FLAG(struct stop_options, end, "end",
			    "remove them: what starts is merged again"),
		{ "" },
	},
};

static const struct {
	const char *directory, *path;
} places[] = {
	/* first what reaches most, and needs no file system that can be written to */
	{ "/run/ksm-hook", STOP_PATH_RUN },
	{ SYSCONFDIR "/ksm-hook", STOP_PATH },
};

static int make_stop(const char *directory, const char *path, struct error *err)
{
	static const char text[] = "Made by `ksm-hook stop`; see ksm-hook-stop(8).\n";
	struct stat st;

	if (mkdir(directory, 0755) < 0 && errno != EEXIST)
		return err_errno(err, errno, "%s", directory);
	/* what somebody else has written stays */
	return lstat(path, &st) == 0 ?
		       0 :
		       replace_file(AT_FDCWD, path, text, sizeof(text) - 1, 0644, err);
}

/* All that can be made: the first error, whatever the others came to. */
static int set_stop(struct error *err)
{
	struct error other;
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		int one = make_stop(places[i].directory, places[i].path, r < 0 ? &other : err);

		r = r < 0 ? r : one;
	}
	if (r < 0 && stop_is_set())
		return err_wrap(err, r, "stopped by %s only", stop_place());
	return r;
}

static int end_stop(struct error *err)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		int saved = unlink(places[i].path) < 0 ? errno : 0;
		struct stat st;

		/* a file system that is read-only says so of what is not there, too */
		if (saved == EROFS && lstat(places[i].path, &st) < 0)
			saved = errno;
		if (saved && saved != ENOENT && saved != ENOTDIR && r == 0)
			r = err_errno(err, saved, "%s", places[i].path);
	}
	if (r == 0)
		printf("containers that start are merged again, as the configuration says\n");
	return r;
}

static void print_step(const struct unmerge_step *step)
{
	char took[16], left[16], available[16];

	printf("%zu processes unmerged, %s; %s left to do, %s available\n", step->processes,
	       format_bytes(took, sizeof(took), step->bytes),
	       format_bytes(left, sizeof(left), step->left),
	       format_bytes(available, sizeof(available), step->available));
	fflush(stdout);
}

static int unmerge_host(int percent, struct error *err)
{
	struct unmerge u = { .percent = percent, .progress = print_step };
	int r = unmerge_in_steps(&u, err);

	if (r == 0 && u.failed) {
		*err = u.last_err;
		return err_wrap(err, -EBUSY, "%zu processes were not unmerged", u.failed);
	}
	if (r == 0)
		printf("nothing is mergeable any more\n");
	return r;
}

int applet_stop(int argc, char **argv)
{
	struct stop_options o = { 0 };
	struct error err;
	int r;

	log_init("stop", false);
	r = options_parse(&stop_command, &argc, argv, &o, &err);
	if (r == 0 && o.end && (o.unmerge || o.budget))
		r = err_set(&err, EINVAL, "--end and --unmerge exclude each other");
	if (r == 0 && o.budget && !o.unmerge)
		r = err_set(&err, EINVAL, "--budget is for --unmerge");
	if (r != 0)
		return options_exit("stop", r, &err);
	if (o.unmerge && geteuid() != 0) {
		log_error("--unmerge: only root sees all processes");
		return 1;
	}
	r = o.end ? end_stop(&err) : set_stop(&err);
	if (r == 0 && !o.end)
		printf("stopped: nothing new is made mergeable\n");
	fflush(stdout);
	if (r == 0 && o.unmerge)
		r = privileges_reduce(PRIVILEGES_INJECT, &err);
	if (r == 0 && o.unmerge)
		r = unmerge_host(o.budget ? o.budget : BUDGET_DEFAULT, &err);
	if (r < 0)
		log_reason(LOG_LEVEL_ERROR, err.reason, "%s", err.msg);
	return r < 0 ? 1 : 0;
}
