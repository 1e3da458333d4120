/* SPDX-License-Identifier: Apache-2.0 */
/* Raw system calls: no libc, and errno is never touched. */
#ifndef KSM_PRELOAD_SYS_H
#define KSM_PRELOAD_SYS_H

#include <asm/unistd.h>
#include <stdint.h>

#if defined(__x86_64__)

static inline long sys5(long n, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return ret;
}

#elif defined(__i386__)

static inline long sys5(long n, long a, long b, long c, long d, long e)
{
	long ret;

	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "a"(n), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
			 : "memory");
	return ret;
}

#elif defined(__aarch64__)

static inline long sys5(long n, long a, long b, long c, long d, long e)
{
	register long x8 __asm__("x8") = n;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;

	__asm__ volatile("svc #0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4)
			 : "memory");
	return x0;
}

#else
#error "libksm_preload knows x86_64, i386 and aarch64 only"
#endif

static inline long sys3(long n, long a, long b, long c)
{
	return sys5(n, a, b, c, 0, 0);
}

/* What the kernel returns instead of an address or a count: -errno (MAX_ERRNO of linux/err.h). */
static inline int sys_failed(uintptr_t ret)
{
	return ret >= (uintptr_t)-4095;
}

#endif
