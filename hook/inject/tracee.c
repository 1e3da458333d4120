/* SPDX-License-Identifier: Apache-2.0 */
/* A thread that is traced: seize it, bring it to where it enters the kernel, let it go. */
#include "inject/tracee.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>

#include "base/clock.h"
#include "inject/inject_arch.h"
#include "kernel/proc.h"

/* include/uapi/linux/ptrace.h (musl's sys/ptrace.h lacks the first) */
#ifndef PTRACE_O_SUSPEND_SECCOMP
#define PTRACE_O_SUSPEND_SECCOMP (1 << 21)
#endif
#ifndef PTRACE_EVENT_STOP
#define PTRACE_EVENT_STOP 128
#endif
#define SYSCALL_INFO_ENTRY 1

#define SYSCALL_STOP (SIGTRAP | 0x80) /* PTRACE_O_TRACESYSGOOD */

const int tracee_stopped = (SIGTRAP << 8) | 0x7f | (PTRACE_EVENT_STOP << 16);

/*
 * A stop raises SIGCHLD, which is blocked: sigtimedwait is the wait with a limit. It is asked
 * again now and then, more and more seldom: of a main thread that another thread's exec has ended nothing is told,
 * and a wait4() for its number sleeps on for ever (de_thread() of fs/exec.c swaps the numbers
 * before it wakes the tracer, child_wait_callback() of kernel/exit.c then looks for the old).
 */
#define LOOK_AGAIN_MS   20
#define LOOK_AT_LAST_MS 1000

int tracee_wait(pid_t tid, int64_t deadline, int *status)
{
	int64_t nap = LOOK_AGAIN_MS;
	sigset_t chld;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	for (;;) {
		pid_t r = waitpid(tid, status, __WALL | WNOHANG);
		int64_t left = nap;
		struct timespec t;

		if (r == tid)
			return WIFSTOPPED(*status) ? 0 : -ESRCH;
		if (r < 0 && errno != EINTR)
			return -ESRCH;
		if (deadline && deadline - now_ms() < nap)
			left = deadline - now_ms();
		if (left <= 0)
			return -ETIMEDOUT;
		t = (struct timespec){ left / 1000, (long)(left % 1000) * 1000000 };
		sigtimedwait(&chld, NULL, &t);
		nap = nap * 2 < LOOK_AT_LAST_MS ? nap * 2 : LOOK_AT_LAST_MS;
	}
}

int tracee_resume(pid_t tid, int sig)
{
	return ptrace(PTRACE_SYSCALL, tid, NULL, (void *)(intptr_t)sig) < 0 ? -errno : 0;
}

static int read_syscall_info(pid_t tid, struct tracee_entry *info)
{
	memset(info, 0, sizeof(*info));
	if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, (void *)sizeof(*info), info) < 0)
		return -errno;
	return 0;
}

/*
 * A group stop (SIGSTOP) lets nobody run, but a thread that was stopped in a system call
 * which is to be made again comes to that call's entry without a line of its own. Any
 * other would run against the stop's meaning.
 */
static bool has_to_stay_stopped(pid_t tid, int status)
{
	arch_regs r;

	return WSTOPSIG(status) != SIGTRAP &&
	       (arch_read(tid, &r) < 0 || !arch_restarts(tid, &r));
}

int tracee_run_to_entry(pid_t tid, int status, int64_t deadline, struct tracee_entry *entry)
{
	for (;;) {
		int sig = 0, r;

		if (WSTOPSIG(status) == SYSCALL_STOP) {
			r = read_syscall_info(tid, entry);
			if (r < 0)
				return r;
			if (entry->op == SYSCALL_INFO_ENTRY)
				return 0;
		} else if (status >> 16 != PTRACE_EVENT_STOP) {
			sig = WSTOPSIG(status);
		} else if (has_to_stay_stopped(tid, status)) {
			return -ETIMEDOUT;
		}
		/* an EVENT_STOP is our interrupt or a group stop; DETACH puts the latter back */
		r = tracee_resume(tid, sig);
		if (r == 0)
			r = tracee_wait(tid, deadline, &status);
		if (r < 0)
			return r;
	}
}

bool tracee_let_go(pid_t tid)
{
	int status;

	if (ptrace(PTRACE_DETACH, tid, NULL, NULL) == 0)
		return true;
	if (ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) < 0)
		return false;
	for (int i = 0; i < 4; i++) {
		int sig = 0;

		if (tracee_wait(tid, now_ms() + 50, &status) < 0)
			return false;
		if (status >> 16 == 0 && WSTOPSIG(status) != SYSCALL_STOP)
			sig = WSTOPSIG(status);
		if (ptrace(PTRACE_DETACH, tid, NULL, (void *)(intptr_t)sig) == 0)
			return true;
	}
	return false;
}

static bool has_ended(pid_t tid)
{
	struct proc_stat st;

	return proc_stat(tid, &st) < 0 || st.state == 'Z' || st.state == 'X';
}

static bool is_traced(pid_t tid)
{
	return proc_status_field(tid, "TracerPid") > 0;
}

int tracee_seize(pid_t tid, struct error *err)
{
	if (ptrace(PTRACE_SEIZE, tid, NULL, PTRACE_O_TRACESYSGOOD) == 0)
		return 0;
	/* of one that has just ended the kernel says that we may not */
	if (errno == ESRCH || has_ended(tid))
		return err_reason(err, REASON_TARGET_ENDED,
				  err_set(err, ESRCH, "the process has ended"));
	if (is_traced(tid))
		return err_reason(err, REASON_TARGET_TRACED,
				  err_set(err, EPERM,
					  "another process traces it (strace, a debugger)"));
	return err_reason(err, REASON_TARGET_UNTRACEABLE,
			  err_errno(err, EPERM,
				    "may not trace it (Yama's ptrace_scope, or a runtime that "
				    "is not dumpable); start the runtime or the engine with "
				    "`ksm-hook run` instead, which needs no ptrace"));
}

int tracee_suspend_seccomp(pid_t tid, bool suspend)
{
	unsigned long options =
		PTRACE_O_TRACESYSGOOD | (suspend ? PTRACE_O_SUSPEND_SECCOMP : 0);

	return ptrace(PTRACE_SETOPTIONS, tid, NULL, options) < 0 ? -errno : 0;
}
