/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process of two threads, whose first thread has ended: prints the numbers of the two. SIGUSR1 ends
 * the one, SIGUSR2 the other, and the process stays.
 */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t over[2];

static void on_signal(int sig)
{
	over[sig == SIGUSR2] = 1;
}

static volatile long number[2];

static void *sleep_on(void *arg)
{
	const struct timespec nap = { .tv_nsec = 5000000 };
	intptr_t own = (intptr_t)arg;

	number[own] = syscall(SYS_gettid);
	while (!over[own])
		nanosleep(&nap, NULL);
	syscall(SYS_exit, 0);
	return NULL;
}

int main(void)
{
	const struct timespec nap = { .tv_nsec = 1000000 };
	pthread_t thread;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGUSR1, on_signal);
	signal(SIGUSR2, on_signal);
	for (intptr_t i = 0; i < 2; i++) {
		if (pthread_create(&thread, NULL, sleep_on, (void *)i) != 0)
			return 1;
		while (!number[i])
			nanosleep(&nap, NULL);
		printf("%ld\n", number[i]);
	}
	fflush(stdout);
	syscall(SYS_exit, 0);
}
