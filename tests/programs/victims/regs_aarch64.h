/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All registers of aarch64 for regs.c: which there are, the place of each in struct registers, and
 * call_with(), which makes a system call with them and stores what they are afterwards.
 */
enum { ARG1, ARG2, X2, X3, X4, NUMBER = 8, FLAGS = 31, N_GPR, RESULT = ARG1 };

/* N and C */
#define FLAGS_SET 0xa0000000u

struct registers {
	uint64_t gpr[N_GPR]; /* x0 to x30, and the flags */
	uint8_t vector[512];
} __attribute__((aligned(16)));

_Static_assert(sizeof(struct registers) == 256 + 512, "the assembly text has these offsets");

void call_with(const struct registers *in, struct registers *out);

/* clang-format off */
__asm__(".text\n"
	".p2align 2\n"
	"call_with:\n"
	"	hint 34\n" /* bti c */
	"	stp x29, x30, [sp, -176]!\n"
	"	stp x19, x20, [sp, 16]\n	stp x21, x22, [sp, 32]\n"
	"	stp x23, x24, [sp, 48]\n	stp x25, x26, [sp, 64]\n"
	"	stp x27, x28, [sp, 80]\n"
	"	stp d8, d9, [sp, 96]\n	stp d10, d11, [sp, 112]\n"
	"	stp d12, d13, [sp, 128]\n	stp d14, d15, [sp, 144]\n"
	"	str x1, [sp, 160]\n"
	"	ldr x2, [x0, 8*31]\n"
	"	msr nzcv, x2\n"
	".irp i,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
	"	ldr q\\i, [x0, 256+16*\\i]\n"
	".endr\n"
	".irp i,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30\n"
	"	ldr x\\i, [x0, 8*\\i]\n"
	".endr\n"
	"	ldr x0, [x0]\n"
	"	svc 0\n"
	"	str x0, [sp, 168]\n"
	"	ldr x0, [sp, 160]\n"
	".irp i,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30\n"
	"	str x\\i, [x0, 8*\\i]\n"
	".endr\n"
	"	ldr x1, [sp, 168]\n"
	"	str x1, [x0]\n"
	"	mrs x1, nzcv\n"
	"	str x1, [x0, 8*31]\n"
	".irp i,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
	"	str q\\i, [x0, 256+16*\\i]\n"
	".endr\n"
	"	ldp x19, x20, [sp, 16]\n	ldp x21, x22, [sp, 32]\n"
	"	ldp x23, x24, [sp, 48]\n	ldp x25, x26, [sp, 64]\n"
	"	ldp x27, x28, [sp, 80]\n"
	"	ldp d8, d9, [sp, 96]\n	ldp d10, d11, [sp, 112]\n"
	"	ldp d12, d13, [sp, 128]\n	ldp d14, d15, [sp, 144]\n"
	"	ldp x29, x30, [sp], 176\n"
	"	ret\n");
/* clang-format on */

static const char *const names[N_GPR] = {
	"x0",  "x1",  "x2",  "x3",  "x4",  "x5",  "x6",  "x7",  "x8",  "x9",   "x10",
	"x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x20",  "x21",
	"x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "x30", "nzcv",
};

/*
 * setup_restart_syscall() of arch/arm64/kernel/signal.c: whoever is interrupted in a sleep, by a tracer
 * or by SIGSTOP, finds the number of restart_syscall in the register of the number.
 */
static bool is_kernels(int i, uint64_t value)
{
	return i == NUMBER && value == SYS_restart_syscall;
}

/* Is this register what a killed tracer leaves in it: prctl's argument? */
static bool is_argument(int i, uint64_t value)
{
	return (i == ARG2 && value <= 1) || ((i == X2 || i == X3 || i == X4) && value == 0);
}
