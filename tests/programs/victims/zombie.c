/* SPDX-License-Identifier: Apache-2.0 */
/* Victim: the main thread has ended, another one reads on. */
#include <pthread.h>

#include "victim.h"

static int feed;

static void *reader(void *arg)
{
	uint32_t expected = 0;

	pthread_join(*(pthread_t *)arg, NULL);
	victim_ready();
	while (victim_goes_on())
		feeder_check(feed, &expected);
	exit(victim_end());
}

int main(int argc, char **argv)
{
	static pthread_t self;
	pthread_t t;

	victim_start(argc, argv);
	feed = feeder_start();
	self = pthread_self();
	if (pthread_create(&t, NULL, reader, &self) != 0)
		fail("pthread_create");
	pthread_exit(NULL);
}
