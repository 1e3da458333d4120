/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Victim: futex wait, with a relative time limit (MODE timeout) or until another process
 * wakes it (MODE wake). A spurious wake-up is legal, but not to be had from an injection.
 */
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

#include "victim.h"

/* the call's own: a 32-bit C library may have a struct timespec of 64 bits */
struct kernel_timespec {
	long sec, nsec;
};

static long futex(volatile uint32_t *word, int op, uint32_t val, struct kernel_timespec *t)
{
	return syscall(SYS_futex, word, op, val, t, NULL, 0);
}

static void wait_timeout(volatile uint32_t *word)
{
	int64_t start = us(), rest = call_ms * 1000LL;

	for (;;) {
		struct kernel_timespec t = { (long)(rest / 1000000),
					     (long)(rest % 1000000 * 1000) };
		long r = futex(word, FUTEX_WAIT, *word, &t);

		if (r < 0 && errno == ETIMEDOUT)
			break;
		if (r != 0)
			fail("futex returned %ld (%s)", r, strerror(errno));
		victim_cut();
		rest = start + call_ms * 1000LL - us();
		if (rest <= 0)
			break;
	}
	check_time("futex wait", start, call_ms);
	victim_called();
}

static void wake_every(volatile uint32_t *word)
{
	struct timespec t = { call_ms / 1000, call_ms % 1000 * 1000000L };
	pid_t parent = getppid();

	while (getppid() == parent) {
		nanosleep(&t, NULL);
		__atomic_add_fetch(word, 1, __ATOMIC_SEQ_CST);
		futex(word, FUTEX_WAKE, 1, NULL);
	}
	_exit(0);
}

static void wait_wake(volatile uint32_t *word, uint32_t *seen)
{
	while (*word == *seen) {
		long r = futex(word, FUTEX_WAIT, *seen, NULL);

		if (r < 0 && errno != EAGAIN)
			fail("futex: %s", strerror(errno));
		if (r == 0 && *word == *seen)
			victim_cut();
	}
	(*seen)++;
	victim_called();
}

int main(int argc, char **argv)
{
	uint32_t seen = 0, *word;

	victim_start(argc, argv);
	word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (word == MAP_FAILED)
		fail("mmap");
	if (strcmp(victim_mode, "wake") == 0 && fork() == 0) {
		close(STDOUT_FILENO);
		wake_every(word);
	}
	victim_ready();
	while (victim_goes_on()) {
		if (strcmp(victim_mode, "wake") == 0)
			wait_wake(word, &seen);
		else
			wait_timeout(word);
	}
	return victim_end();
}
