/* SPDX-License-Identifier: Apache-2.0 */
/* Injection on x86_64, into programs of the 64-bit, x32 and i386 ABIs: see inject_arch.h. */
#ifndef KSM_INJECT_X86_64_H
#define KSM_INJECT_X86_64_H

#include <errno.h>
#include <linux/audit.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/user.h>

/*
 * arch/x86/entry/syscalls/syscall_64.tbl and syscall_32.tbl. What enters as x32 may use the
 * 64-bit ABI's numbers as well.
 */
static const struct {
	unsigned long x86_64, i386;
} arch_nr[] = {
	[INJECT_PRCTL] = { 157, 172 },
	[INJECT_MADVISE] = { 28, 219 },
	[INJECT_PERSONALITY] = { 135, 136 },
};
/* Set in the numbers of x32 (arch/x86/include/uapi/asm/unistd.h), which else are those of 64 bits */
#define X32_SYSCALL_BIT 0x40000000u
/* "syscall", "int $0x80" and, where sysenter returns to, "int $0x80" again: two bytes each */
#define SYSCALL_INSN 2

typedef struct user_regs_struct arch_regs;

static inline int arch_read(pid_t tid, arch_regs *r)
{
	return ptrace(PTRACE_GETREGS, tid, NULL, r) < 0 ? -errno : 0;
}

static inline int arch_write(pid_t tid, const arch_regs *r)
{
	return ptrace(PTRACE_SETREGS, tid, NULL, r) < 0 ? -errno : 0;
}

/* Stopped on the way out of a system call that the kernel makes again? */
static inline bool arch_restarts(pid_t tid, const arch_regs *r)
{
	int ret = (int)r->rax;

	(void)tid;
	return (int)r->orig_rax >= 0 &&
	       (ret == -ERESTARTSYS || ret == -ERESTARTNOINTR || ret == -ERESTARTNOHAND ||
		ret == -ERESTART_RESTARTBLOCK);
}

static inline unsigned long arch_fit32(unsigned long v)
{
	return v > UINT32_MAX ? 0xfffff000 : v;
}

/*
 * At a system-call-entry stop: have this call made instead. audit_arch says by which way in
 * the kernel was entered, which is what counts: a 64-bit program can use int $0x80.
 */
static inline void arch_set_call(arch_regs *r, uint32_t audit_arch,
				 const struct inject_call *call)
{
	if (audit_arch == AUDIT_ARCH_I386) {
		r->orig_rax = arch_nr[call->nr].i386;
		r->rbx = arch_fit32(call->arg1);
		r->rcx = arch_fit32(call->arg2);
		r->rdx = arch_fit32(call->arg3);
		r->rsi = r->rdi = 0;
	} else {
		r->orig_rax = arch_nr[call->nr].x86_64;
		r->rdi = call->arg1;
		r->rsi = call->arg2;
		r->rdx = call->arg3;
		r->r10 = r->r8 = 0;
	}
}

/* At the exit stop of the call. */
static inline long arch_result(const arch_regs *r)
{
	return (int)r->rax; /* theirs is an int; sign-extended for 32-bit targets too */
}

/*
 * From the registers of the entry stop: back in front of the instruction that enters the
 * kernel, with the number in its register, so that the original call is made afresh.
 * orig_rax -1 keeps the kernel's own restart logic out of it.
 */
static inline void arch_rewind(arch_regs *r, const arch_regs *entry)
{
	*r = *entry;
	r->rip -= SYSCALL_INSN;
	r->rax = entry->orig_rax;
	r->orig_rax = (unsigned long)-1;
}

static inline enum arch_call_class arch_class_i386(uint64_t nr)
{
	switch (nr) {
	case 0: /* restart_syscall */
		return ARCH_CALL_RESTART;
	case 82:  /* select */
	case 142: /* _newselect */
	case 162: /* nanosleep */
	case 168: /* poll */
	case 267: /* clock_nanosleep */
	case 308: /* pselect6 */
	case 309: /* ppoll */
	case 407: /* clock_nanosleep_time64 */
	case 413: /* pselect6_time64 */
	case 414: /* ppoll_time64 */
		return ARCH_CALL_POLLS;
	case 177: /* rt_sigtimedwait */
	case 256: /* epoll_wait */
	case 319: /* epoll_pwait */
	case 420: /* semtimedop_time64 */
	case 421: /* rt_sigtimedwait_time64 */
	case 441: /* epoll_pwait2 */
		return ARCH_CALL_CUT_SHORT;
	case 240: /* futex */
	case 422: /* futex_time64 */
		return ARCH_CALL_FUTEX;
	default:
		return ARCH_CALL_OTHER;
	}
}

static inline enum arch_call_class arch_class_64(uint64_t nr)
{
	switch (nr) {
	case 219: /* restart_syscall */
		return ARCH_CALL_RESTART;
	case 7:   /* poll */
	case 23:  /* select */
	case 35:  /* nanosleep */
	case 230: /* clock_nanosleep */
	case 270: /* pselect6 */
	case 271: /* ppoll */
		return ARCH_CALL_POLLS;
	case 65:  /* semop */
	case 128: /* rt_sigtimedwait */
	case 220: /* semtimedop */
	case 232: /* epoll_wait */
	case 281: /* epoll_pwait */
	case 441: /* epoll_pwait2 */
	case 523: /* rt_sigtimedwait, of x32 only */
		return ARCH_CALL_CUT_SHORT;
	case 202: /* futex */
		return ARCH_CALL_FUTEX;
	default:
		return ARCH_CALL_OTHER;
	}
}

static inline enum arch_call_class arch_call_class(uint32_t audit_arch, uint64_t nr)
{
	return audit_arch == AUDIT_ARCH_I386 ? arch_class_i386(nr) :
					       arch_class_64(nr & ~(uint64_t)X32_SYSCALL_BIT);
}

/*
 * /proc/PID/task/TID/syscall shows the number and not which table it is of. A thread whose
 * stack and code lie in the lower 4 GiB and whose number is not x32's runs 32-bit code.
 * Wrong for "int $0x80" in a 64-bit program, and for 64-bit code that keeps to low addresses:
 * whoever stops the thread asks the kernel then (PTRACE_GET_SYSCALL_INFO).
 */
static inline uint32_t arch_guess(uint64_t nr, uint64_t sp, uint64_t pc)
{
	return sp <= UINT32_MAX && pc <= UINT32_MAX && !(nr & X32_SYSCALL_BIT) ?
		       AUDIT_ARCH_I386 :
		       AUDIT_ARCH_X86_64;
}

#endif
