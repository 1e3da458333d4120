/* SPDX-License-Identifier: Apache-2.0 */
/* Victim: nanosleep. With SIGUSR1 the remaining time has to be right, and the total. */
#include <time.h>

#include "victim.h"

/*
 * What is left and what has passed make up the whole; more than that by the time that
 * this was stopped, for the kernel takes the remaining time when the stop begins.
 */
static void check_left(const struct timespec *left, int64_t start, int64_t wanted)
{
	int64_t sum = us() - start + left->tv_sec * 1000000LL + left->tv_nsec / 1000;

	if (sum < wanted - 2 || sum > wanted + victim_slack_ms * 1000LL)
		fail("passed and remaining time make up %lld us, not %lld", (long long)sum,
		     (long long)wanted);
}

static void sleep_once(void)
{
	struct timespec t = { call_ms / 1000, call_ms % 1000 * 1000000L };
	int64_t start = us(), part = start;

	for (;;) {
		struct timespec left = { -1, -1 };
		int64_t wanted = t.tv_sec * 1000000LL + t.tv_nsec / 1000, rest;
		int seen = victim_signals;

		if (nanosleep(&t, &left) == 0) {
			rest = start + call_ms * 1000LL - us();
			if (rest <= 0)
				break;
			victim_cut();
			left = (struct timespec){ rest / 1000000, rest % 1000000 * 1000 };
		} else if (errno != EINTR || victim_signals == seen) {
			fail("nanosleep: %s without a signal", strerror(errno));
		} else {
			victim_eintr();
			check_left(&left, part, wanted);
		}
		part = us();
		t = left;
	}
	check_time("nanosleep", start, call_ms);
	victim_called();
}

int main(int argc, char **argv)
{
	victim_start(argc, argv);
	victim_ready();
	while (victim_goes_on())
		sleep_once();
	return victim_end();
}
