/* SPDX-License-Identifier: Apache-2.0 */
/* Who stops waiting for the tracer. All else of it is tested on processes of every kind: tests/inject. */
#include "inject/inject.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "kernel/ksm.h"
#include "kernel/proc.h"
#include "kernel/process.h"

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

static bool is_mergeable(pid_t pid)
{
	struct ksm_stat st;

	return ksm_stat_read(pid, &st) == 0 && st.merge_any == KSM_YES;
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

/* Nobody waits any longer: whose turn it was not gets no call behind the caller's back. */
static void given_up(void)
{
	enum { ALL = 8, WAIT_MS = 200 };
	const struct inject_call call = { PR_SET_MEMORY_MERGE, 1 };
	struct inject_target t[ALL];
	struct error err;
	int merged = 0;

	for (int i = 0; i < ALL; i++) {
		t[i] = (struct inject_target){ .pid = i ? start() : start_stuck() };
		t[i].pidfd = proc_pin(t[i].pid);
	}
	CHECK_INT(inject_run_patiently(t, ALL, &call, 1, 1000, WAIT_MS - ALL * 1000 * 2, &err),
		  -ETIMEDOUT);
	/* the tracer's end, behind that of the time for the first */
	CHECK(wait(NULL) > 0);
	for (int i = 0; i < ALL; i++) {
		CHECK_INT(t[i].result, -EINTR);
		merged += is_mergeable(t[i].pid);
		close(t[i].pidfd);
		end(t[i].pid);
	}
	CHECK_INT(merged, 0);
}

int main(void)
{
	RUN(given_up);
	return check_end();
}
