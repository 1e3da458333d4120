/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Victim: a nanosleep made with a pattern in every register, all of which have to be as
 * they were afterwards (but for rax, and rcx and r11, which the instruction uses).
 */
#include <stdio.h>
#include <time.h>

#include "victim.h"

enum { RAX, RBX, RDX, RSI, RDI, RBP, R8, R9, R10, R12, R13, R14, R15, CARRY, N_GPR };

struct registers {
	uint64_t gpr[N_GPR + 2]; /* keeps xmm aligned */
	uint8_t xmm[256];
} __attribute__((aligned(16)));

_Static_assert(sizeof(struct registers) == 128 + 256, "the assembly text has these offsets");

void call_with(const struct registers *in, struct registers *out);

/* clang-format off */
__asm__(".text\n"
	"call_with:\n"
	"	push %rbx\n	push %rbp\n	push %r12\n	push %r13\n"
	"	push %r14\n	push %r15\n	push %rsi\n"
	".irp i,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
	"	movdqa 128+16*\\i(%rdi), %xmm\\i\n"
	".endr\n"
	"	mov 0(%rdi), %rax\n	mov 8(%rdi), %rbx\n	mov 16(%rdi), %rdx\n"
	"	mov 24(%rdi), %rsi\n	mov 40(%rdi), %rbp\n	mov 48(%rdi), %r8\n"
	"	mov 56(%rdi), %r9\n	mov 64(%rdi), %r10\n	mov 72(%rdi), %r12\n"
	"	mov 80(%rdi), %r13\n	mov 88(%rdi), %r14\n	mov 96(%rdi), %r15\n"
	"	mov 32(%rdi), %rdi\n"
	"	stc\n"
	"	syscall\n"
	"	mov (%rsp), %rcx\n" /* rcx is free from here on */
	"	mov %rax, 0(%rcx)\n	mov %rbx, 8(%rcx)\n	mov %rdx, 16(%rcx)\n"
	"	mov %rsi, 24(%rcx)\n	mov %rdi, 32(%rcx)\n	mov %rbp, 40(%rcx)\n"
	"	mov %r8, 48(%rcx)\n	mov %r9, 56(%rcx)\n	mov %r10, 64(%rcx)\n"
	"	mov %r12, 72(%rcx)\n	mov %r13, 80(%rcx)\n	mov %r14, 88(%rcx)\n"
	"	mov %r15, 96(%rcx)\n"
	"	mov $0, %eax\n	adc $0, %eax\n	mov %rax, 104(%rcx)\n"
	".irp i,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
	"	movdqa %xmm\\i, 128+16*\\i(%rcx)\n"
	".endr\n"
	"	pop %rsi\n	pop %r15\n	pop %r14\n	pop %r13\n"
	"	pop %r12\n	pop %rbp\n	pop %rbx\n"
	"	ret\n");
/* clang-format on */

static const char *const names[N_GPR] = { "rax", "rbx", "rdx", "rsi", "rdi", "rbp", "r8",
					  "r9",  "r10", "r12", "r13", "r14", "r15", "carry" };

/* Is this register what a killed tracer leaves in it: prctl's argument? */
static bool is_argument(int i, uint64_t value)
{
	return (i == RDI && value == 67) || (i == RSI && value <= 1) ||
	       ((i == RDX || i == R10 || i == R8) && value == 0);
}

static void call_once(void)
{
	struct timespec t = { call_ms / 1000, call_ms % 1000 * 1000000L };
	struct registers in, out;
	int64_t start = us();
	int changed = 0;

	for (int i = 0; i < N_GPR; i++)
		in.gpr[i] = 0x5ca1ab1e00000000u + (uint64_t)i;
	for (int i = 0; i < 256; i++)
		in.xmm[i] = (uint8_t)(i * 7 + 3);
	in.gpr[RAX] = 35; /* nanosleep */
	in.gpr[RDI] = (uintptr_t)&t;
	in.gpr[RSI] = 0;
	in.gpr[CARRY] = 1;
	call_with(&in, &out);
	if (out.gpr[RAX] != 0)
		fail("nanosleep returned %lld", (long long)out.gpr[RAX]);
	for (int i = RBX; i < N_GPR; i++) {
		if (out.gpr[i] == in.gpr[i])
			continue;
		if (!is_argument(i, out.gpr[i]))
			fail("%s became 0x%llx", names[i], (unsigned long long)out.gpr[i]);
		changed++;
	}
	if (memcmp(in.xmm, out.xmm, sizeof(in.xmm)) != 0)
		fail("the xmm registers changed");
	if (changed)
		victim_cut();
	else
		check_time("nanosleep", start, call_ms);
	victim_called();
}

int main(int argc, char **argv)
{
	victim_start(argc, argv);
	victim_ready();
	while (victim_goes_on())
		call_once();
	return victim_end();
}
