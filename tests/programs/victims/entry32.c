/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Victim: nanosleep and read by an instruction of its own, with the numbers and registers of 32
 * bits: int $0x80, in a 32-bit program and in a 64-bit one; or svc, in ARM code and in Thumb.
 */
#include <sys/mman.h>

#include "victim.h"

/* arch/x86/entry/syscalls/syscall_32.tbl and arch/arm/tools/syscall.tbl */
#define NR_READ      3
#define NR_NANOSLEEP 162

#ifdef MAP_32BIT
#define LOW MAP_32BIT
#else
#define LOW 0
#endif

struct timespec32 {
	int32_t sec, nsec;
};

/* As in a C library: no register that holds an argument is relied upon after the call. */
#ifdef __arm__
/* r7 is Thumb's frame pointer: it is put there and back by hand */
static __attribute__((noinline)) long enter(long nr, long a, uintptr_t b, long c)
{
	register long r0 __asm__("r0") = a;
	register uintptr_t r1 __asm__("r1") = b;
	register long r2 __asm__("r2") = c;
	register long r3 __asm__("r3") = nr;

	__asm__ volatile("mov r6, r7\n\tmov r7, r3\n\tsvc #0\n\tmov r7, r6"
			 : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3)
			 :
			 : "r4", "r6", "memory");
	return r0;
}
#else
static __attribute__((noinline)) long enter(long nr, long a, uintptr_t b, long c)
{
	long ret;

	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "a"(nr), "b"(a), "c"(b), "d"(c), "S"(0), "D"(0)
			 : "memory");
	return (int)ret;
}
#endif

static void sleep_once(struct timespec32 *t)
{
	int64_t start = us();
	long r;

	for (;;) {
		int64_t rest = start + call_ms * 1000LL - us();

		if (rest <= 0)
			break;
		t->sec = (int32_t)(rest / 1000000);
		t->nsec = (int32_t)(rest % 1000000 * 1000);
		r = enter(NR_NANOSLEEP, (long)(uintptr_t)t, 0, 0);
		if (r != 0)
			fail("nanosleep returned %ld", r);
		if (us() - start < call_ms * 1000LL)
			victim_cut();
	}
	check_time("nanosleep", start, call_ms);
	victim_called();
}

static void read_once(int fd, uint32_t *low, uint32_t *expected)
{
	long n;

	while ((n = enter(NR_READ, fd, (uintptr_t)low, sizeof(*low))) == 0)
		victim_cut();
	if (n != sizeof(*low) || *low != ++*expected)
		fail("read returned %ld and the number %u, not %u", n, *low, *expected);
	victim_called();
}

int main(int argc, char **argv)
{
	uint32_t expected = 0;
	int fd = -1;
	void *low;

	victim_start(argc, argv);
	if (strcmp(victim_mode, "read") == 0)
		fd = feeder_start();
	low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | LOW, -1,
		   0);
	if (low == MAP_FAILED)
		fail("mmap");
	victim_ready();
	while (victim_goes_on()) {
		if (fd >= 0)
			read_once(fd, low, &expected);
		else
			sleep_once(low);
	}
	return victim_end();
}
