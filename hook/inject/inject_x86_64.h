/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Injection on x86_64, with 64-bit and 32-bit targets. Another architecture provides the
 * same functions; inject.c includes one such file.
 */
#ifndef KSM_INJECT_ARCH_H
#define KSM_INJECT_ARCH_H

#include <errno.h>
#include <linux/audit.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/user.h>

/* arch/x86/entry/syscalls/syscall_64.tbl and syscall_32.tbl */
static const struct {
	unsigned long x86_64, i386;
} arch_nr[] = {
	[INJECT_PRCTL] = { 157, 172 },
	[INJECT_MADVISE] = { 28, 219 },
	[INJECT_PERSONALITY] = { 135, 136 },
};
/* "syscall", "int $0x80" and, where sysenter returns to, "int $0x80" again: two bytes each */
#define SYSCALL_INSN 2

typedef struct user_regs_struct arch_regs;

static int arch_read(pid_t tid, arch_regs *r)
{
	return ptrace(PTRACE_GETREGS, tid, NULL, r) < 0 ? -errno : 0;
}

static int arch_write(pid_t tid, const arch_regs *r)
{
	return ptrace(PTRACE_SETREGS, tid, NULL, r) < 0 ? -errno : 0;
}

/* Stopped on the way out of a system call that the kernel makes again? */
static bool arch_restarts(const arch_regs *r)
{
	int ret = (int)r->rax;

	return (int)r->orig_rax >= 0 &&
	       (ret == -ERESTARTSYS || ret == -ERESTARTNOINTR || ret == -ERESTARTNOHAND ||
		ret == -ERESTART_RESTARTBLOCK);
}

static unsigned long arch_fit32(unsigned long v)
{
	return v > UINT32_MAX ? 0xfffff000 : v;
}

/*
 * At a system-call-entry stop: have this call made instead. audit_arch says by which way in
 * the kernel was entered, which is what counts: a 64-bit program can use int $0x80.
 */
static void arch_set_call(arch_regs *r, uint32_t audit_arch, const struct inject_call *call)
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
static long arch_result(const arch_regs *r)
{
	return (int)r->rax; /* theirs is an int; sign-extended for 32-bit targets too */
}

/*
 * From the registers of the entry stop: back in front of the instruction that enters the
 * kernel, with the number in its register, so that the original call is made afresh.
 * orig_rax -1 keeps the kernel's own restart logic out of it.
 */
static void arch_rewind(arch_regs *r, const arch_regs *entry)
{
	*r = *entry;
	r->rip -= SYSCALL_INSN;
	r->rax = entry->orig_rax;
	r->orig_rax = (unsigned long)-1;
}

#endif
