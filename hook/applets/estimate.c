/* SPDX-License-Identifier: Apache-2.0 */
/* ksm-hook estimate: what merging would save and cost, before anything is opted in. */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "applets/applets.h"
#include "applets/estimate.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "containers/targets.h"
#include "kernel/ksm.h"
#include "kernel/proc.h"

/*
 * Records of contents: 48 MiB, exact up to about 7 GiB of memory without equal pages. While
 * the sample is halved there is a second table: with all else that is under 120 MiB.
 */
#define ROOM (2ul << 20)

#define PROGRESS_MS 100

struct progress {
	bool shown;
	uint64_t expected;
	int64_t begun_ms, next_ms;
};

static void show_progress(void *arg, uint64_t pages)
{
	struct progress *p = arg;
	int64_t now = now_ms(), page = sysconf(_SC_PAGESIZE);
	unsigned percent;
	char done[16], bar[] = "##############################";

	if (!p->expected || now < p->next_ms)
		return;
	/* processes grow while they are read */
	percent = pages < p->expected ? (unsigned)(pages * 100 / p->expected) : 100;
	fprintf(stderr, "\r[%-30.*s] %3u %%  %s, %.0f MB/s ", (int)(percent * 30 / 100), bar,
		percent, format_bytes(done, sizeof(done), (int64_t)pages * page),
		(double)pages * (double)page / 1000 / (double)(now - p->begun_ms + 1));
	p->next_ms = now + PROGRESS_MS;
	p->shown = true;
}

static void end_progress(struct progress *p)
{
	if (p->shown)
		fprintf(stderr, "\r\033[K");
	p->expected = 0;
}

/* Pages of anonymous memory, more or less (proc(5), statm). */
static uint64_t expect(const pid_t *pid, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		long size, resident, shared;
		char text[128];

		if (proc_read(pid[i], "statm", text, sizeof(text)) > 0 &&
		    sscanf(text, "%ld %ld %ld", &size, &resident, &shared) == 3 &&
		    resident > shared)
			sum += (uint64_t)(resident - shared);
	}
	return sum;
}

/* Who is the process counted with? What was asked for by its number or cgroup: with that. */
static bool name_of(const struct target_set *set, pid_t pid, struct container_name *out)
{
	for (size_t i = 0; i < set->n; i++) {
		struct target *t = &set->t[i];
		const struct target_set one = { t, 1 };

		if (!target_match(&one, pid))
			continue;
		*out = t->name;
		if (t->kind == TARGET_PID) {
			snprintf(out->engine, sizeof(out->engine), "process");
			snprintf(out->id, sizeof(out->id), "%d", pid);
		} else if (t->kind == TARGET_CGROUP) {
			snprintf(out->engine, sizeof(out->engine), "cgroup");
			snprintf(out->id, sizeof(out->id), "%.*s", (int)t->path_len, t->path);
		}
		return t->kind != TARGET_ALL || container_of(pid, out);
	}
	return false;
}

static int find_row(struct estimate *t, const struct container_name *name, uint32_t *at)
{
	struct estimate_row *more;

	for (uint32_t i = 1; i < t->n; i++) {
		if (strcmp(t->row[i].name.id, name->id) == 0 &&
		    strcmp(t->row[i].name.engine, name->engine) == 0) {
			*at = i;
			return 0;
		}
	}
	more = realloc(t->row, (t->n + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	t->row = more;
	*at = t->n++;
	t->row[*at] = (struct estimate_row){ .name = *name };
	return 0;
}

static int read_one(struct survey *s, struct estimate *t, pid_t pid, enum pages_which which,
		    uint32_t at, struct error *err)
{
	struct estimate_row *row = &t->row[at];
	int r = survey_process(s, pid, which, at, &row->count);

	if (r == -ENOMEM)
		return err_set(err, ENOMEM, "out of memory");
	if (r == 0)
		row->processes++;
	else if (r != -ESRCH)
		t->unreadable++;
	return 0;
}

static bool is_marked(pid_t pid)
{
	struct ksm_stat st;

	if (ksm_stat_read(pid, &st) < 0)
		return ksm_has_marks(pid);
	return st.merge_any == KSM_YES || st.rmap_items > 0 || st.merging_pages > 0;
}

/* All others that take part already: their pages are there to be equal to. */
static int read_marked(struct survey *s, struct estimate *t, const struct target_set *set,
		       struct error *err)
{
	DIR *dir = opendir("/proc");
	pid_t pid;
	int r = 0;

	if (!dir)
		return err_errno(err, errno, "/proc");
	while (r == 0 && (pid = proc_next(dir)) != 0) {
		if (pid != getpid() && is_marked(pid) && !target_match(set, pid))
			r = read_one(s, t, pid, PAGES_MARKED, 0, err);
	}
	closedir(dir);
	return r;
}

static int read_all_pages(struct estimate *t, struct survey *s, const struct target_set *set,
			  struct progress *progress, struct error *err)
{
	pid_t *pids = NULL;
	ssize_t n = target_list(set, &pids, err);
	int r = n < 0 ? (int)n : 0;

	if (n > 0 && isatty(STDERR_FILENO))
		progress->expected = expect(pids, (size_t)n);
	for (ssize_t i = 0; r == 0 && i < n; i++) {
		struct container_name name;
		uint32_t at;

		if (!name_of(set, pids[i], &name))
			continue;
		r = find_row(t, &name, &at);
		if (r < 0)
			err_set(err, ENOMEM, "out of memory");
		else
			r = read_one(s, t, pids[i], PAGES_ELIGIBLE, at, err);
	}
	free(pids);
	end_progress(progress);
	return r < 0 ? r : read_marked(s, t, set, err);
}

static int add_up(struct estimate *t, struct survey *s, struct error *err)
{
	struct contents_sum *of = calloc(t->n, sizeof(*of));

	if (!of)
		return err_set(err, ENOMEM, "out of memory");
	t->changed = survey_changed(s, &t->changed_ms);
	survey_finish(s, t->n, of, &t->total);
	for (uint32_t i = 1; i < t->n; i++)
		t->row[i].sum = of[i];
	free(of);
	return 0;
}

static void warn(const struct estimate *t)
{
	int64_t across = 1;

	if (t->n == 1)
		log_warning(
			"there is no container; ksm-hook estimate PID... or a cgroup's path "
			"looks at other processes");
	if (t->unreadable)
		log_warning("%zu processes were left out, as they may not be read (this takes "
			    "root, "
			    "and Yama's ptrace_scope below 3)",
			    t->unreadable);
	if (ksm_sysfs("merge_across_nodes", &across) == 0 && !across &&
	    access("/sys/devices/system/node/node1", F_OK) == 0)
		log_warning(
			"merge_across_nodes is 0: equal pages on different NUMA nodes, which "
			"are counted here, will not be merged");
}

static int estimate(char *const *words, size_t n, bool json, struct error *err)
{
	struct progress progress = { .begun_ms = now_ms() };
	struct survey *s = survey_new(ROOM, show_progress, &progress);
	struct estimate t = { .row = calloc(1, sizeof(*t.row)), .n = 1 };
	struct target_set set = { 0 };
	int r = -ENOMEM;

	if (s && t.row)
		r = target_resolve(&set, words, n, n == 0, err);
	else
		err_set(err, ENOMEM, "out of memory");
	if (r == 0)
		r = read_all_pages(&t, s, &set, &progress, err);
	if (r == 0)
		r = add_up(&t, s, err);
	if (r == 0) {
		warn(&t);
		if (json)
			r = estimate_json(&t, s);
		else
			estimate_text(&t, s);
	}
	survey_free(s);
	target_free(&set);
	free(t.row);
	return r;
}

int applet_estimate(int argc, char **argv)
{
	struct error err = { "" };
	bool json = false;
	int r;

	log_init("estimate", false);
	r = look_target_options(argc, argv, &json);
	if (r >= 0)
		return r;
	/* what is read is other people's: no core dump, no debugger of theirs */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (geteuid() != 0) {
		log_error("reading the memory of containers takes root");
		return 1;
	}
	r = estimate(argv + optind, (size_t)(argc - optind), json, &err);
	if (r < 0)
		log_error("%s", err.msg);
	return r == 0 ? 0 : 1;
}
