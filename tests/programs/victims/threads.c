/* SPDX-License-Identifier: Apache-2.0 */
/* Victim: threads in different calls at once, all of whose results have to be right. */
#include <poll.h>
#include <pthread.h>
#include <time.h>

#include "victim.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long counter;
static int feed;

static void pause_ms(int ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000L };
	int64_t start = us();

	while (nanosleep(&t, &t) < 0)
		fail("nanosleep: %s", strerror(errno));
	if (us() - start < ms * 1000LL)
		victim_cut();
	victim_called();
}

static void *sleeper(void *arg)
{
	while (victim_goes_on())
		pause_ms(call_ms);
	return arg;
}

static void *reader(void *arg)
{
	uint32_t expected = 0;

	while (victim_goes_on())
		feeder_check(feed, &expected);
	return arg;
}

/* Two of these: one always waits for the lock, in the C library's inlined futex call. */
static void *locker(void *arg)
{
	long n = 0;

	while (victim_goes_on()) {
		long before;

		pthread_mutex_lock(&lock);
		before = counter;
		pause_ms(1);
		counter = before + 1;
		n++;
		pthread_mutex_unlock(&lock);
		sched_yield();
	}
	*(long *)arg = n;
	return arg;
}

static void *waiter(void *arg)
{
	pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
	pthread_condattr_t attr;
	pthread_cond_t c;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&c, &attr);
	pthread_mutex_lock(&m);
	while (victim_goes_on()) {
		int64_t start = us(), end = start + call_ms * 1000LL;
		struct timespec t = { end / 1000000, end % 1000000 * 1000 };
		int r;

		/* a spurious wake-up is POSIX's leave */
		while ((r = pthread_cond_timedwait(&c, &m, &t)) == 0)
			;
		if (r != ETIMEDOUT)
			fail("pthread_cond_timedwait: %s", strerror(r));
		check_time("pthread_cond_timedwait", start, call_ms);
		victim_called();
	}
	pthread_mutex_unlock(&m);
	return arg;
}

int main(int argc, char **argv)
{
	void *(*body[])(void *) = { sleeper, reader, waiter, locker, locker };
	pthread_t thread[sizeof(body) / sizeof(*body)];
	long n[sizeof(body) / sizeof(*body)] = { 0 }, sum = 0;
	size_t i;

	victim_start(argc, argv);
	feed = feeder_start();
	for (i = 0; i < sizeof(body) / sizeof(*body); i++) {
		if (pthread_create(&thread[i], NULL, body[i], &n[i]) != 0)
			fail("pthread_create");
	}
	victim_ready();
	for (i = 0; i < sizeof(body) / sizeof(*body); i++) {
		void *ret;

		if (pthread_join(thread[i], &ret) != 0 || ret != &n[i])
			fail("pthread_join");
		sum += n[i];
	}
	if (sum != counter)
		fail("the lock let %ld of %ld through twice", sum - counter, sum);
	return victim_end();
}
