/* SPDX-License-Identifier: Apache-2.0 */
/* A thread that is traced: seize it, bring it to where it enters the kernel, let it go. */
#ifndef KSM_TRACEE_H
#define KSM_TRACEE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* As PTRACE_GET_SYSCALL_INFO has it at an entry stop (struct ptrace_syscall_info). */
struct tracee_entry {
	uint8_t op;
	uint8_t pad[3];
	uint32_t arch; /* AUDIT_ARCH_ of the way in, not of the program */
	uint64_t ip, sp;
	uint64_t nr, args[6];
	uint64_t rest;
};

/* The status of a thread that is stopped by us, to go on from. */
extern const int tracee_stopped;

/* Attach. Its seccomp filter stays in force. */
int tracee_seize(pid_t tid, struct error *err);

/*
 * Suspend the seccomp filter of a stopped thread, or put it in force again: a profile that
 * kills at prctl would kill the target. To be on for a call of ours only, from its entry stop,
 * behind which the kernel asks the filter, to its exit stop: what the target does by itself
 * must not get past its filter. 0; -EPERM where we may not (it takes CAP_SYS_ADMIN in the
 * initial user namespace, and no filter on ourselves); -ESRCH. The tracer's end ends it too.
 */
int tracee_suspend_seccomp(pid_t tid, bool suspend);

/*
 * Wait for the thread's next stop. Without a deadline (0) only its death ends the wait
 * early. 0, -ESRCH it has ended, -ETIMEDOUT.
 */
int tracee_wait(pid_t tid, int64_t deadline, int *status);

/* Let the stopped thread go on to where it next enters or leaves a system call. */
int tracee_resume(pid_t tid, int sig);

/* Run the stopped thread up to where it enters the kernel. Signals that come are delivered. */
int tracee_run_to_entry(pid_t tid, int status, int64_t deadline, struct tracee_entry *entry);

/*
 * Let go. A thread that is not stopped (a deadline passed) has to be stopped for that; false
 * where it cannot be (frozen, waiting for a vfork), or goes by another number since exec.
 */
bool tracee_let_go(pid_t tid);

#endif
