/* SPDX-License-Identifier: Apache-2.0 */
/* ksm-hook attach and detach: make running processes mergeable, or take it back. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "applets/applets.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/text.h"
#include "containers/targets.h"
#include "inject/set_mergeable.h"
#include "kernel/memory_headroom.h"
#include "ksmd/boost.h"

/* For a process to enter the kernel: first for all, then once more for those that did not. */
#define FIRST_TIMEOUT_MS  50
#define SECOND_TIMEOUT_MS 1000
/*
 * A call takes the target's time: un-merging copies, and on a busy machine a target has to
 * wait for its turn. Who gives up early meets his own tracer when he tries again.
 */
#define CALLS_MAX_MS 60000
/* Looks until none is found; who forks faster than this many looks is reported. */
#define PASSES_MAX      64
#define WATCH_DEFAULT_S 10
#define WATCH_MAX_S     86400

struct options {
	bool off, all, force, json;
	enum merge_method method;
	int64_t watch_s; /* 0: do not */
	int64_t begun_us, elapsed_us;
};

static bool parse_method(const char *text, enum merge_method *out)
{
	static const char *const names[] = {
		[MERGE_BY_AUTO] = "auto", [MERGE_BY_PRCTL] = "prctl", [MERGE_BY_MADVISE] = "madvise"
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(text, names[i]) == 0) {
			*out = (enum merge_method)i;
			return true;
		}
	}
	log_error("--method is auto, prctl or madvise, not \"%s\"", text);
	return false;
}

static bool parse_watch(const char *text, int64_t *out)
{
	*out = WATCH_DEFAULT_S;
	if (!text || parse_int(text, strlen(text), 1, WATCH_MAX_S, out) == 0)
		return true;
	log_error("--watch takes seconds from 1 to %d, not \"%s\"", WATCH_MAX_S, text);
	return false;
}

/* -1 to go on, else the exit status. */
static int parse(int argc, char **argv, struct options *o)
{
	static const struct option attach_opts[] = {
		{ "all", no_argument, NULL, 'a' },
		{ "method", required_argument, NULL, 'm' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ "watch", optional_argument, NULL, 'w' },
		{ 0 },
	};
	static const struct option detach_opts[] = {
		{ "all", no_argument, NULL, 'a' },   { "method", required_argument, NULL, 'm' },
		{ "json", no_argument, NULL, 'j' },  { "help", no_argument, NULL, 'h' },
		{ "force", no_argument, NULL, 'f' }, { 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", o->off ? detach_opts : attach_opts, NULL)) !=
	       -1) {
		if (c == 'a')
			o->all = true;
		else if (c == 'f')
			o->force = true;
		else if (c == 'j')
			o->json = true;
		else if (c == 'h') {
			applet_usage(argv[0]);
			return 0;
		} else if (c == 'm' ? !parse_method(optarg, &o->method) :
			   c == 'w' ? !parse_watch(optarg, &o->watch_s) :
				      true)
			return 2;
	}
	if (o->all == (optind < argc)) {
		log_error(o->all ? "--all and single targets do not go together" :
				   "no target given; ksm-hook %s --help tells more",
			  argv[0]);
		return 2;
	}
	if (o->json && o->watch_s) {
		log_error("--json reports at the end, and --watch has none");
		return 2;
	}
	return -1;
}

/* One pass over what is meant now. */
static ssize_t look_once(struct set_mergeable *m, const struct target_set *set, size_t *found,
			 struct error *err)
{
	pid_t *pids = NULL;
	ssize_t n = target_list(set, &pids, err);

	if (n >= 0) {
		*found = (size_t)n;
		n = set_mergeable_pass(m, pids, (size_t)n, err);
	}
	free(pids);
	return n;
}

/* Until a look finds none that is not as wanted, those that failed aside. */
static int look_until_done(struct set_mergeable *m, const struct target_set *set, size_t *found,
			   struct error *err)
{
	ssize_t r = 1;
	bool again = true;

	m->lost_ms = 0;
	m->timeout_ms = FIRST_TIMEOUT_MS;
	for (int i = 0; r > 0; i++) {
		if (i == PASSES_MAX)
			return err_set(err, EAGAIN,
				       "new processes appear faster than they can be marked: "
				       "try again, or --watch");
		r = look_once(m, set, found, err);
		if (r == 0 && again && set_mergeable_failed(m)) {
			again = false;
			m->retry = true;
			m->timeout_ms = SECOND_TIMEOUT_MS;
			r = look_once(m, set, found, err);
			m->retry = false;
			m->timeout_ms = FIRST_TIMEOUT_MS;
		}
	}
	return (int)r;
}

static int check_room(const struct set_mergeable *m, const struct target_set *set, struct error *err)
{
	struct room_need *need;
	pid_t *pids = NULL;
	ssize_t n = target_list(set, &pids, err);
	int r;

	if (n < 0)
		return (int)n;
	need = calloc((size_t)n + 1, sizeof(*need));
	if (!need) {
		free(pids);
		return err_set(err, ENOMEM, "out of memory");
	}
	for (ssize_t i = 0; i < n; i++)
		need[i] = (struct room_need){ pids[i], set_mergeable_pages(m, pids[i]) *
							       sysconf(_SC_PAGESIZE) };
	r = room_check(need, (size_t)n, err);
	free(need);
	free(pids);
	return r;
}

static int compare_int(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

struct totals {
	size_t done, failed;
	int median_us, max_us;
};

static struct totals totals(const struct set_mergeable *m)
{
	struct totals t = { .failed = set_mergeable_failed(m) };
	int *us = calloc(m->n + 1, sizeof(*us));

	for (size_t i = 0; i < m->n; i++) {
		if (m->row[i].result == 0 && us)
			us[t.done] = m->row[i].stopped_us;
		t.done += m->row[i].result == 0;
	}
	if (us && t.done) {
		qsort(us, t.done, sizeof(*us), compare_int);
		t.median_us = us[t.done / 2];
		t.max_us = us[t.done - 1];
	}
	free(us);
	return t;
}

static void log_failures(const struct set_mergeable *m)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct merge_row *r = &m->row[i];

		if (r->result < 0 && !r->gone)
			log_error("process %d (%s): %s", r->pid, r->command, r->err.msg);
	}
}

static const char *result_text(const struct set_mergeable *m, const struct merge_row *r)
{
	return r->result < 0 ? "failed" : m->off ? "no longer mergeable" : "mergeable";
}

static void print_row(const struct set_mergeable *m, const struct merge_row *r)
{
	printf("%7d  %-15s  %-7s  %7d us  %s\n", r->pid, r->command, ksm_method_name(r->method),
	       r->stopped_us, result_text(m, r));
}

static void print_head(void)
{
	printf("%7s  %-15s  %-7s  %10s  %s\n", "PID", "COMMAND", "METHOD", "STOPPED", "RESULT");
}

static void print_text(const struct options *o, const struct set_mergeable *m)
{
	struct totals t = totals(m);

	if (m->n)
		print_head();
	for (size_t i = 0; i < m->n; i++) {
		if (!m->row[i].gone || m->row[i].result == 0)
			print_row(m, &m->row[i]);
	}
	printf(m->off ? "%zu taken back, %zu were not mergeable, %zu failed" :
			"%zu made mergeable, %zu were already, %zu failed",
	       t.done, m->already, t.failed);
	if (t.done)
		printf("; stopped for %d us (median), %d us at most", t.median_us, t.max_us);
	printf("; took %.1f ms\n", (double)o->elapsed_us / 1000);
}

static int print_json(const struct options *o, const struct set_mergeable *m)
{
	struct json_out *j = json_out_new();
	struct totals t = totals(m);

	if (!j)
		return 1;
	json_out_object(j, NULL);
	json_out_array(j, "processes");
	for (size_t i = 0; i < m->n; i++) {
		const struct merge_row *r = &m->row[i];

		if (r->gone && r->result < 0)
			continue;
		json_out_object(j, NULL);
		json_out_int(j, "pid", r->pid);
		json_out_string(j, "command", r->command);
		json_out_string(j, "method", ksm_method_name(r->method));
		json_out_int(j, "stopped_us", r->stopped_us);
		json_out_bool(j, "done", r->result == 0);
		if (r->result < 0)
			json_out_string(j, "error", r->err.msg);
		json_out_end_object(j);
	}
	json_out_end_array(j);
	json_out_int(j, "done", (int64_t)t.done);
	json_out_int(j, "already", (int64_t)m->already);
	json_out_int(j, "failed", (int64_t)t.failed);
	json_out_int(j, "stopped_us_median", t.median_us);
	json_out_int(j, "stopped_us_max", t.max_us);
	json_out_int(j, "elapsed_us", o->elapsed_us);
	json_out_end_object(j);
	return json_out_finish(j);
}

static void say_if_ksmd_rests(void)
{
	int64_t run;

	if (ksm_sysfs("run", &run) == 0 && run != 1)
		log_warning("nothing is merged as long as ksmd is stopped: "
			    "ksm-hook enable");
}

/* Print what the last look did, and forget it: who comes again needs it again. */
static size_t report_and_forget(struct set_mergeable *m)
{
	size_t failed = set_mergeable_failed(m);

	for (size_t i = 0; i < m->n; i++) {
		if (m->row[i].result == 0)
			print_row(m, &m->row[i]);
	}
	fflush(stdout);
	if (m->n > failed)
		boost_start(true);
	set_mergeable_free(m);
	return failed;
}

/* The signals that end a watch; blocked, so that one is seen between two looks only. */
static sigset_t end_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	return set;
}

/*
 * Keep up with what is new until a signal comes or all that was meant has ended; 0, or 1 if
 * something failed in the last look. A failure is said when it is another number than
 * before, not each time.
 */
static int watch(const struct options *o, struct set_mergeable *m, const struct target_set *set,
		 size_t found)
{
	const struct timespec nap = { .tv_sec = o->watch_s };
	sigset_t ends = end_signals();
	size_t failed = set_mergeable_failed(m), before = failed;

	set_mergeable_free(m);
	while (found || o->all) {
		struct error err;

		fflush(stdout);
		if (sigtimedwait(&ends, NULL, &nap) > 0)
			break;
		/* tracers that ended behind our back */
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (look_until_done(m, set, &found, &err) < 0)
			log_warning("%s", err.msg);
		if (set_mergeable_failed(m) > before)
			log_failures(m);
		before = failed = report_and_forget(m);
	}
	return failed ? 1 : 0;
}

static int run(struct options *o, const struct target_set *set)
{
	struct set_mergeable m = {
		.off = o->off, .method = o->method, .still_right = target_match, .arg = set
	};
	struct error err;
	sigset_t ends = end_signals();
	size_t found = 0;
	int r = 0, status;

	if (o->off && !o->force)
		r = check_room(&m, set, &err);
	if (o->watch_s)
		sigprocmask(SIG_BLOCK, &ends, NULL);
	if (r == 0)
		r = look_until_done(&m, set, &found, &err);
	o->elapsed_us = now_us() - o->begun_us;
	if (r < 0)
		log_error("%s", err.msg);
	status = r < 0 || set_mergeable_failed(&m) ? 1 : 0;
	if (r == 0 || m.n) {
		log_failures(&m);
		if (!o->json)
			print_text(o, &m);
		else if (print_json(o, &m) != 0)
			status = 1;
	}
	if (!o->off && r == 0)
		say_if_ksmd_rests();
	if (!o->off && m.n > set_mergeable_failed(&m))
		boost_start(true);
	if (o->watch_s)
		status = watch(o, &m, set, found);
	set_mergeable_free(&m);
	return status;
}

static int attach(int argc, char **argv, bool off)
{
	struct options o = { .off = off, .begun_us = now_us() };
	struct target_set set;
	struct error err;
	int status;

	log_init(argv[0], false);
	status = parse(argc, argv, &o);
	if (status >= 0)
		return status;
	if (target_resolve(&set, argv + optind, (size_t)(argc - optind), o.all, &err) < 0) {
		log_error("%s", err.msg);
		status = 1;
	} else {
		status = run(&o, &set);
	}
	target_free(&set);
	return status;
}

int applet_attach(int argc, char **argv)
{
	return attach(argc, argv, false);
}

int applet_detach(int argc, char **argv)
{
	return attach(argc, argv, true);
}
