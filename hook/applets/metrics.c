/* SPDX-License-Identifier: Apache-2.0 */
/* ksm-hook metrics: for Prometheus' textfile collector and for collectd's exec plugin. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "applets/applets.h"
#include "applets/metrics_print.h"
#include "applets/unreadable.h"
#include "base/child.h"
#include "base/error.h"
#include "base/io.h"
#include "base/log.h"
#include "base/options.h"
#include "doctor/container_policy.h"
#include "kernel/privileges.h"
#include "policy/config.h"
#include "stats/capacity_file.h"
#include "stats/collect.h"
#include "stats/metrics_format.h"

struct metrics_options {
	const char *format, *output, *aggregate, *samples;
};

static const struct command_syntax metrics_command __help_section = {
	.arguments = ARGUMENTS_NONE,
	.about =
		"Print the figures of ksm-hook ps and those of ksmd for a monitoring system.\n",
	.examples =
		"ksm-hook metrics --output=/var/lib/prometheus/node-exporter/ksm.prom\n"
		"systemctl enable --now ksm-hook-metrics.timer\n",
	.see_also = "ksm-hook-metrics(8), ksm-hook-ps(8), collectd-exec(5)",
	.option = {
		OPTION_TEXT(struct metrics_options, format, "format", "prometheus|collectd",
			    "prometheus: the text format, once; collectd: PUTVAL\n"
			    "lines for its exec plugin, until it closes the pipe.\n"
			    "Default: prometheus"),
		OPTION_TEXT(struct metrics_options, output, "output", "FILE",
			    "replace FILE in one step; by default the figures are\n"
			    "printed. For prometheus only"),
		OPTION_TEXT(struct metrics_options, aggregate, "aggregate",
			    "namespace|workload|none",
			    "what one series is about: a namespace, a workload, or\n"
			    "each container. Default: none. For prometheus only"),
		OPTION_TEXT(struct metrics_options, samples, "samples", "FILE",
			    "keep what is saved over time in FILE, and print what\n"
			    "ksm-hook capacity makes of it; by default neither.\n"
			    "For prometheus only"),
		{ "" },
	},
};

static int prepare_and_print(enum metrics_group group, struct metrics_samples *samples,
			     struct error *err)
{
	int r = snapshot_prepare(PRIVILEGES_COUNTERS, err);

	return r < 0 ? r : metrics_print(stdout, group, CONFIG_PATH, false, samples, err);
}

/* The child's exit status: what it had to say is said. */
static _Noreturn void print_metrics_into(int fd, enum metrics_group group,
					 struct metrics_samples *samples)
{
	struct error err = { "" };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dup2(fd, STDOUT_FILENO) < 0)
		_exit(1);
	if (prepare_and_print(group, samples, &err) < 0) {
		log_reason(LOG_LEVEL_ERROR, err.reason, "%s", err.msg);
		_exit(1);
	}
	_exit(fflush(stdout) == 0 ? 0 : 1);
}

/*
 * The figures as text, from a child: who looks at containers' processes writes no file, and who
 * writes the file has never looked at them. The text's length, or -1 where the child has failed;
 * *text is the caller's to free.
 */
static ssize_t ask_child(char **text, enum metrics_group group, struct metrics_samples *samples)
{
	size_t room = 0;
	ssize_t len = -1;
	int fds[2], status;
	pid_t child;
	FILE *f;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	child = fork();
	if (child == 0)
		print_metrics_into(fds[1], group, samples);
	close(fds[1]);
	f = fdopen(fds[0], "r");
	/* there is no such byte in it: all of it */
	if (child > 0 && f)
		len = getdelim(text, &room, '\0', f);
	if (f)
		fclose(f);
	if (child < 0 || child_wait(child, &status) < 0 || status != 0)
		return -1;
	return len;
}

/* By a process that has not looked at anybody. */
static int write_files(const struct metrics_options *o, enum metrics_group group,
		       struct error *err)
{
	struct metrics_samples *samples = NULL;
	char *text = NULL;
	ssize_t len;
	int r = privileges_reduce(PRIVILEGES_OUTPUT, err);

	if (r == 0 && o->samples && !(samples = metrics_samples_make(err)))
		r = -ENOMEM;
	if (r < 0)
		return r;
	if (samples)
		metrics_samples_load(samples, o->samples);
	len = ask_child(&text, group, samples);
	if (len < 0)
		r = err_set(err, EIO, "%s: not replaced, since the figures could not be had",
			    o->output ? o->output : o->samples);
	/* Collectors, which are not root, see the old file or the new one, never half of one. */
	else if (o->output)
		r = replace_file(AT_FDCWD, o->output, text, (size_t)len, 0644, err);
	else
		fwrite(text, 1, (size_t)len, stdout);
	if (len >= 0 && samples && samples->changed) {
		struct error second;
		int failed = capacity_store(&samples->history, o->samples, &second);

		if (failed < 0 && r == 0) {
			*err = second;
			r = failed;
		}
	}
	free(text);
	return r;
}

/* Returns the exit status. */
static int print_metrics_once(const struct metrics_options *o)
{
	struct error err = { "" };
	enum metrics_group group;
	int r = metrics_group_parse(o->aggregate, &group);

	if (r == 0)
		r = o->output || o->samples ? write_files(o, group, &err) :
					      prepare_and_print(group, NULL, &err);
	/* what stdout does not take, main says */
	if (r < 0 && !ferror(stdout))
		log_reason(LOG_LEVEL_ERROR, err.reason, "%s", err.msg);
	return r < 0 ? 1 : 0;
}

/* What collectd's exec plugin says to the program that it starts (collectd-exec(5)). */
static double collectd_interval(bool *loop)
{
	const char *text = getenv("COLLECTD_INTERVAL");
	double v = text ? strtod(text, NULL) : 0;

	*loop = v > 0;
	/* what no clock can wait for */
	return v < 0.1 || v > 86400 ? 10 : v;
}

static void sleep_until(struct timespec *t, double interval)
{
	t->tv_sec += (time_t)interval;
	t->tv_nsec += (long)((interval - (double)(time_t)interval) * 1e9);
	if (t->tv_nsec >= 1000000000) {
		t->tv_nsec -= 1000000000;
		t->tv_sec++;
	}
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, t, NULL);
}

/* Until collectd closes the pipe, or once where it was not collectd that started us. */
static int serve_collectd(void)
{
	char name[256] = "localhost";
	const char *host = getenv("COLLECTD_HOSTNAME");
	struct error err = { "" };
	struct timespec next;
	double interval;
	bool loop;

	if (snapshot_prepare(PRIVILEGES_COUNTERS, &err) < 0) {
		log_error("%s", err.msg);
		return 1;
	}
	interval = collectd_interval(&loop);
	if (gethostname(name, sizeof(name)) < 0)
		log_debug("gethostname: %s", strerror(errno));
	name[sizeof(name) - 1] = '\0';
	signal(SIGPIPE, SIG_IGN);
	clock_gettime(CLOCK_MONOTONIC, &next);
	do {
		struct snapshot s;
		int r;

		if (snapshot_take(&s, false, &err) < 0) {
			log_reason(LOG_LEVEL_ERROR, err.reason, "%s", err.msg);
			return 1;
		}
		container_policy_judge(&s);
		r = metrics_collectd(stdout, &s, host && *host ? host : name, interval);
		snapshot_free(&s);
		if (r < 0) {
			/* that is how collectd ends it */
			clearerr(stdout);
			return 0;
		}
		if (loop)
			sleep_until(&next, interval);
	} while (loop);
	return 0;
}

int applet_metrics(int argc, char **argv)
{
	struct metrics_options o = { .format = "prometheus", .aggregate = "none" };
	struct error err;
	bool to_collectd;
	int r;

	log_init("metrics", false);
	r = options_parse(&metrics_command, &argc, argv, &o, &err);
	to_collectd = strcmp(o.format, "collectd") == 0;
	if (r == 0 && to_collectd &&
	    (o.output || o.samples || strcmp(o.aggregate, "none") != 0))
		r = err_set(&err, EINVAL, "--%s is for --format=prometheus only",
			    o.output  ? "output" :
			    o.samples ? "samples" :
					"aggregate");
	if (r != 0)
		return options_exit("metrics", r, &err);
	return to_collectd ? serve_collectd() : print_metrics_once(&o);
}
