/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Put system calls into one process of others: at the target's own system-call entry the number
 * and arguments are changed, at its exit the registers are put back so that the original
 * call is made again. No code, no memory and no signal mask of the target is touched, and
 * a tracer that dies leaves a running target behind. docs/how-it-works.md tells it at length.
 *
 * Only user of ptrace, with tracee.c.
 */
#include "inject/one_target.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault_injection.h"
#include "base/io.h"
#include "inject/inject_arch.h"
#include "inject/long_call.h"
#include "inject/thread_rank.h"
#include "inject/tracee.h"
#include "kernel/one_cpu.h"
#include "kernel/proc.h"

/* What became of one thread, beside 0 and -errno: no call was made, and another try is due. */
enum {
	SPARED = 1, /* it does something else than it was chosen for */
	LOST,       /* it ended, or was another process's; the process may live on */
	REFUSED,    /* the kernel lets us trace it not, or not now */
	HELD_UP,    /* another tracer is with it, in the call, for how long nobody knows */
};

/* So often a refusal is taken for one of the moment. */
#define REFUSALS_MAX 8

/*
 * The window: from here to the write of the rewound registers the target must not be left
 * alone, so nothing here gives up while it lives, logs, or allocates.
 */
static int make_call(pid_t tid, pid_t in_proc, uint32_t audit_arch,
		     const struct inject_call *call, long *result)
{
	arch_regs saved, r;
	int status, ret;

	ret = arch_read(tid, &saved);
	if (ret < 0)
		return ret;
	/* stopped, it does not come under a filter behind our back */
	ret = tracee_suspend_seccomp(tid, true);
	if (ret == -EPERM) {
		ret = proc_seccomp(in_proc);
		/* what cannot be read says nothing of a filter, and a kernel without any has no line */
		if (ret == -ENODATA)
			ret = 0;
		else if (ret == -EACCES)
			ret = -EPERM;
		else if (ret > 0)
			ret = -EACCES;
	}
	if (ret < 0)
		return ret;
	r = saved;
	arch_set_call(&r, audit_arch, call);
	ret = arch_write(tid, &r);
	if (ret < 0)
		return ret;
	fault_step(FAULT_CALL_SET);
	ret = tracee_resume(tid, 0);
	if (ret < 0)
		return ret;
	fault_step(FAULT_CALL_RUNNING);
	/* no deadline: nothing but its exit stop or its death can come now */
	ret = long_call_wait(tid, in_proc, &status);
	if (ret != 0)
		return ret == LONG_CALL_HELD_UP ? HELD_UP : ret;
	fault_step(FAULT_CALL_DONE);
	(void)tracee_suspend_seccomp(tid, false);
	ret = arch_read(tid, &r);
	if (ret < 0)
		return ret;
	*result = arch_result(&r);
	arch_rewind(&r, &saved);
	ret = arch_write(tid, &r);
	fault_step(FAULT_RESTORED);
	return ret;
}

/*
 * Does it do something worse than what it was chosen for, now that this can be seen for
 * certain? A thread that is mostly asleep may be just about to wake another one.
 */
static bool is_worse(const struct tracee_entry *entry, enum thread_rank chosen)
{
	enum thread_rank rank = thread_rank_at_entry(entry->arch, entry->nr, entry->args[1]);

	/* the sleep that it was chosen for, after we have interrupted it */
	return rank != THREAD_RESTARTED && rank < chosen;
}

/* madvise has done what there was to be done, and says at its end that there were holes. */
static bool met_holes(const struct inject_call *call, long result)
{
	return result == -ENOMEM && call->nr == INJECT_MADVISE;
}

static int make_calls(pid_t tid, pid_t in_proc, enum thread_rank chosen, int status,
		      const struct inject_call *calls, size_t n, int64_t deadline)
{
	struct tracee_entry entry;
	bool holes = false;

	for (size_t i = 0; i < n;) {
		long result = 0;
		int r;

		r = tracee_run_to_entry(tid, status, deadline, &entry);
		if (r < 0)
			return r;
		if (i == 0 && is_worse(&entry, chosen))
			return SPARED;
		fault_step(FAULT_ENTERED);
		r = make_call(tid, in_proc, entry.arch, &calls[i], &result);
		if (r != 0)
			return r;
		status = tracee_stopped;
		/* unmerging gives way to a signal (mm/ksm.c): once more, after the signal */
		if (result == -ERESTARTSYS && now_ms() < deadline)
			continue;
		if (result == -ERESTARTSYS)
			return -ETIMEDOUT;
		if (result < 0 && !met_holes(&calls[i], result))
			return (int)result;
		holes = holes || result < 0;
		i++;
	}
	return holes ? -ENOMEM : 0;
}

static int explain(int r, const struct inject_call *call, struct error *err)
{
	static const char *const names[] = { [INJECT_PRCTL] = "prctl(PR_SET_MEMORY_MERGE)",
					     [INJECT_MADVISE] = "madvise",
					     [INJECT_PERSONALITY] = "personality" };
	bool prctl = call->nr == INJECT_PRCTL;

	if (r == -ESRCH)
		return err_reason(err, REASON_TARGET_ENDED,
				  err_set(err, ESRCH, "the process has ended"));
	if (r == -EACCES)
		return err_reason(
			err, REASON_TARGET_SECCOMP,
			err_set(err, EACCES,
				"it is under a seccomp filter, which only root on the host can "
				"suspend; start the runtime with `ksm-hook run` instead"));
	if (r == -ETIMEDOUT)
		return err_reason(
			err, REASON_TARGET_BUSY,
			err_set(err, ETIMEDOUT,
				"it did not enter the kernel in time (frozen, stopped, or busy "
				"in user space): try again later"));
	if (r == HELD_UP)
		return err_reason(
			err, REASON_TARGET_UNREADABLE,
			err_set(err, EBUSY,
				"it keeps its address space locked (a file system that does "
				"not answer?); what was asked for is done when it ends that"));
	if (r == -EINVAL)
		return err_reason(
			err, prctl ? REASON_KERNEL_NO_PRCTL : REASON_KERNEL_NO_KSM,
			err_set(err, EINVAL,
				prctl ? "this kernel has no prctl(PR_SET_MEMORY_MERGE): Linux "
					"6.4 with CONFIG_KSM is needed" :
					"this kernel has no KSM (CONFIG_KSM)"));
	if (r < 0)
		return err_errno(err, -r, "%s", names[call->nr]);
	return 0;
}

static int choose(const struct inject_target *t, struct thread_choice *c)
{
	struct proc_stat st;

	if (!t->proc_pid && !t->tid)
		return thread_choose(t->pid, c);
	c->tid = t->tid ? t->tid : t->pid;
	c->cpu = proc_stat(t->proc_pid ? t->proc_pid : c->tid, &st) == 0 ? st.cpu : -1;
	c->rank = THREAD_FRAGILE;
	return 0;
}

static bool is_thread_of(const struct inject_target *t, pid_t tid)
{
	struct proc_stat st;

	/* the main thread has the process's number; of a foreign /proc nothing else is asked for */
	return t->proc_pid || tid == t->pid || proc_thread_stat(t->pid, tid, &st) == 0;
}

/* Has all of it ended? A main thread that is a zombie while others run does not count. */
static bool process_has_ended(int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	return poll(&p, 1, 0) != 0;
}

/* The seized thread: stop it, and have it make the calls. */
static int inject_seized(struct inject_target *t, const struct thread_choice *c,
			 const struct inject_call *calls, size_t n, int64_t deadline)
{
	int status, r;

	/*
	 * Between the choice and now the thread may have ended, and its number come to mean
	 * another one. Seized, it keeps its number; and as long as the process of pidfd is
	 * there, its number means no other.
	 */
	if (!is_thread_of(t, c->tid) || !proc_is_there(t->pidfd))
		return -ESRCH;
	if (ptrace(PTRACE_INTERRUPT, c->tid, NULL, NULL) < 0)
		return -errno;
	fault_step(FAULT_INTERRUPTED);
	r = tracee_wait(c->tid, deadline, &status);
	if (r < 0)
		return r;
	fault_step(FAULT_STOPPED);
	return make_calls(c->tid, t->proc_pid ? t->proc_pid : c->tid, c->rank, status, calls, n,
			  deadline);
}

/*
 * One thread of the target. *deadline is the target's time, whatever it took to get here on a
 * busy machine: it begins when the first thread is seized.
 */
static int inject_thread(struct inject_target *t, const struct thread_choice *c,
			 const struct inject_call *calls, size_t n, int timeout_ms,
			 int64_t *deadline)
{
	int64_t start;
	int r = tracee_seize(c->tid, &t->err);

	if (r == -ESRCH)
		return LOST;
	if (r < 0)
		return t->err.reason == REASON_TARGET_UNTRACEABLE ? REFUSED : r;
	fault_step(FAULT_SEIZED);
	if (!*deadline)
		*deadline = now_ms() + timeout_ms;
	start = now_us();
	r = inject_seized(t, c, calls, n, *deadline);
	if (r == HELD_UP)
		return explain(r, calls, &t->err);
	if (!tracee_let_go(c->tid))
		long_call_go_on_in_a_child();
	if (long_call_is_relieved())
		_exit(0);
	/* a thread that is spared is no step of an injection */
	if (r != SPARED)
		fault_step(FAULT_DETACHED);
	t->stopped_us = (int)(now_us() - start);
	if (r == -ESRCH)
		return LOST;
	return r == SPARED ? r : explain(r, calls, &t->err);
}

/*
 * A process that executes a program goes on under its number as another thread: exec ends all
 * threads but the one that calls it, and this one takes the main thread's number over
 * (de_thread() of fs/exec.c). A thread that was chosen before is lost then. And where
 * PTRACE_SEIZE met the old main thread, it waited for the end of exec, then says EPERM of a
 * thread that has ended (ptrace_attach() of kernel/ptrace.c looks at exit_state behind
 * cred_guard_mutex), while its number means a thread that is alive. Both pass: the process is
 * looked at again as long as there is time. To make the same calls twice does no harm.
 */
int one_target_inject(struct inject_target *t, const struct thread_choice *first,
		      const struct inject_call *calls, size_t n, int timeout_ms)
{
	struct thread_choice c = *first;
	int64_t deadline = 0;
	bool chosen = c.tid != 0;

	for (int refusals = 0;; chosen = false) {
		int r = !chosen && choose(t, &c) < 0 ? LOST : 0;

		/* looked at often enough: the last choice stands */
		if (c.n_refused == THREADS_REFUSED_MAX)
			c.rank = THREAD_FRAGILE;
		if (r == 0) {
			if (!chosen)
				(void)one_cpu_stay(c.cpu, NULL);
			r = inject_thread(t, &c, calls, n, timeout_ms, &deadline);
		}
		if (r <= 0)
			return r;
		if (!deadline)
			deadline = now_ms() + timeout_ms;
		if (process_has_ended(t->pidfd))
			return explain(-ESRCH, calls, &t->err);
		if (r == REFUSED && ++refusals == REFUSALS_MAX)
			return -EPERM;
		if (r != SPARED && now_ms() >= deadline)
			return r == REFUSED ? -EPERM : explain(-ETIMEDOUT, calls, &t->err);
		if (r == SPARED)
			c.refused[c.n_refused++] = c.tid;
	}
}
