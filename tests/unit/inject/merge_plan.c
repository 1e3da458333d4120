/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of those who failed at first is so in the end, and who has his turn before whom. */
#include "inject/merge_plan.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "inject/inject.h"
#include "inject/set_mergeable.h"
#include "inject/targets.h"
#include "kernel/proc.h"
#include "kernel/process.h"
#include "kernel/watched.h"

/* How clang says it; gcc has a macro. */
#ifndef __has_feature
#define __has_feature(x) 0
#endif

/* To unmerge what a sanitizer maps takes minutes. */
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define IS_SMALL false
#else
#define IS_SMALL true
#endif

/* Nobody gets it into the kernel before it runs on. */
static int stop_itself(void *arg)
{
	(void)arg;
	syscall(SYS_kill, syscall(SYS_getpid), SIGSTOP);
	return 0;
}

static void wait_for_state(pid_t pid, char state)
{
	struct proc_stat st = { 0 };

	while (st.state != state) {
		if (proc_stat(pid, &st) < 0)
			abort();
		usleep(1000);
	}
}

static pid_t start_stopped(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(stop_itself(NULL));
	}
	wait_for_state(pid, 'T');
	return pid;
}

/* Two processes of one address space, both ours; the second is stopped. */
static void start_two(pid_t pid[2])
{
	static char stack[65536] __attribute__((aligned(16)));
	pid_t second = 0;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		abort();
	pid[0] = fork();
	if (pid[0] == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		second = clone(stop_itself, stack + sizeof(stack),
			       CLONE_VM | CLONE_PARENT | SIGCHLD, NULL);
		if (write(fds[1], &second, sizeof(second)) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	if (read(fds[0], &second, sizeof(second)) != sizeof(second) || second <= 0)
		abort();
	close(fds[0]);
	close(fds[1]);
	pid[1] = second;
	wait_for_state(pid[0], 'S');
	wait_for_state(pid[1], 'T');
}

/*
 * One does not answer, and is as wanted when the other, of the same address space, has: it has not failed.
 * A real one said so of 3,589 processes, 2,986 of which were mergeable (tests/hostile/docker-matrix.sh).
 */
static void one_address_space(void)
{
	struct set_mergeable m = { .method = MERGE_BY_PRCTL,
				   .timeout_ms = TIMEOUT_MS,
				   .call_ms = TIMEOUT_MS };
	pid_t pid[2];
	struct error err;

	start_two(pid);
	for (int off = 0; off < (IS_SMALL ? 2 : 1); off++) {
		check_case = off ? "off" : "on";
		m.off = off;
		CHECK_INT(set_mergeable_pass(&m, pid, 2, &err), 2);
		CHECK_INT(m.n, 2);
		CHECK_INT(set_mergeable_failed(&m), 1);
		CHECK(is_mergeable(pid[1]) == !off);
		CHECK_INT(set_mergeable_pass(&m, pid, 2, &err), 0);
		CHECK_INT(set_mergeable_failed(&m), 0);
		CHECK_INT(m.already, 1);
		set_mergeable_free(&m);
	}
	check_case = "";
	end(pid[0]);
	end(pid[1]);
}

static void turn_off(pid_t pid)
{
	struct set_mergeable m = { .off = true,
				   .method = MERGE_BY_PRCTL,
				   .timeout_ms = TIMEOUT_MS };
	struct error err;

	CHECK_INT(set_mergeable_pass(&m, &pid, 1, &err), 1);
	CHECK_INT(set_mergeable_failed(&m), 0);
	set_mergeable_free(&m);
}

/* And when it is not as wanted any more, it has failed. */
static void one_address_space_again(void)
{
	struct set_mergeable m = { .method = MERGE_BY_PRCTL,
				   .timeout_ms = TIMEOUT_MS,
				   .call_ms = TIMEOUT_MS };
	struct error err;
	pid_t pid[2];

	start_two(pid);
	CHECK_INT(set_mergeable_pass(&m, pid, 2, &err), 2);
	turn_off(pid[0]);
	CHECK_INT(set_mergeable_pass(&m, &pid[1], 1, &err), 0);
	CHECK_INT(set_mergeable_failed(&m), 1);
	CHECK_INT(m.already, 0);
	set_mergeable_free(&m);
	end(pid[0]);
	end(pid[1]);
}

/* A container's time is not used up by who is stopped before the others have had their turn. */
static void the_stopped_come_last(void)
{
	enum { STOPPED = 40, ALL = STOPPED + 3 };
	struct set_mergeable m = { .method = MERGE_BY_PRCTL,
				   .timeout_ms = TIMEOUT_MS,
				   .call_ms = TIMEOUT_MS };
	pid_t pids[ALL];
	struct error err;

	for (int i = 0; i < ALL; i++)
		pids[i] = i < STOPPED ? start_stopped() : start();
	/* whatever time there is at first */
	m.lost = calloc(1, sizeof(*m.lost));
	m.lost[0] = (struct merge_lost){ watched_group(getpid()), 20 };
	m.n_lost = 1;
	CHECK_INT(set_mergeable_pass(&m, pids, ALL, &err), ALL);
	CHECK_INT(rows_of(&m, REASON_TARGET_SKIPPED, 1), ALL);
	m.retry = true;
	m.n_lost = 0;
	CHECK_INT(set_mergeable_pass(&m, pids, ALL, &err), ALL);
	CHECK_INT(rows_of(&m, REASON_TARGET_BUSY, 2), 3);
	CHECK_INT(rows_of(&m, REASON_TARGET_SKIPPED, 2), STOPPED - 3);
	for (int i = STOPPED; i < ALL; i++)
		CHECK(is_mergeable(pids[i]));
	set_mergeable_free(&m);
	for (int i = 0; i < ALL; i++)
		end(pids[i]);
}

static pid_t locked;

/* It holds up who looks at it: that is what it looks like from outside. */
static int be_held_up(void *arg, void **data, size_t *size, struct error *err)
{
	(void)arg;
	(void)data;
	(void)size;
	(void)err;
	if (watched_enter(locked)) {
		for (;;)
			usleep(900000); /* who only looks has no pause() */
	}
	return 0;
}

/* What was done is done, though it cannot be looked at any more. */
static void done_then_locked(void)
{
	struct set_mergeable m = { .method = MERGE_BY_PRCTL, .timeout_ms = TIMEOUT_MS };
	struct error err;
	size_t size;
	void *data;

	locked = start();
	CHECK_INT(set_mergeable_pass(&m, &locked, 1, &err), 1);
	CHECK_INT(set_mergeable_failed(&m), 0);
	CHECK_INT(watched_run(be_held_up, NULL, &data, &size, &err), 0);
	free(data);
	CHECK_INT(set_mergeable_pass(&m, &locked, 1, &err), 0);
	CHECK_INT(set_mergeable_failed(&m), 0);
	CHECK_INT(m.n, 1);
	set_mergeable_free(&m);
	/* the control: who comes now is told that nothing can be said */
	CHECK_INT(set_mergeable_pass(&m, &locked, 1, &err), 1);
	CHECK_INT(rows_of(&m, REASON_TARGET_UNREADABLE, 1), 1);
	set_mergeable_free(&m);
	end(locked);
}

/* One process whose counters are wrong must not keep the others from being merged. */
static void counters_that_are_wrong(void)
{
	static const struct {
		int64_t merging, zeros, pages;
	} c[] = {
		{ 3, 4, 7 },         { 3, -4, 3 },
		{ -1, 0, 0 },        { INT64_MAX, INT64_MAX, 2 * MERGE_PAGES_MAX },
		{ 5, INT64_MIN, 5 },
	};

	for (size_t i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		struct merge_work w = { .pid = 7,
					.pages = merge_pages_of(c[i].merging, c[i].zeros) };

		CHECK_INT(w.pages, c[i].pages);
		CHECK(merge_work_is_possible(&w));
	}
}

/* Who looked at the processes may be somebody else's by then, and the numbers choose what is done. */
static void what_cannot_be_answered(void)
{
	static const struct merge_work good = { .pid = 7,
						.start = 1,
						.kind = MERGE_SPARSE,
						.as_wanted = true,
						.chance = 3,
						.pages = 9,
						.task = 7 };
	const struct {
		size_t at, size;
		int64_t value;
	} bad[] = {
		{ offsetof(struct merge_work, pid), sizeof(good.pid), -1 },
		{ offsetof(struct merge_work, task), sizeof(good.task), -1 },
		{ offsetof(struct merge_work, kind), sizeof(good.kind), MERGE_CHANGES },
		{ offsetof(struct merge_work, kind), sizeof(good.kind), -1 },
		{ offsetof(struct merge_work, as_wanted), sizeof(good.as_wanted), 2 },
		{ offsetof(struct merge_work, chance), sizeof(good.chance), 4 },
		{ offsetof(struct merge_work, chance), sizeof(good.chance), INT32_MIN },
		{ offsetof(struct merge_work, cpu), sizeof(good.cpu), INT32_MIN },
		{ offsetof(struct merge_work, pages), sizeof(good.pages), -1 },
		{ offsetof(struct merge_work, pages), sizeof(good.pages), INT64_MAX },
	};

	CHECK(merge_work_is_possible(&good));
	CHECK(merge_work_is_possible(&(struct merge_work){ 0 }));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct merge_work w = good;

		memcpy((char *)&w + bad[i].at, &bad[i].value, bad[i].size);
		CHECK_INT(merge_work_is_possible(&w) ? (int)i : -1, -1);
	}
}

int main(void)
{
	RUN(counters_that_are_wrong);
	RUN(what_cannot_be_answered);
	RUN(one_address_space);
	if (IS_SMALL)
		RUN(one_address_space_again);
	RUN(the_stopped_come_last);
	RUN(done_then_locked);
	return check_end();
}
