/* SPDX-License-Identifier: Apache-2.0 */
/* ksm-hook nri --economize: what ksm-hook economize does, in a process of its own, again and again. */
#include "applets/nri_economize.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "applets/economize_run.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/log.h"
#include "kernel/proc.h"

/* No run takes that long but one that is held up: the next one may be luckier. */
#define RUN_MAX_MS 600000

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

	/* beside what pods do */
	(void)nice(10);
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
	int64_t now = now_ms(), at;

	if (!e->every_s)
		return -1;
	at = e->child ? e->started_ms + RUN_MAX_MS : e->next_ms;
	if (now < at)
		return at - now < 1000000 ? (int)(at - now) : 1000000;
	/* its end is seen to by nri_economize_ended() */
	if (e->child) {
		kill(e->child, SIGKILL);
		e->started_ms = now;
		return RUN_MAX_MS;
	}
	e->started_ms = now;
	e->next_ms = now + (int64_t)e->every_s * 1000;
	e->child = fork();
	if (e->child == 0)
		economize_in_child(e);
	if (e->child < 0) {
		log_warning("--economize: fork: %s", strerror(errno));
		e->child = 0;
	}
	return 1000;
}

void nri_economize_ended(struct nri_economize *e, pid_t pid)
{
	if (pid == e->child)
		e->child = 0;
}

void nri_economize_end(struct nri_economize *e)
{
	if (e->child <= 0)
		return;
	/* a call that it is making is finished by its tracer */
	kill(e->child, SIGKILL);
	(void)child_wait(e->child, NULL);
	e->child = 0;
}
