/* SPDX-License-Identifier: Apache-2.0 */
/* Who needs what, and who gets it: by each method, on and off, many at a time, and until the kill switch. */
#include "inject/set_mergeable.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "inject/targets.h"
#include "kernel/ksm.h"
#include "kernel/proc.h"
#include "policy/stop.h"

/* The control: whoever is meant gets it, and what is said of it is true. */
static void the_right_one(void)
{
	struct set_mergeable m = { .method = MERGE_BY_PRCTL, .timeout_ms = TIMEOUT_MS };
	pid_t pid = start();
	struct proc_stat st;
	struct error err;

	CHECK_INT(set_mergeable_pass(&m, &pid, 1, &err), 1);
	CHECK_INT(set_mergeable_failed(&m), 0);
	CHECK(is_mergeable(pid));
	CHECK_INT(m.n, 1);
	CHECK_INT(m.already, 0);
	CHECK_INT(proc_stat(pid, &st), 0);
	CHECK_INT(m.row[0].pid, pid);
	CHECK(m.row[0].start == st.start);
	CHECK_TEXT(m.row[0].command, "sleep");
	CHECK_INT(m.row[0].method, KSM_BY_PRCTL);
	CHECK_INT(m.row[0].tries, 1);
	CHECK_INT(m.row[0].result, 0);
	CHECK(m.row[0].stopped_us > 0 && m.row[0].stopped_us < TIMEOUT_MS * 1000);
	CHECK(!m.row[0].gone);
	/* what was just done is not what was so all along */
	CHECK_INT(set_mergeable_pass(&m, &pid, 1, &err), 0);
	CHECK_INT(m.n, 1);
	CHECK_INT(m.already, 0);
	set_mergeable_free(&m);
	CHECK(!m.row && m.n == 0);
	CHECK_INT(set_mergeable_pass(&m, &pid, 1, &err), 0);
	CHECK_INT(m.n, 0);
	CHECK_INT(m.already, 1);
	set_mergeable_free(&m);
	end(pid);
	/* who has ended needs nothing */
	CHECK_INT(set_mergeable_pass(&m, &pid, 1, &err), 0);
	CHECK_INT(m.n, 0);
	CHECK_INT(m.already, 0);
	set_mergeable_free(&m);
}

/* One pass of a method, on or off; how many processes needed it, all of them done. */
static ssize_t pass_of(bool off, enum merge_method method, pid_t pid, enum ksm_method said)
{
	struct set_mergeable m = { .off = off, .method = method, .timeout_ms = TIMEOUT_MS };
	struct error err;
	ssize_t r = set_mergeable_pass(&m, &pid, 1, &err);

	CHECK_INT(set_mergeable_failed(&m), 0);
	CHECK_INT(m.n, r > 0);
	CHECK(r <= 0 || (m.row[0].method == said && m.row[0].result == 0));
	CHECK_INT(m.already, r == 0);
	set_mergeable_free(&m);
	return r;
}

/* On and off again, by each method; and each leaves alone what the other did. */
static void methods(void)
{
	pid_t pid = start();

	check_case = "prctl";
	CHECK_INT(pass_of(true, MERGE_BY_AUTO, pid, KSM_BY_UNKNOWN), 0);
	CHECK_INT(pass_of(false, MERGE_BY_AUTO, pid, KSM_BY_PRCTL), 1);
	CHECK(is_mergeable(pid));
	CHECK_INT(pass_of(false, MERGE_BY_MADVISE, pid, KSM_BY_UNKNOWN), 0);
	CHECK_INT(pass_of(true, MERGE_BY_MADVISE, pid, KSM_BY_UNKNOWN), 0);
	CHECK(is_mergeable(pid));
	CHECK_INT(pass_of(true, MERGE_BY_AUTO, pid, KSM_BY_PRCTL), 1);
	CHECK(!is_mergeable(pid) && !ksm_has_mergeable_mapping(pid));
	CHECK_INT(pass_of(false, MERGE_BY_PRCTL, pid, KSM_BY_PRCTL), 1);
	CHECK_INT(pass_of(true, MERGE_BY_PRCTL, pid, KSM_BY_PRCTL), 1);
	CHECK_INT(pass_of(true, MERGE_BY_PRCTL, pid, KSM_BY_UNKNOWN), 0);
	check_case = "madvise";
	CHECK(ksm_has_unmergeable_mapping(pid));
	CHECK_INT(pass_of(false, MERGE_BY_MADVISE, pid, KSM_BY_MADVISE), 1);
	CHECK(ksm_has_mergeable_mapping(pid) && !is_mergeable(pid));
	CHECK_INT(pass_of(true, MERGE_BY_PRCTL, pid, KSM_BY_UNKNOWN), 0);
	CHECK(ksm_has_mergeable_mapping(pid));
	CHECK_INT(pass_of(true, MERGE_BY_MADVISE, pid, KSM_BY_MADVISE), 1);
	CHECK(!ksm_has_mergeable_mapping(pid));
	CHECK_INT(pass_of(false, MERGE_BY_MADVISE, pid, KSM_BY_MADVISE), 1);
	CHECK_INT(pass_of(true, MERGE_BY_AUTO, pid, KSM_BY_MADVISE), 1);
	CHECK(!ksm_has_mergeable_mapping(pid));
	check_case = "";
	end(pid);
}

/* More than one tracer takes, in an order of its own; and those that are gone among them. */
#define MANY 70

/* The first two of a list. */
static int walk_pair(const void *arg, int (*visit)(pid_t pid, void *to), void *to,
		     struct error *err)
{
	const pid_t *pids = arg;
	int r = visit(pids[0], to);

	(void)err;
	return r ? r : visit(pids[1], to);
}

static int64_t merged_bytes(pid_t pid)
{
	struct ksm_stat stat;

	CHECK_INT(ksm_stat_read(pid, &stat), 0);
	return (stat.merging_pages + stat.zero_pages) * sysconf(_SC_PAGESIZE);
}

static void many(void)
{
	struct set_mergeable m = { .method = MERGE_BY_PRCTL, .timeout_ms = TIMEOUT_MS };
	struct room_need *need;
	int64_t least;
	size_t n;
	pid_t pids[MANY];
	struct error err;
	size_t mergeable = 0, sorted = 0;

	for (size_t i = 0; i < MANY; i++)
		pids[i] = start();
	end(pids[0]);
	end(pids[50]);
	CHECK_INT(set_mergeable_pass(&m, pids, MANY, &err), MANY - 2);
	CHECK_INT(m.n, MANY - 2);
	CHECK_INT(set_mergeable_failed(&m), 0);
	for (size_t i = 0; i < MANY; i++)
		mergeable += is_mergeable(pids[i]);
	CHECK_INT(mergeable, MANY - 2);
	for (size_t i = 1; i < m.n; i++)
		sorted += m.row[i - 1].pid < m.row[i].pid;
	CHECK_INT(sorted, m.n - 1);
	CHECK_INT(set_mergeable_pass(&m, pids, MANY, &err), 0);
	CHECK_INT(m.n, MANY - 2);
	CHECK_INT(m.ended, 2);
	CHECK_INT(set_mergeable_copies(&m, walk_pair, pids, &need, &n, &err), 0);
	CHECK_INT(n, 0);
	free(need);
	/* ksmd may be at it by now, for somebody else: no less than before, no more than behind */
	m.off = true;
	least = merged_bytes(pids[1]);
	CHECK_INT(set_mergeable_copies(&m, walk_pair, pids, &need, &n, &err), 0);
	CHECK_INT(n, 1);
	CHECK_INT(need[0].pid, pids[1]);
	CHECK(need[0].bytes >= least && need[0].bytes <= merged_bytes(pids[1]));
	free(need);
	CHECK_INT(set_mergeable_pass(&m, pids, MANY, &err), MANY - 2);
	CHECK_INT(m.row[0].tries, 2);
	CHECK(!is_mergeable(pids[1]));
	set_mergeable_free(&m);
	for (size_t i = 0; i < MANY; i++) {
		if (i != 0 && i != 50)
			end(pids[i]);
	}
}

static bool nobody(const void *arg, pid_t pid)
{
	(void)arg;
	(void)pid;
	return false;
}

/* One that is not meant any more gets nothing, and nothing is said of it. */
static void not_meant(void)
{
	struct set_mergeable m = { .method = MERGE_BY_PRCTL,
				   .timeout_ms = TIMEOUT_MS,
				   .still_right = nobody };
	pid_t pid = start();
	struct error err;

	CHECK_INT(set_mergeable_pass(&m, &pid, 1, &err), 1);
	CHECK_INT(m.n, 0);
	CHECK(!is_mergeable(pid));
	set_mergeable_free(&m);
	end(pid);
}

static bool stop_at_check(const void *arg, pid_t pid)
{
	(void)arg;
	(void)pid;
	close(open(STOP_PATH, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	return true;
}

/* The kill switch comes in the middle of a pass. Last, as this has an /etc of its own then. */
static void stopped(void)
{
	/* in two batches */
	enum { TWO = 40 };
	struct set_mergeable m = { .method = MERGE_BY_PRCTL,
				   .timeout_ms = TIMEOUT_MS,
				   .still_right = stop_at_check,
				   .may_go_on = stop_check };
	pid_t pids[TWO];
	struct error err;
	int merged = 0;

	if (unshare(CLONE_NEWNS) < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", SYSCONFDIR, "tmpfs", 0, NULL) < 0 ||
	    mkdir(SYSCONFDIR "/ksm-hook", 0755) < 0)
		abort();
	for (int i = 0; i < TWO; i++)
		pids[i] = start();
	CHECK_INT(set_mergeable_pass(&m, pids, TWO, &err), -EPERM);
	CHECK_INT(err.reason, REASON_HOST_STOPPED);
	for (int i = 0; i < TWO; i++)
		merged += is_mergeable(pids[i]);
	CHECK(merged > 0 && merged < TWO);
	CHECK_INT(m.n, merged);
	/* nor is another begun, but what is merged can be undone */
	CHECK_INT(set_mergeable_pass(&m, pids, TWO, &err), -EPERM);
	set_mergeable_free(&m);
	m = (struct set_mergeable){ .off = true, .timeout_ms = TIMEOUT_MS };
	CHECK_INT(set_mergeable_pass(&m, pids, TWO, &err), merged);
	set_mergeable_free(&m);
	m = (struct set_mergeable){ .timeout_ms = TIMEOUT_MS, .may_go_on = stop_check };
	CHECK_INT(set_mergeable_pass(&m, pids, TWO, &err), -EPERM);
	CHECK_INT(unlink(STOP_PATH), 0);
	/* a link counts, whether it leads anywhere or not */
	CHECK_INT(symlink("/nowhere", STOP_PATH), 0);
	CHECK_INT(set_mergeable_pass(&m, pids, TWO, &err), -EPERM);
	CHECK_INT(err.reason, REASON_HOST_STOPPED);
	CHECK_INT(unlink(STOP_PATH), 0);
	CHECK_INT(set_mergeable_pass(&m, pids, TWO, &err), TWO);
	set_mergeable_free(&m);
	for (int i = 0; i < TWO; i++)
		end(pids[i]);
}

int main(void)
{
	RUN(the_right_one);
	RUN(methods);
	RUN(many);
	RUN(not_meant);
	RUN(stopped);
	return check_end();
}
