/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container's process that wants past its engine's seccomp profile: it turns its address
 * randomization off (personality(2)), which no profile allows, as fast as it can, and waits for a
 * moment at which the profile is not in force. A child moves it from one processor to the other, so
 * that it runs while a tracer thinks that it is about to stop. Prints "tries" once it does, "through"
 * when it got through, and the number of tries at SIGTERM.
 */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <unistd.h>

static volatile sig_atomic_t is_over;

static void on_signal(int sig)
{
	(void)sig;
	is_over = 1;
}

static void move_about(pid_t target)
{
	if (fork() != 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	for (unsigned turn = 0;; turn++) {
		cpu_set_t set;

		CPU_ZERO(&set);
		CPU_SET(turn % (unsigned)sysconf(_SC_NPROCESSORS_ONLN), &set);
		(void)sched_setaffinity(target, sizeof(set), &set);
		usleep(100 + turn % 5 * 100);
	}
}

int main(void)
{
	const struct sigaction sa = { .sa_handler = on_signal };
	unsigned long tries = 0;

	sigaction(SIGTERM, &sa, NULL);
	setvbuf(stdout, NULL, _IONBF, 0);
	move_about(getpid());
	for (; !is_over; tries++) {
		if (personality(ADDR_NO_RANDOMIZE) >= 0) {
			puts("through");
			return 1;
		}
		if (!tries)
			puts("tries");
	}
	printf("%lu refused\n", tries);
	return 0;
}
