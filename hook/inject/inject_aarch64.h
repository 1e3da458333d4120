/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Injection on aarch64, into programs of 64 bits and of 32 (ARM and Thumb): see inject_arch.h.
 *
 * What is special here (arch/arm64/kernel/ptrace.c, syscall.c, signal.c):
 *
 * - The number of a call is no register but a register set of its own, NT_ARM_SYSTEM_CALL.
 * - At a stop of a system call x7 (r12 of 32 bits) says which stop it is, and what is written to
 *   it is dropped: its own value comes back when the thread goes on. So registers are written at
 *   such stops only; then they can be written as they were read.
 * - The result takes the place of the first argument, whose original only the kernel keeps. It is
 *   still there at the entry stop.
 * - To make a call again the kernel moves pc back before a tracer sees the stop of a signal, and
 *   keeps no trace of it but the place.
 */
#ifndef KSM_INJECT_AARCH64_H
#define KSM_INJECT_AARCH64_H

#include <elf.h>
#include <errno.h>
#include <linux/audit.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

/* include/uapi/linux/elf.h; musl's elf.h has it, older ones of glibc do not */
#ifndef NT_ARM_SYSTEM_CALL
#define NT_ARM_SYSTEM_CALL 0x404
#endif

/* include/uapi/asm-generic/unistd.h, and arch/arm/tools/syscall.tbl (EABI) */
static const struct {
	int aarch64, arm;
} arch_nr[] = {
	[INJECT_PRCTL] = { 167, 172 },
	[INJECT_MADVISE] = { 233, 220 },
	[INJECT_PERSONALITY] = { 92, 136 },
};
/* sched_yield: does nothing, returns 0, whatever the arguments */
#define ARCH_NR_NOTHING_AARCH64 124
#define ARCH_NR_NOTHING_ARM     158
/* forget_syscall() of asm/ptrace.h: this is no system call (any more) */
#define ARCH_NO_CALL (-1)

/* arch/arm64/include/asm/ptrace.h, PSR_AA32_T_BIT */
#define ARCH_THUMB_BIT (1u << 5)
/* "svc #0": of A64; of ARM, where any number is one; of Thumb, the same */
#define ARCH_SVC_A64   0xd4000001u
#define ARCH_SVC_ARM   0x0f000000u
#define ARCH_SVC_THUMB 0xdf00u

/* What NT_PRSTATUS is (struct user_pt_regs), or of 32 bits (struct compat_user_pt_regs). */
struct arch_regs64 {
	uint64_t x[31], sp, pc, pstate;
};

struct arch_regs32 {
	uint32_t r[15], pc, cpsr, orig_r0;
};

typedef struct {
	union {
		struct arch_regs64 w64;
		struct arch_regs32 w32;
	};
	size_t size; /* of the set: which of the two it is */
	int nr;      /* of the call that it makes; ARCH_NO_CALL: none */
} arch_regs;

static inline bool arch_is_32(const arch_regs *r)
{
	return r->size == sizeof(r->w32);
}

static inline int arch_get_set(pid_t tid, int set, void *to, size_t size, size_t *got)
{
	struct iovec io = { to, size };

	if (ptrace(PTRACE_GETREGSET, tid, (void *)(uintptr_t)set, &io) < 0)
		return -errno;
	*got = io.iov_len;
	return 0;
}

static inline int arch_put_set(pid_t tid, int set, const void *from, size_t size)
{
	struct iovec io = { (void *)(uintptr_t)from, size };

	return ptrace(PTRACE_SETREGSET, tid, (void *)(uintptr_t)set, &io) < 0 ? -errno : 0;
}

static inline int arch_read(pid_t tid, arch_regs *r)
{
	size_t size;
	int ret;

	memset(r, 0, sizeof(*r));
	ret = arch_get_set(tid, NT_PRSTATUS, &r->w64, sizeof(r->w64), &r->size);
	if (ret == 0)
		ret = arch_get_set(tid, NT_ARM_SYSTEM_CALL, &r->nr, sizeof(r->nr), &size);
	return ret;
}

/*
 * Number and arguments are two writes, and a tracer can be killed between them. Neither must an
 * original call be made with our arguments (a read() into descriptor 67), nor ours with
 * the original's: for that moment the call is one that does nothing and returns 0, as what a tracer
 * leaves behind that is killed a little later.
 */
static inline int arch_write(pid_t tid, const arch_regs *r)
{
	int nothing = arch_is_32(r) ? ARCH_NR_NOTHING_ARM : ARCH_NR_NOTHING_AARCH64;
	int ret;

	if (r->nr == ARCH_NO_CALL)
		nothing = ARCH_NO_CALL;
	ret = arch_put_set(tid, NT_ARM_SYSTEM_CALL, &nothing, sizeof(nothing));
	if (ret == 0)
		ret = arch_put_set(tid, NT_PRSTATUS, &r->w64, r->size);
	if (ret == 0 && r->nr != nothing)
		ret = arch_put_set(tid, NT_ARM_SYSTEM_CALL, &r->nr, sizeof(r->nr));
	return ret;
}

/*
 * Does it stand in front of an instruction that enters the kernel? Where a call is to be made
 * again the kernel has put it there (do_signal()); one that came there by itself enters as well
 * without another line of its own.
 */
static inline bool arch_restarts(pid_t tid, const arch_regs *r)
{
	uint64_t pc = arch_is_32(r) ? r->w32.pc : r->w64.pc;
	uint64_t word;
	uint32_t insn;

	errno = 0;
	word = (uint64_t)ptrace(PTRACE_PEEKTEXT, tid, (void *)(pc & ~UINT64_C(7)), NULL);
	if (errno)
		return false;
	insn = (uint32_t)(word >> (pc & 7) * 8);
	if (!arch_is_32(r))
		return insn == ARCH_SVC_A64;
	if (r->w32.cpsr & ARCH_THUMB_BIT)
		return (insn & 0xff00) == ARCH_SVC_THUMB;
	return (insn & 0x0f000000) == ARCH_SVC_ARM;
}

/* 32-bit programs run where pages are of 4 KiB (COMPAT of arch/arm64/Kconfig). */
static inline uint32_t arch_fit32(unsigned long v)
{
	return v > UINT32_MAX ? 0xfffff000 : (uint32_t)v;
}

/* At a system-call-entry stop: have this call made instead. */
static inline void arch_set_call(arch_regs *r, uint32_t audit_arch,
				 const struct inject_call *call)
{
	if (audit_arch == AUDIT_ARCH_ARM) {
		r->nr = arch_nr[call->nr].arm;
		r->w32.r[0] = arch_fit32(call->arg1);
		r->w32.r[1] = arch_fit32(call->arg2);
		r->w32.r[2] = arch_fit32(call->arg3);
		r->w32.r[3] = r->w32.r[4] = 0;
		/* Linux 7.3 was seen to take the first one from here */
		r->w32.orig_r0 = r->w32.r[0];
	} else {
		r->nr = arch_nr[call->nr].aarch64;
		r->w64.x[0] = call->arg1;
		r->w64.x[1] = call->arg2;
		r->w64.x[2] = call->arg3;
		r->w64.x[3] = r->w64.x[4] = 0;
	}
}

/* At the exit stop of the call. */
static inline long arch_result(const arch_regs *r)
{
	return (int)(arch_is_32(r) ? r->w32.r[0] : r->w64.x[0]); /* theirs is an int */
}

/*
 * From the registers of the entry stop: back in front of the instruction that enters the kernel,
 * so that the original call is made afresh: its number is in x8 (r7), which is as it was. No
 * system call any more, or the kernel would look whether it has to be made again.
 */
static inline void arch_rewind(arch_regs *r, const arch_regs *entry)
{
	*r = *entry;
	r->nr = ARCH_NO_CALL;
	if (arch_is_32(r))
		r->w32.pc -= r->w32.cpsr & ARCH_THUMB_BIT ? 2 : 4;
	else
		r->w64.pc -= 4;
}

static inline enum arch_call_class arch_class_arm(uint64_t nr)
{
	switch (nr) {
	case 0: /* restart_syscall */
		return ARCH_CALL_RESTART;
	case 142: /* _newselect */
	case 162: /* nanosleep */
	case 168: /* poll */
	case 265: /* clock_nanosleep */
	case 335: /* pselect6 */
	case 336: /* ppoll */
	case 407: /* clock_nanosleep_time64 */
	case 413: /* pselect6_time64 */
	case 414: /* ppoll_time64 */
		return ARCH_CALL_POLLS;
	case 177: /* rt_sigtimedwait */
	case 252: /* epoll_wait */
	case 298: /* semop */
	case 312: /* semtimedop */
	case 346: /* epoll_pwait */
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
	case 128: /* restart_syscall */
		return ARCH_CALL_RESTART;
	case 72:  /* pselect6 */
	case 73:  /* ppoll */
	case 101: /* nanosleep */
	case 115: /* clock_nanosleep */
		return ARCH_CALL_POLLS;
	case 22:  /* epoll_pwait */
	case 137: /* rt_sigtimedwait */
	case 192: /* semtimedop */
	case 193: /* semop */
	case 441: /* epoll_pwait2 */
		return ARCH_CALL_CUT_SHORT;
	case 98: /* futex */
		return ARCH_CALL_FUTEX;
	default:
		return ARCH_CALL_OTHER;
	}
}

static inline enum arch_call_class arch_call_class(uint32_t audit_arch, uint64_t nr)
{
	return audit_arch == AUDIT_ARCH_ARM ? arch_class_arm(nr) : arch_class_64(nr);
}

/*
 * /proc/PID/task/TID/syscall shows the number and not which table it is of. A thread whose stack
 * and code lie in the lower 4 GiB runs 32-bit code: the kernel gives no program of 64 bits a stack
 * there. Whoever stops the thread asks the kernel (PTRACE_GET_SYSCALL_INFO).
 */
static inline uint32_t arch_guess(uint64_t nr, uint64_t sp, uint64_t pc)
{
	(void)nr;
	return sp <= UINT32_MAX && pc <= UINT32_MAX ? AUDIT_ARCH_ARM : AUDIT_ARCH_AARCH64;
}

#endif
