/* SPDX-License-Identifier: Apache-2.0 */
/* ksm-hook metrics: figures for Prometheus' textfile collector and for collectd's exec plugin. */
#include "applets/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "applets/applets.h"
#include "base/log.h"

struct options {
	bool collectd;
	const char *output;
};

static int wrong(const char *what, const char *value)
{
	fprintf(stderr, "ksm-hook metrics: %s \"%s\"\n", what, value);
	return 2;
}

/* -1 go on, else the exit status */
static int parse(int argc, char **argv, struct options *o)
{
	static const struct option longopts[] = { { "format", required_argument, NULL, 'f' },
						  { "output", required_argument, NULL, 'o' },
						  { "help", no_argument, NULL, 'h' },
						  { 0 } };
	int c;

	while ((c = getopt_long(argc, argv, "", longopts, NULL)) != -1) {
		switch (c) {
		case 'f':
			o->collectd = strcmp(optarg, "collectd") == 0;
			if (!o->collectd && strcmp(optarg, "prometheus") != 0)
				return wrong("--format takes prometheus or collectd, not",
					     optarg);
			break;
		case 'o':
			o->output = optarg;
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
	if (o->collectd && o->output)
		return wrong("--format=collectd writes to collectd, not to", o->output);
	return -1;
}

/* A reader sees the old file or the new one, never half of one. */
static int write_file(const char *path, const struct look *l)
{
	char tmp[PATH_MAX];
	FILE *f;
	int fd, r = 0;

	/* the textfile collector reads *.prom only */
	if (snprintf(tmp, sizeof(tmp), "%s.XXXXXX", path) >= (int)sizeof(tmp)) {
		log_error("%s: the name is too long", path);
		return 1;
	}
	fd = mkostemp(tmp, O_CLOEXEC);
	if (fd < 0) {
		log_error("%s: %s", tmp, strerror(errno));
		return 1;
	}
	/* for the collector, which is not root */
	f = fchmod(fd, 0644) < 0 ? NULL : fdopen(fd, "w");
	if (f) {
		r = metrics_prometheus(f, l);
		if (fclose(f) != 0 && r == 0)
			r = -errno;
	} else {
		r = -errno;
		close(fd);
	}
	if (r == 0 && rename(tmp, path) < 0)
		r = -errno;
	if (r == 0)
		return 0;
	log_error("%s: %s", path, strerror(-r));
	unlink(tmp);
	return 1;
}

static int once(const struct options *o)
{
	struct look l;
	int ret;

	if (look(&l, false) < 0)
		return 1;
	ret = o->output ? write_file(o->output, &l) : metrics_prometheus(stdout, &l) < 0;
	look_free(&l);
	return ret;
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

/* Until nobody reads any more, or once where it is not collectd that has started us. */
static int collectd(void)
{
	char name[256] = "localhost";
	const char *host = getenv("COLLECTD_HOSTNAME");
	struct timespec next;
	double interval;
	bool loop;

	interval = collectd_interval(&loop);
	if (gethostname(name, sizeof(name)) < 0)
		log_debug("gethostname: %s", strerror(errno));
	name[sizeof(name) - 1] = '\0';
	signal(SIGPIPE, SIG_IGN);
	clock_gettime(CLOCK_MONOTONIC, &next);
	do {
		struct look l;
		int r;

		if (look(&l, false) < 0)
			return 1;
		r = metrics_collectd(stdout, &l, host && *host ? host : name, interval);
		look_free(&l);
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
	struct options o = { 0 };
	int ret;

	log_init("metrics", false);
	ret = parse(argc, argv, &o);
	if (ret >= 0)
		return ret;
	return o.collectd ? collectd() : once(&o);
}
