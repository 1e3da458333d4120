/* SPDX-License-Identifier: Apache-2.0 */
/* The tracer: a process of its own that goes through the targets and reports of each. */
#include "inject/inject.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "inject/long_call.h"
#include "inject/one_target.h"
#include "inject/thread_rank.h"
#include "kernel/one_cpu.h"

/* What the tracer says of a target when it is through with it. Shorter than PIPE_BUF: comes in one piece. */
struct inject_report {
	int result, stopped_us;
	struct error err;
};
_Static_assert(sizeof(struct inject_report) <= 512, "POSIX promises no more for a pipe");

/* Does anybody wait for what the tracer says? */
static bool is_awaited(int wr)
{
	struct pollfd p = { .fd = wr };

	return poll(&p, 1, 0) == 0;
}

static _Noreturn void tracer(struct inject_target *targets, size_t n,
			     const struct thread_choice *first, const struct inject_call *calls,
			     size_t n_calls, int timeout_ms, int wr)
{
	const struct thread_choice none = { 0 };
	sigset_t all;

	/* out of the terminal's and the engine's reach: only SIGKILL gets here */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	setsid();
	/* an engine waits until nobody holds its end of the hook's output any more */
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		close(fd);
	long_call_begin(wr);
	/* where nobody waits any more it begins with no other */
	for (size_t i = 0; i < n && is_awaited(wr); i++) {
		struct inject_target *t = &targets[i];
		struct inject_report report;

		report.result = one_target_inject(t, i == 0 ? first : &none, calls, n_calls,
						  timeout_ms);
		report.stopped_us = t->stopped_us;
		report.err = t->err;
		(void)write_all(wr, &report, sizeof(report));
	}
	_exit(0);
}

/*
 * The tracer of an init that has just been looked at begins where that is, and with its only thread where
 * there is one. A tracer that moves there by itself is put behind what runs there: four milliseconds
 * instead of one where that is busy. Not near any other target: its processor may be kept by one that
 * nobody is let run beside (SCHED_FIFO), and a caller that went there would not come back to give up.
 * Returns whether *cpus is to be put back.
 */
static bool begin_near(const struct inject_target *t, struct thread_choice *c, cpu_set_t *cpus)
{
	/* a runtime's init waits: what was let run there a moment ago was not kept from it */
	if (t->seen.state != 'S' || !one_cpu_stay(t->seen.cpu, cpus))
		return false;
	if (t->seen.threads == 1)
		*c = (struct thread_choice){ .tid = t->tid ? t->tid : t->pid,
					     .cpu = t->seen.cpu,
					     .rank = THREAD_FRAGILE };
	return true;
}

/*
 * Until the deadline: then the tracer is left to itself. Those of which nothing was said are as they
 * were. 0, or -ETIMEDOUT.
 */
static int read_reports(int rd, struct inject_target *targets, size_t n, int64_t deadline)
{
	struct pollfd p = { .fd = rd, .events = POLLIN };
	struct inject_report report;

	for (size_t i = 0; i < n;) {
		int64_t left = deadline - now_ms();
		int r = poll(&p, 1, left > 0 ? (int)left : 0);

		if (r < 0 && errno == EINTR)
			continue;
		if (r == 0)
			return -ETIMEDOUT;
		/* its end, and before that whole reports only */
		if (read(rd, &report, sizeof(report)) != sizeof(report))
			return 0;
		targets[i].result = report.result;
		targets[i].stopped_us = report.stopped_us;
		targets[i].err = report.err;
		i++;
	}
	return 0;
}

int inject_run_patiently(struct inject_target *targets, size_t n,
			 const struct inject_call *calls, size_t n_calls, int timeout_ms,
			 int wait_ms, struct error *err)
{
	struct thread_choice first = { 0 };
	int fds[2], failed, ret = 0;
	cpu_set_t cpus;
	bool stays;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_errno(err, errno, "pipe");
	for (size_t i = 0; i < n; i++) {
		targets[i].result = -EINTR;
		targets[i].stopped_us = 0;
		err_set(&targets[i].err, EINTR, "the tracer ended before its turn");
	}
	stays = n > 0 && begin_near(targets, &first, &cpus);
	pid = fork();
	failed = errno;
	if (pid == 0) {
		close(fds[0]);
		tracer(targets, n, &first, calls, n_calls, timeout_ms, fds[1]);
	}
	if (stays)
		sched_setaffinity(0, sizeof(cpus), &cpus);
	close(fds[1]);
	if (pid < 0)
		ret = err_errno(err, failed, "fork of the tracer");
	else if (read_reports(fds[0], targets, n,
			      now_ms() + (int64_t)n * timeout_ms * 2 + wait_ms) < 0)
		ret = err_set(err, ETIMEDOUT, "the tracer has not come to an end");
	/* now, too, the tracer knows that nobody waits */
	close(fds[0]);
	if (pid > 0)
		waitpid(pid, NULL, WNOHANG);
	return ret;
}

int inject_run(struct inject_target *targets, size_t n, const struct inject_call *calls,
	       size_t n_calls, int timeout_ms, struct error *err)
{
	return inject_run_patiently(targets, n, calls, n_calls, timeout_ms, 0, err);
}
