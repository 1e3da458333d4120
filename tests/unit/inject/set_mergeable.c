/* SPDX-License-Identifier: Apache-2.0 */
/* A process ends, and its number comes to mean a stranger: at each moment, nobody else gets the call. */
#include "inject/set_mergeable.h"

#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "inject/inject.h"
#include "kernel/ksm.h"
#include "kernel/proc.h"

#define TIMEOUT_MS 20000
/* A number is taken by somebody else now and then, in between. */
#define ATTEMPTS 20

static _Noreturn void sleep_on(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

static pid_t start(void)
{
	pid_t pid = fork();

	if (pid == 0)
		sleep_on();
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

/* The control: whoever is meant gets it. */
static void the_right_one(void)
{
	struct set_mergeable m = { .method = MERGE_BY_PRCTL, .timeout_ms = TIMEOUT_MS };
	pid_t pid = start();
	struct error err;

	CHECK_INT(set_mergeable_pass(&m, &pid, 1, &err), 1);
	CHECK_INT(set_mergeable_failed(&m), 0);
	CHECK(is_mergeable(pid));
	set_mergeable_free(&m);
	end(pid);
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

int main(void)
{
	RUN(the_right_one);
	RUN(within_a_pass);
	RUN(pinned);
	return check_end();
}
