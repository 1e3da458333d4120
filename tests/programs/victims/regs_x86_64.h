/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All registers of x86_64 (but rcx and r11, which the instruction uses) for regs.c: which there are,
 * the place of each in struct registers, and call_with(), which makes a system call with them and
 * stores what they are afterwards.
 */
enum { RAX, RBX, RDX, RSI, RDI, RBP, R8, R9, R10, R12, R13, R14, R15, CARRY, N_GPR };

struct registers {
	uint64_t gpr[N_GPR + 2]; /* keeps them aligned */
	uint8_t vector[256];
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

enum { NUMBER = RAX, RESULT = RAX, ARG1 = RDI, ARG2 = RSI, FLAGS = CARRY, FLAGS_SET = 1 };

static const char *const names[N_GPR] = { "rax", "rbx", "rdx", "rsi", "rdi", "rbp", "r8",
					  "r9",  "r10", "r12", "r13", "r14", "r15", "carry" };

/* Does the kernel itself leave this in the register of one that it has interrupted? */
static bool is_kernels(int i, uint64_t value)
{
	(void)i, (void)value;
	return false;
}

/* Is this register what a killed tracer leaves in it: prctl's argument? */
static bool is_argument(int i, uint64_t value)
{
	return (i == RDI && value == 67) || (i == RSI && value <= 1) ||
	       ((i == RDX || i == R10 || i == R8) && value == 0);
}
