/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What depends on the machine: registers, and the numbers of system calls. For each of them
 * inject_ARCH.h defines
 *
 *   arch_regs, arch_read(), arch_write()    all registers of a stopped thread
 *   arch_restarts()     is it on its way out of a call that the kernel makes again?
 *   arch_set_call()     at an entry stop: have another call made
 *   arch_result()       at the exit stop: what that call returned
 *   arch_rewind()       have the original call made afresh
 *   arch_call_class()   what kind of call a number means
 *   arch_guess()        of a thread that is not stopped: by which entry did it come?
 */
#ifndef KSM_INJECT_ARCH_H
#define KSM_INJECT_ARCH_H

#include "inject/inject_call.h"

/* include/linux/errno.h: of the kernel itself, but tracers see them */
enum { ERESTARTSYS = 512, ERESTARTNOINTR, ERESTARTNOHAND, ERESTART_RESTARTBLOCK = 516 };

/* Kinds of calls that block, as far as it matters for whoever interrupts them. */
enum arch_call_class {
	ARCH_CALL_OTHER,
	ARCH_CALL_POLLS,     /* it sleeps or polls, and 0 means "not yet" */
	ARCH_CALL_CUT_SHORT, /* EINTR, whatever interrupts it (signal(7)) */
	ARCH_CALL_FUTEX,     /* its second argument says more */
	ARCH_CALL_RESTART,   /* restart_syscall: an earlier call is gone on with */
};

#if defined(__x86_64__)
#include "inject/inject_x86_64.h"
#elif defined(__aarch64__)
#include "inject/inject_aarch64.h"
#else
#error "write inject_ARCH.h for this architecture"
#endif

#endif
