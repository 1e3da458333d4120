/* SPDX-License-Identifier: Apache-2.0 */
/* ksm-hook nri --economize: what ksm-hook economize does, in a process of its own, again and again. */
#include "applets/nri_economize.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "applets/economize_run.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/log.h"
#include "kernel/memory_cgroup.h"
#include "kernel/proc.h"

/* No run takes that long but one that is held up: the next one may be luckier. */
#define RUN_MAX_S 600

/* One that runs when the agent ends may write down what it has done: the next look needs it. */
#define END_MAX_MS  5000
#define END_LOOK_NS 50000000

static _Noreturn void economize_in_child(const struct nri_economize *e)
{
	struct economize_how how = { .config = e->config,
				     .pieces = true,
				     .min_age_s = e->every_s < ECONOMIZE_MIN_AGE_S ?
							  e->every_s :
							  ECONOMIZE_MIN_AGE_S,
				     .again_s = ECONOMIZE_AGAIN_S };
	struct economize_report report = { 0 };
	struct snapshot s = { 0 };
	struct error err = { "" };
	int r;

	/* if the agent is killed it goes on to its end, and nothing is kept open that others wait for */
	(void)syscall(SYS_close_range, STDERR_FILENO + 1, UINT_MAX, 0);
	(void)alarm(RUN_MAX_S);
	/* beside what pods do */
	(void)nice(10);
	/* of a container that lies outside of what is seen it is not known what it costs */
	if (memory_cgroup_see_all(&err) < 0)
		log_info("economize: %s", err.msg);
	r = economize_prepare(&how, &err);
	if (r == 0)
		r = economize_run(&how, &s, &report, &err);
	economize_log_failures(&report);
	economize_log_total(&report);
	if (r < 0)
		log_reason(LOG_LEVEL_WARNING, err.reason, "economize: %s", err.msg);
	_exit(0);
}

void nri_economize_begin(struct nri_economize *e, bool exec)
{
	if (!e->every_s)
		return;
	if (exec || !proc_shows_all()) {
		log_warning("--economize: nothing is done, as %s",
			    exec ? "the way exec has no right to" :
				   "it needs the host's pid namespace");
		e->every_s = 0;
		return;
	}
	e->next_ms = now_ms() + (int64_t)e->every_s * 1000;
}

int nri_economize_keep(struct nri_economize *e)
{
	int64_t now = now_ms();

	/* its end wakes us up */
	if (!e->every_s || e->child)
		return -1;
	if (now < e->next_ms)
		return (int)(e->next_ms - now);
	e->next_ms = now + (int64_t)e->every_s * 1000;
	e->child = fork();
	if (e->child == 0)
		economize_in_child(e);
	if (e->child < 0) {
		log_warning("--economize: fork: %s", strerror(errno));
		e->child = 0;
	}
	return e->every_s * 1000;
}

void nri_economize_ended(struct nri_economize *e, pid_t pid)
{
	if (pid == e->child)
		e->child = 0;
}

void nri_economize_end(struct nri_economize *e)
{
	const int64_t end = now_ms() + END_MAX_MS;
	const struct timespec look = { .tv_nsec = END_LOOK_NS };

	while (e->child > 0 && now_ms() < end) {
		if (waitpid(e->child, NULL, WNOHANG) != 0)
			e->child = 0;
		else
			(void)nanosleep(&look, NULL);
	}
	if (e->child <= 0)
		return;
	/* a call that it is making is finished by its tracer */
	kill(e->child, SIGKILL);
	(void)child_wait(e->child, NULL);
	e->child = 0;
}
