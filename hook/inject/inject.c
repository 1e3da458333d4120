/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Put a system call into processes of others: at the target's own system-call entry the number
 * and arguments are changed, at its exit the registers are put back so that the original
 * call is made again. No code, no memory and no signal mask of the target is touched, and
 * a tracer that dies leaves a running target behind. docs/how-it-works.md tells it at length.
 *
 * Only user of ptrace.
 */
#include "inject/inject.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fault_injection.h"
#include "kernel/proc.h"

/* include/linux/errno.h: of the kernel itself, but tracers see them */
enum { ERESTARTSYS = 512, ERESTARTNOINTR, ERESTARTNOHAND, ERESTART_RESTARTBLOCK = 516 };

#if defined(__x86_64__)
#include "base/clock.h"
#include "base/io.h"
#include "inject/inject_x86_64.h"
#else
#error "write inject_ARCH.h for this architecture"
#endif

/* include/uapi/linux/ptrace.h (musl's sys/ptrace.h lacks the first) */
#ifndef PTRACE_O_SUSPEND_SECCOMP
#define PTRACE_O_SUSPEND_SECCOMP (1 << 21)
#endif
#ifndef PTRACE_EVENT_STOP
#define PTRACE_EVENT_STOP 128
#endif
/* The whole of struct ptrace_syscall_info's head, which both C libraries name differently. */
struct syscall_info {
	uint8_t op;
	uint8_t pad[3];
	uint32_t arch;
	uint64_t rest[10];
};
#define SYSCALL_INFO_ENTRY 1
#define SYSCALL_INFO_EXIT  2

#define SYSCALL_STOP (SIGTRAP | 0x80) /* PTRACE_O_TRACESYSGOOD */

/*
 * Wait for the thread's next stop. Without a deadline (0) only its death ends the wait
 * early. A stop raises SIGCHLD, which is blocked: sigtimedwait is the wait with a limit.
 */
static int wait_stop(pid_t tid, int64_t deadline, int *status)
{
	sigset_t chld;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	for (;;) {
		pid_t r = waitpid(tid, status, __WALL | (deadline ? WNOHANG : 0));
		struct timespec t;
		int64_t left;

		if (r == tid)
			return WIFSTOPPED(*status) ? 0 : -ESRCH;
		if (r < 0 && errno != EINTR)
			return -ESRCH;
		if (!deadline)
			continue;
		left = deadline - now_ms();
		if (left <= 0)
			return -ETIMEDOUT;
		t.tv_sec = left / 1000;
		t.tv_nsec = (left % 1000) * 1000000;
		sigtimedwait(&chld, NULL, &t);
	}
}

static int resume(pid_t tid, int sig)
{
	return ptrace(PTRACE_SYSCALL, tid, NULL, (void *)(intptr_t)sig) < 0 ? -errno : 0;
}

static int syscall_info(pid_t tid, struct syscall_info *info)
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

	return WSTOPSIG(status) != SIGTRAP && (arch_read(tid, &r) < 0 || !arch_restarts(&r));
}

/* Run the stopped thread up to where it enters the kernel. Signals that come are delivered. */
static int run_to_entry(pid_t tid, int status, int64_t deadline, struct syscall_info *info)
{
	for (;;) {
		int sig = 0, r;

		if (WSTOPSIG(status) == SYSCALL_STOP) {
			r = syscall_info(tid, info);
			if (r < 0)
				return r;
			if (info->op == SYSCALL_INFO_ENTRY)
				return 0;
		} else if (status >> 16 != PTRACE_EVENT_STOP) {
			sig = WSTOPSIG(status);
		} else if (has_to_stay_stopped(tid, status)) {
			return -ETIMEDOUT;
		}
		/* an EVENT_STOP is our interrupt or a group stop; DETACH puts the latter back */
		r = resume(tid, sig);
		if (r == 0)
			r = wait_stop(tid, deadline, &status);
		if (r < 0)
			return r;
	}
}

/*
 * The window: from here to the write of the rewound registers the target must not be left
 * alone, so nothing here gives up while it lives, logs, or allocates.
 */
static int make_call(pid_t tid, const struct syscall_info *info, const struct inject_call *call,
		     long *result)
{
	arch_regs entry, r;
	int status, ret;

	ret = arch_read(tid, &entry);
	if (ret < 0)
		return ret;
	r = entry;
	arch_set_call(&r, info->arch, call);
	ret = arch_write(tid, &r);
	if (ret < 0)
		return ret;
	fault_step(FAULT_CALL_SET);
	ret = resume(tid, 0);
	if (ret < 0)
		return ret;
	fault_step(FAULT_CALL_RUNNING);
	/* no deadline: nothing but its exit stop or its death can come now */
	ret = wait_stop(tid, 0, &status);
	if (ret < 0)
		return ret;
	fault_step(FAULT_CALL_DONE);
	ret = arch_read(tid, &r);
	if (ret < 0)
		return ret;
	*result = arch_result(&r);
	arch_rewind(&r, &entry);
	ret = arch_write(tid, &r);
	fault_step(FAULT_RESTORED);
	return ret;
}

static int make_calls(pid_t tid, int status, const struct inject_call *calls, size_t n,
		      int64_t deadline)
{
	struct syscall_info info;

	for (size_t i = 0; i < n;) {
		long result = 0;
		int r;

		r = run_to_entry(tid, status, deadline, &info);
		if (r < 0)
			return r;
		fault_step(FAULT_ENTERED);
		r = make_call(tid, &info, &calls[i], &result);
		if (r < 0)
			return r;
		status = (SIGTRAP << 8) | 0x7f | (PTRACE_EVENT_STOP << 16);
		/* un-merging gives way to a signal (mm/ksm.c): once more, behind the signal */
		if (result == -ERESTARTSYS && now_ms() < deadline)
			continue;
		if (result == -ERESTARTSYS)
			return -ETIMEDOUT;
		if (result < 0)
			return (int)result;
		i++;
	}
	return 0;
}

/*
 * Let go. A thread that is not stopped (a deadline passed) has to be stopped for that; false
 * where it cannot be (frozen, waiting for a vfork), or goes by another number since exec.
 */
static bool let_go(pid_t tid)
{
	int status;

	if (ptrace(PTRACE_DETACH, tid, NULL, NULL) == 0)
		return true;
	if (ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) < 0)
		return false;
	for (int i = 0; i < 4; i++) {
		int sig = 0;

		if (wait_stop(tid, now_ms() + 50, &status) < 0)
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
	char text[4096];

	return proc_read(tid, "status", text, sizeof(text)) > 0 &&
	       proc_field(text, "TracerPid") > 0;
}

/*
 * Attach, with seccomp suspended where we may: a profile that kills at prctl would kill the
 * target. Suspending takes CAP_SYS_ADMIN in the initial user namespace.
 */
static int seize(pid_t tid, bool *suspended, struct error *err)
{
	unsigned long options = PTRACE_O_TRACESYSGOOD;

	*suspended = ptrace(PTRACE_SEIZE, tid, NULL, options | PTRACE_O_SUSPEND_SECCOMP) == 0;
	if (*suspended)
		return 0;
	/* of one that has just ended the kernel says that we may not */
	if (errno == ESRCH || has_ended(tid))
		return err_set(err, ESRCH, "the process has ended");
	if (is_traced(tid))
		return err_set(err, EPERM, "another process traces it (strace, a debugger)");
	if (ptrace(PTRACE_SEIZE, tid, NULL, options) < 0)
		return err_errno(err, errno,
				 "may not trace it (Yama's ptrace_scope, or a runtime that "
				 "is not dumpable); start the runtime or the engine with "
				 "`ksm-hook run` instead, which needs no ptrace");
	return 0;
}

static int explain(int r, const struct inject_call *call, struct error *err)
{
	static const char *const names[] = { [INJECT_PRCTL] = "prctl(PR_SET_MEMORY_MERGE)",
					     [INJECT_MADVISE] = "madvise",
					     [INJECT_PERSONALITY] = "personality" };
	bool prctl = call->nr == INJECT_PRCTL;

	if (r == -ESRCH)
		return err_set(err, ESRCH, "the process has ended");
	if (r == -EACCES)
		return err_set(err, EACCES,
			       "it is under a seccomp filter, which only root on the host can "
			       "suspend; start the runtime with `ksm-hook run` instead");
	if (r == -ETIMEDOUT)
		return err_set(err, ETIMEDOUT,
			       "it did not enter the kernel in time (frozen, stopped, or busy "
			       "in user space): try again later");
	if (r == -EINVAL)
		return err_set(err, EINVAL,
			       prctl ? "this kernel has no prctl(PR_SET_MEMORY_MERGE): Linux "
				       "6.4 with CONFIG_KSM is needed" :
				       "this kernel has no KSM (CONFIG_KSM)");
	if (r < 0)
		return err_errno(err, -r, "%s", names[call->nr]);
	return 0;
}

/* A hand-over between two processors costs ten times one on the same (48 µs against 5). */
static void move_to(int cpu)
{
	cpu_set_t set;

	if (cpu < 0 || cpu >= CPU_SETSIZE)
		return;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	(void)sched_setaffinity(0, sizeof(set), &set);
}

static int pick_thread(const struct inject_target *t, pid_t *tid, int *cpu)
{
	struct proc_stat st;

	if (!t->proc_pid && !t->tid)
		return proc_pick_thread(t->pid, tid, cpu);
	*tid = t->tid ? t->tid : t->pid;
	*cpu = proc_stat(t->proc_pid ? t->proc_pid : *tid, &st) == 0 ? st.cpu : -1;
	return 0;
}

static int inject_one(struct inject_target *t, const struct inject_call *calls, size_t n,
		      int timeout_ms)
{
	int64_t deadline, start;
	int status, cpu, r;
	bool suspended;
	pid_t tid;

	r = pick_thread(t, &tid, &cpu);
	if (r < 0)
		return explain(-ESRCH, calls, &t->err);
	move_to(cpu);
	r = seize(tid, &suspended, &t->err);
	if (r < 0)
		return r;
	fault_step(FAULT_SEIZED);
	/* as long as the process of pidfd is there, its number means no other */
	if (syscall(SYS_pidfd_send_signal, t->pidfd, 0, NULL, 0) < 0) {
		(void)let_go(tid);
		return explain(-ESRCH, calls, &t->err);
	}
	/* the target's time, whatever it took to get here on a busy machine */
	deadline = now_ms() + timeout_ms;
	start = now_us();
	if (ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) < 0)
		return explain(-errno, calls, &t->err);
	fault_step(FAULT_INTERRUPTED);
	r = wait_stop(tid, deadline, &status);
	if (r == 0) {
		fault_step(FAULT_STOPPED);
		/* only now, stopped, can it not come under a filter behind our back */
		if (!suspended && proc_seccomp(t->proc_pid ? t->proc_pid : tid) != 0)
			r = -EACCES;
		else
			r = make_calls(tid, status, calls, n, deadline);
	}
	/* only the tracer's end frees such a thread: have a child go on with the others */
	if (!let_go(tid) && fork() > 0)
		_exit(0);
	fault_step(FAULT_DETACHED);
	t->stopped_us = (int)(now_us() - start);
	return explain(r, calls, &t->err);
}

static _Noreturn void tracer(struct inject_target *targets, size_t n,
			     const struct inject_call *calls, size_t n_calls, int timeout_ms)
{
	sigset_t all;

	/* a tracer that waits for its turn on a busy machine keeps its target waiting */
	(void)setpriority(PRIO_PROCESS, 0, -20);
	/* out of the terminal's and the engine's reach: only SIGKILL gets here */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	setsid();
	/* an engine waits until nobody holds its end of the hook's output any more */
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		close(fd);
	for (size_t i = 0; i < n; i++)
		targets[i].result = inject_one(&targets[i], calls, n_calls, timeout_ms);
	_exit(0);
}

/* Wait for the tracer's end, at most until the deadline; then it is left to itself. */
static bool tracer_ended(int rd, int64_t deadline)
{
	char none[1];

	return read_all(rd, none, 0, (int)(deadline - now_ms())) == 0;
}

int inject_run_patiently(struct inject_target *targets, size_t n,
			 const struct inject_call *calls, size_t n_calls, int timeout_ms,
			 int wait_ms, struct error *err)
{
	size_t size = n * sizeof(*targets);
	struct inject_target *shared;
	int fds[2], ret = 0;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_errno(err, errno, "pipe");
	shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED) {
		ret = err_errno(err, errno, "memory for %zu targets", n);
		goto out_pipe;
	}
	for (size_t i = 0; i < n; i++) {
		targets[i].result = -EINTR;
		targets[i].stopped_us = 0;
		err_set(&targets[i].err, EINTR, "the tracer ended before its turn");
	}
	memcpy(shared, targets, size);
	pid = fork();
	if (pid < 0) {
		ret = err_errno(err, errno, "fork of the tracer");
		goto out_map;
	}
	if (pid == 0) {
		close(fds[0]);
		tracer(shared, n, calls, n_calls, timeout_ms);
	}
	close(fds[1]);
	fds[1] = -1;
	if (!tracer_ended(fds[0], now_ms() + (int64_t)n * timeout_ms * 2 + wait_ms))
		ret = err_set(err, ETIMEDOUT, "the tracer has not come to an end");
	waitpid(pid, NULL, WNOHANG);
	memcpy(targets, shared, size);
out_map:
	munmap(shared, size);
out_pipe:
	close(fds[0]);
	if (fds[1] >= 0)
		close(fds[1]);
	return ret;
}

int inject_run(struct inject_target *targets, size_t n, const struct inject_call *calls,
	       size_t n_calls, int timeout_ms, struct error *err)
{
	return inject_run_patiently(targets, n, calls, n_calls, timeout_ms, 0, err);
}
