/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Victim: nothing but contended locks. Every thread waits in the C library's lock, whose
 * futex call is inlined: it relies on the argument registers after the call. (MODE idle:
 * one more thread waits in poll.)
 */
#include <poll.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <time.h>

#include "victim.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static volatile long counter;

static void *locker(void *arg)
{
	long n = 0;

	while (victim_goes_on()) {
		int64_t end = us() + call_ms * 1000LL;

		pthread_mutex_lock(&lock);
		long before = counter;

		/* in user space, so that the waiting thread is the one to be picked */
		while (us() < end)
			;
		counter = before + 1;
		n++;
		pthread_mutex_unlock(&lock);
		victim_called();
	}
	*(long *)arg = n;
	return arg;
}

static int over[2];

/* Never runnable but when cut short, so that it is there to be picked. */
static void *idler(void *arg)
{
	struct pollfd end = { .fd = over[0], .events = POLLIN };
	int r;

	prctl(PR_SET_NAME, "idle");
	while ((r = poll(&end, 1, -1)) == 0)
		victim_cut();
	if (r < 0)
		fail("poll: %s", strerror(errno));
	return arg;
}

int main(int argc, char **argv)
{
	long a = 0, b = 0;
	pthread_t t, i;
	bool idle;

	victim_start(argc, argv);
	idle = strcmp(victim_mode, "idle") == 0;
	if (idle && (pipe(over) < 0 || pthread_create(&i, NULL, idler, NULL) != 0))
		fail("pipe, pthread_create");
	if (pthread_create(&t, NULL, locker, &a) != 0)
		fail("pthread_create");
	victim_ready();
	locker(&b);
	pthread_join(t, NULL);
	if (idle) {
		close(over[1]);
		pthread_join(i, NULL);
	}
	if (a + b != counter)
		fail("the lock let %ld of %ld through twice", a + b - counter, a + b);
	return victim_end();
}
