/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who needs what, who does not answer; and a process ends, and its number comes to mean a stranger:
 * at each moment, nobody else gets the call. tests/hostile/reuse-soak.sh forces it from outside, where the
 * program of before the audit made 19 of 19 strangers mergeable.
 */
#include "inject/set_mergeable.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "inject/inject.h"
#include "kernel/ksm.h"
#include "kernel/proc.h"
#include "kernel/process.h"
#include "policy/stop.h"

#define TIMEOUT_MS 20000
/* A number is taken by somebody else now and then, in between. */
#define ATTEMPTS 20

static _Noreturn void sleep_on(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

/* A small program, as the kernel walks through all of the terabytes that a sanitizer maps. */
static pid_t start(void)
{
	pid_t pid = fork();
	struct proc_stat st = { 0 };
	char command[64] = "";

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execlp("sleep", "sleep", "infinity", NULL);
		_exit(1);
	}
	while (strcmp(command, "sleep") != 0 || st.state != 'S') {
		if (proc_stat(pid, &st) < 0 ||
		    process_command(pid, command, sizeof(command)) < 0)
			abort();
		usleep(1000);
	}
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Its end, and a stranger with its number: clone3(2) of Linux 5.5, by whoever may choose. */
static bool replace(pid_t pid)
{
	pid_t wanted = pid, got;
	struct clone_args args = { .exit_signal = SIGCHLD,
				   .set_tid = (uintptr_t)&wanted,
				   .set_tid_size = 1 };

	end(pid);
	got = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (got == 0)
		sleep_on();
	return got == pid;
}

static bool is_mergeable(pid_t pid)
{
	struct ksm_stat st;

	return ksm_stat_read(pid, &st) == 0 && st.merge_any == KSM_YES;
}

/* In the middle of a pass: the last that is asked, with the process pinned. */
static bool replace_at_check(const void *arg, pid_t pid)
{
	bool *replaced = *(bool *const *)arg;

	*replaced = replace(pid);
	return true;
}

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

/* It waits as vfork(2) does, for a child that sleeps on: no tracer gets it out of there. */
static pid_t start_stuck(void)
{
	pid_t pid = fork();
	struct proc_stat st = { 0 };

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (syscall(SYS_clone, CLONE_VFORK | SIGCHLD, 0, 0, 0, 0) == 0)
			sleep_on();
		_exit(0);
	}
	while (st.state != 'D') {
		if (proc_stat(pid, &st) < 0)
			abort();
		usleep(1000);
	}
	return pid;
}

static size_t rows_of(const struct set_mergeable *m, enum reason reason, unsigned tries)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++)
		n += m->row[i].result < 0 && m->row[i].err.reason == reason &&
		     m->row[i].tries == tries;
	return n;
}

/* Who does not answer is told from who does, and is tried again when that is wanted only. */
static void stuck(void)
{
	struct set_mergeable m = { .method = MERGE_BY_PRCTL,
				   .timeout_ms = 1000,
				   .call_ms = TIMEOUT_MS };
	pid_t pids[] = { start_stuck(), start(), start_stuck() };
	struct error err;

	CHECK_INT(set_mergeable_pass(&m, pids, 3, &err), 3);
	CHECK_INT(m.n, 3);
	CHECK_INT(set_mergeable_failed(&m), 2);
	CHECK(is_mergeable(pids[1]));
	CHECK_INT(rows_of(&m, REASON_TARGET_BUSY, 1), 2);
	CHECK_INT(m.n_lost, 1);
	CHECK_INT(m.lost[0].n, 2);
	CHECK_INT(set_mergeable_pass(&m, pids, 3, &err), 0);
	CHECK_INT(rows_of(&m, REASON_TARGET_BUSY, 1), 2);
	m.retry = true;
	m.n_lost = 0;
	m.timeout_ms = 20;
	CHECK_INT(set_mergeable_pass(&m, pids, 3, &err), 2);
	CHECK_INT(rows_of(&m, REASON_TARGET_BUSY, 2), 2);
	CHECK_INT(m.lost[0].n, 2);
	/* one that ends has not failed */
	end(pids[0]);
	CHECK_INT(set_mergeable_pass(&m, pids, 3, &err), 1);
	CHECK_INT(set_mergeable_failed(&m), 2);
	set_mergeable_free(&m);
	end(pids[1]);
	end(pids[2]);
}

/* Two batches of one container: after the first, its time is used up. */
#define STUCK       36
#define FIRST_BATCH 32
#define RETRIES     3

static void too_many_stuck(void)
{
	struct set_mergeable m = { .method = MERGE_BY_PRCTL,
				   .timeout_ms = 10,
				   .call_ms = TIMEOUT_MS };
	pid_t pids[STUCK];
	struct error err;

	for (size_t i = 0; i < STUCK; i++)
		pids[i] = start_stuck();
	CHECK_INT(set_mergeable_pass(&m, pids, STUCK, &err), STUCK);
	CHECK_INT(set_mergeable_failed(&m), STUCK);
	CHECK_INT(rows_of(&m, REASON_TARGET_BUSY, 1), FIRST_BATCH);
	CHECK_INT(rows_of(&m, REASON_TARGET_SKIPPED, 1), STUCK - FIRST_BATCH);
	CHECK_INT(m.n_lost, 1);
	CHECK_INT(m.lost[0].n, FIRST_BATCH);
	m.retry = true;
	m.n_lost = 0;
	CHECK_INT(set_mergeable_pass(&m, pids, STUCK, &err), STUCK);
	CHECK_INT(rows_of(&m, REASON_TARGET_BUSY, 2), RETRIES);
	CHECK_INT(rows_of(&m, REASON_TARGET_SKIPPED, 2), STUCK - RETRIES);
	set_mergeable_free(&m);
	CHECK(!m.lost && m.n_lost == 0);
	for (size_t i = 0; i < STUCK; i++)
		end(pids[i]);
}

/* All has been checked, the process is pinned: then it ends. */
static void within_a_pass(void)
{
	for (int i = 0; i < ATTEMPTS; i++) {
		bool replaced = false, *at = &replaced;
		struct set_mergeable m = { .method = MERGE_BY_PRCTL,
					   .timeout_ms = TIMEOUT_MS,
					   .still_right = replace_at_check,
					   .arg = &at };
		pid_t pid = start();
		struct error err;
		ssize_t r = set_mergeable_pass(&m, &pid, 1, &err);
		bool merged = is_mergeable(pid);

		set_mergeable_free(&m);
		if (!replaced)
			continue;
		end(pid);
		CHECK_INT(r, 1);
		CHECK(!merged);
		return;
	}
	CHECK(!"the number could be had again");
}

/* The same for a call without a pass: its caller has pinned the process, and it ended. */
static void pinned(void)
{
	const struct inject_call call = { PR_SET_MEMORY_MERGE, 1 };

	for (int i = 0; i < ATTEMPTS; i++) {
		struct inject_target t = { .pid = start() };
		struct error err;
		bool replaced, merged;
		int r;

		t.pidfd = proc_pin(t.pid);
		replaced = replace(t.pid);
		if (!replaced) {
			close(t.pidfd);
			continue;
		}
		CHECK(!proc_is_there(t.pidfd));
		r = inject_run(&t, 1, &call, 1, TIMEOUT_MS, &err);
		merged = is_mergeable(t.pid);
		close(t.pidfd);
		end(t.pid);
		CHECK_INT(r, 0);
		CHECK_INT(t.result, -ESRCH);
		CHECK_INT(t.err.reason, REASON_TARGET_ENDED);
		CHECK(!merged);
		return;
	}
	CHECK(!"the number could be had again");
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

static int end_after_visit(const void *arg, int (*visit)(pid_t pid, void *to), void *to,
			   struct error *err)
{
	pid_t pid = *(const pid_t *)arg;
	int r = visit(pid, to);

	(void)err;
	kill(pid, SIGKILL);
	if (r == 0)
		r = visit(getpid(), to);
	return r ? r : visit(getppid(), to);
}

static int refuse_walk(const void *arg, int (*visit)(pid_t pid, void *to), void *to,
		       struct error *err)
{
	(void)arg;
	(void)visit;
	(void)to;
	return err_set(err, EIO, "no list today");
}

/* It is looked at while it is visited: who ends behind that was to be tried, and is counted. */
static void walked(void)
{
	struct set_mergeable m = { .method = MERGE_BY_PRCTL, .timeout_ms = TIMEOUT_MS };
	pid_t pid = start();
	struct error err;
	size_t found = 0;

	CHECK_INT(set_mergeable_walk(&m, end_after_visit, &pid, &found, &err), 1);
	/* and the caller and who walks for him, on whom nothing is tried */
	CHECK_INT(found, 3);
	CHECK_INT(m.ended, 2);
	CHECK_INT(m.already, 0);
	CHECK_INT(set_mergeable_failed(&m), 0);
	end(pid);
	CHECK_INT(set_mergeable_walk(&m, end_after_visit, &pid, &found, &err), 0);
	CHECK_INT(set_mergeable_walk(&m, refuse_walk, NULL, &found, &err), -EIO);
	CHECK_TEXT(err.msg, "no list today");
	set_mergeable_free(&m);
}

int main(void)
{
	RUN(the_right_one);
	RUN(methods);
	RUN(many);
	RUN(not_meant);
	RUN(stuck);
	RUN(too_many_stuck);
	RUN(within_a_pass);
	RUN(pinned);
	RUN(stopped);
	RUN(walked);
	return check_end();
}
