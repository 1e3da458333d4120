/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Victim: executes itself all the time, each fourth time from another thread than the
 * first; the arguments carry what has to be right: process id, number, and sum of
 * numbers.
 */
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "victim.h"

static char *next[9];

static void *execute(void *arg)
{
	execv("/proc/self/exe", next);
	fail("execv: %s", strerror(errno));
	return arg;
}

/* NAME TOTAL_MS CALL_MS - END_US PID NUMBER SUM */
int main(int argc, char **argv)
{
	char end[24], pid[16], number[24], sum[24];
	const char *stop = getenv("VICTIM_STOP");
	long long n = 0, s = 0;
	int64_t until;
	pthread_t t;

	victim_start(argc, argv);
	until = us() + (int64_t)atoi(argv[1]) * 1000;
	if (argc == 8) {
		until = atoll(argv[4]);
		n = atoll(argv[6]);
		s = atoll(argv[7]);
		if (getpid() != atoi(argv[5]) || s != n * (n + 1) / 2)
			fail("number %lld of process %s has the sum %lld", n, argv[5], s);
	} else {
		victim_ready();
	}
	if (us() >= until || (stop && access(stop, F_OK) == 0)) {
		printf("ok exec: %lld calls, 0 cut short, 0 EINTR, 0 signals\n", n);
		return 0;
	}
	snprintf(end, sizeof(end), "%lld", (long long)until);
	snprintf(pid, sizeof(pid), "%d", getpid());
	snprintf(number, sizeof(number), "%lld", n + 1);
	snprintf(sum, sizeof(sum), "%lld", s + n + 1);
	memcpy(next, (char *[]){ argv[0], argv[1], argv[2], "-", end, pid, number, sum, NULL },
	       sizeof(next));
	usleep((unsigned)call_ms * 1000);
	if (n % 4 == 3 && pthread_create(&t, NULL, execute, NULL) == 0)
		pthread_join(t, NULL);
	execute(NULL);
}
