/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Victim: nanosleep and read by int $0x80, in a 32-bit program and in a 64-bit one, which
 * enters the kernel with the 32-bit numbers and registers then.
 */
#include <sys/mman.h>

#include "victim.h"

/* arch/x86/entry/syscalls/syscall_32.tbl */
#define I386_READ      3
#define I386_NANOSLEEP 162

struct timespec32 {
	int32_t sec, nsec;
};

/* As in a C library: no register that holds an argument is relied upon after the call. */
static __attribute__((noinline)) long int80(long nr, long a, uintptr_t b, long c)
{
	long ret;

	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "a"(nr), "b"(a), "c"(b), "d"(c), "S"(0), "D"(0)
			 : "memory");
	return (int)ret;
}

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
		r = int80(I386_NANOSLEEP, (long)(uintptr_t)t, 0, 0);
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

	while ((n = int80(I386_READ, fd, (uintptr_t)low, sizeof(*low))) == 0)
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
	low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT,
		   -1, 0);
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
