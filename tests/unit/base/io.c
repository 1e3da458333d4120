/* SPDX-License-Identifier: Apache-2.0 */
/* Bounded reading, and descriptors that change hands. */
#include "base/io.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "check.h"

static void read_caps(void)
{
	char buf[17];
	int p[2];

	for (size_t n = 0; n <= 17; n++) {
		CHECK(pipe2(p, O_CLOEXEC) == 0);
		CHECK_INT(write_all(p[1], "0123456789abcdefg", n), 0);
		close(p[1]);
		memset(buf, 'x', sizeof(buf));
		CHECK_INT(read_all(p[0], buf, 16, 100), n <= 16 ? (int)n : -EFBIG);
		if (n <= 16)
			CHECK_INT(strlen(buf), n);
		close(p[0]);
	}
	CHECK_INT(read_all(-1, buf, 16, 0), -EBADF);
	CHECK(read_all(-1, buf, 16, 50) < 0);
	p[0] = open("/", O_RDONLY | O_CLOEXEC);
	CHECK_INT(read_all(p[0], buf, 16, 50), -EISDIR);
	close(p[0]);
}

static void on_alarm(int sig)
{
	(void)sig;
}

/* How long read_all() takes to give up, in ms. */
static int64_t gives_up(int fd, int timeout_ms, ssize_t want)
{
	int64_t start = now_ms();
	char buf[17];

	CHECK_INT(read_all(fd, buf, 16, timeout_ms), want);
	return now_ms() - start;
}

static void read_timeouts(void)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	struct itimerval often = { { 0, 10000 }, { 0, 10000 } }, never = { 0 };
	int64_t ms;
	int p[2];
	pid_t pid;

	CHECK(pipe2(p, O_CLOEXEC) == 0);
	/* nothing comes, ever */
	ms = gives_up(p[0], 100, -ETIMEDOUT);
	CHECK(ms >= 99 && ms < 1000);
	/* the same on a descriptor that does not block */
	fcntl(p[0], F_SETFL, O_NONBLOCK);
	ms = gives_up(p[0], 100, -ETIMEDOUT);
	CHECK(ms >= 99 && ms < 1000);
	fcntl(p[0], F_SETFL, 0);
	/* signals do not lengthen it */
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	ms = gives_up(p[0], 100, -ETIMEDOUT);
	setitimer(ITIMER_REAL, &never, NULL);
	CHECK(ms >= 99 && ms < 1000);
	/* one byte now and then: the time is for all of it */
	pid = fork();
	if (pid == 0) {
		for (int i = 0; i < 15; i++) {
			(void)write_all(p[1], "x", 1);
			usleep(30000);
		}
		_exit(0);
	}
	ms = gives_up(p[0], 150, -ETIMEDOUT);
	CHECK(ms >= 149 && ms < 1000);
	waitpid(pid, NULL, 0);
	close(p[0]);
	close(p[1]);
}

static void descriptors(void)
{
	int fd = dup(STDIN_FILENO), copy;

	{
		__cleanup(close_fd) int owned = fd;

		copy = steal_fd(&owned);
		CHECK_INT(owned, -1);
	}
	CHECK_INT(copy, fd);
	CHECK(fcntl(fd, F_GETFD) >= 0);
	{
		__cleanup(close_fd) int owned = fd;

		errno = EXDEV;
		(void)owned;
	}
	CHECK_INT(errno, EXDEV);
	CHECK(fcntl(fd, F_GETFD) < 0);
}

int main(void)
{
	read_caps();
	read_timeouts();
	descriptors();
	return check_end();
}
