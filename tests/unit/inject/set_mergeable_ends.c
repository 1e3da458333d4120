/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hook/inject/set_mergeable.c: who does not answer; and a process ends, and its number comes to mean a
 * stranger: at each moment, nobody else gets the call. tests/hostile/reuse-soak.sh forces it from outside,
 * where the program of before the audit made 19 of 19 strangers mergeable.
 */
#include "inject/set_mergeable.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"
#include "inject/inject.h"
#include "inject/targets.h"
#include "kernel/proc.h"

/* A number is taken by somebody else now and then, in between. */
#define ATTEMPTS 20

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

/* In the middle of a pass: the last that is asked, with the process pinned. */
static bool replace_at_check(const void *arg, pid_t pid)
{
	bool *replaced = *(bool *const *)arg;

	*replaced = replace(pid);
	return true;
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
	RUN(stuck);
	RUN(too_many_stuck);
	RUN(within_a_pass);
	RUN(pinned);
	RUN(walked);
	return check_end();
}
