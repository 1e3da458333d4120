/* SPDX-License-Identifier: Apache-2.0 */
/* A child is waited for until it ends, not until the next signal. */
#include "base/child.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

/* Signals that came while the child ran, which it counts too. */
static volatile int *signals;

static void count_signal(int sig)
{
	(void)sig;
	++*signals;
}

static void child_wait_is_not_cut_short(void)
{
	/* no SA_RESTART: the wait ends with EINTR */
	struct sigaction on_alarm = { .sa_handler = count_signal };
	struct itimerval often = { { 0, 1000 }, { 0, 1000 } }, never = { 0 };
	int status = 0;
	pid_t pid;

	signals = mmap(NULL, sizeof(*signals), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	sigaction(SIGALRM, &on_alarm, NULL);
	pid = fork();
	if (pid == 0) {
		while (*signals < 5)
			usleep(1000);
		_exit(7);
	}
	setitimer(ITIMER_REAL, &often, NULL);
	CHECK_INT(child_wait(pid, &status), 0);
	setitimer(ITIMER_REAL, &never, NULL);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	CHECK(*signals >= 5);
	/* and it is gone */
	CHECK_INT(waitpid(pid, NULL, WNOHANG), -1);
	munmap((void *)signals, sizeof(*signals));
}

static void child_wait_without_a_child(void)
{
	int status = 4711;

	CHECK_INT(child_wait(getpid(), &status), -ECHILD);
	CHECK_INT(child_wait(getpid(), NULL), -ECHILD);
	CHECK_INT(status, 4711);
}

int main(void)
{
	RUN(child_wait_is_not_cut_short);
	RUN(child_wait_without_a_child);
	return check_end();
}
