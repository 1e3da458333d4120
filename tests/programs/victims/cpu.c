/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Victim: computes without ever entering the kernel; the result is checked by another way
 * to it. MODE idle: beside it a thread sleeps in futex.
 */
#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>

#include "victim.h"

/* Knuth's MMIX generator: x -> A x + C modulo 2^64 */
#define A 6364136223846793005u
#define C 1442695040888963407u

static uint64_t slow_way(uint64_t x, uint64_t n)
{
	while (n--) {
		x = A * x + C;
		__asm__ volatile("" : "+r"(x)); /* every step is made */
	}
	return x;
}

/* n steps at once: the map composed with itself by squaring. */
static uint64_t fast_way(uint64_t x, uint64_t n)
{
	uint64_t a = A, c = C, ra = 1, rc = 0;

	for (; n; n >>= 1) {
		if (n & 1) {
			ra *= a;
			rc = rc * a + c;
		}
		c = c * a + c;
		a *= a;
	}
	return ra * x + rc;
}

static void *idler(void *arg)
{
	static uint32_t word;

	for (;;) {
		if (syscall(SYS_futex, &word, FUTEX_WAIT, 0, NULL, NULL, 0) == 0)
			victim_cut();
		else
			fail("futex: %s", strerror(errno));
	}
	return arg;
}

int main(int argc, char **argv)
{
	uint64_t n = 20000000, x = 1, got;
	int64_t start;
	pthread_t t;

	victim_start(argc, argv);
	if (strcmp(victim_mode, "idle") == 0 && pthread_create(&t, NULL, idler, NULL) != 0)
		fail("pthread_create");
	start = us();
	x = slow_way(1, n);
	if (x != fast_way(1, n))
		fail("the calibration is wrong");
	n = n * (uint64_t)call_ms * 1000 / (uint64_t)(us() - start + 1);
	victim_ready();
	do {
		got = slow_way(x, n);
		if (got != fast_way(x, n))
			fail("%llu steps led to a wrong number", (unsigned long long)n);
		x = got;
		victim_called();
	} while (victim_goes_on());
	return victim_end();
}
