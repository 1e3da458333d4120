/* SPDX-License-Identifier: Apache-2.0 */
/* Processes to be made mergeable. */
#ifndef KSM_TARGETS_H
#define KSM_TARGETS_H

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inject/set_mergeable.h"
#include "kernel/ksm.h"
#include "kernel/proc.h"
#include "kernel/process.h"

#define TIMEOUT_MS 20000

static inline _Noreturn void sleep_on(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

/* A small program, as the kernel walks through all of the terabytes that a sanitizer maps. */
static inline pid_t start(void)
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

/* It waits as vfork(2) does, for a child that sleeps on: no tracer gets it out of there. */
static inline pid_t start_stuck(void)
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

static inline void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static inline bool is_mergeable(pid_t pid)
{
	struct ksm_stat st;

	return ksm_stat_read(pid, &st) == 0 && st.merge_any == KSM_YES;
}

static inline size_t rows_of(const struct set_mergeable *m, enum reason reason, unsigned tries)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++)
		n += m->row[i].result < 0 && m->row[i].err.reason == reason &&
		     m->row[i].tries == tries;
	return n;
}

#endif
