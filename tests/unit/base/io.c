/* SPDX-License-Identifier: Apache-2.0 */
/* Bounded reading and writing, descriptors; files are io_files.c's. */
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/macros.h"
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

/* Signals that come all the time neither end it nor take anything away. */
static void interrupted(void)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	struct itimerval often = { { 0, 2000 }, { 0, 2000 } }, never = { 0 };
	enum { LEN = 1 << 20 };
	char *text = malloc(LEN + 1), *got = malloc(LEN + 1);
	int p[2], status = -1;
	pid_t pid;

	if (!text || !got)
		abort();
	for (size_t i = 0; i < LEN; i++)
		text[i] = (char)('a' + i % 23);
	sigaction(SIGALRM, &sa, NULL);
	/* written: more than a pipe has room for, while it is read in small pieces */
	CHECK(pipe2(p, O_CLOEXEC) == 0);
	pid = fork();
	if (pid == 0) {
		size_t len = 0;
		ssize_t n;

		close(p[1]);
		usleep(20000); /* until the pipe is full, and the writer waits */
		while (len < LEN && (n = read(p[0], got + len, LEN - len)) > 0) {
			len += (size_t)n;
			usleep(1000);
		}
		_exit(len != LEN || memcmp(got, text, LEN) != 0 || read(p[0], got, 1) != 0);
	}
	close(p[0]);
	setitimer(ITIMER_REAL, &often, NULL);
	CHECK_INT(write_all(p[1], text, LEN), 0);
	setitimer(ITIMER_REAL, &never, NULL);
	close(p[1]);
	waitpid(pid, &status, 0);
	CHECK_INT(status, 0);
	/* and read, with and without a limit */
	for (int timeout = 0; timeout <= 60000; timeout += 60000) {
		CHECK(pipe2(p, O_CLOEXEC) == 0);
		pid = fork();
		if (pid == 0) {
			usleep(20000); /* while it is waited for */
			_exit(write_all(p[1], text, 40) != 0);
		}
		close(p[1]);
		setitimer(ITIMER_REAL, &often, NULL);
		CHECK_INT(read_all(p[0], got, 100, timeout), 40);
		setitimer(ITIMER_REAL, &never, NULL);
		waitpid(pid, NULL, 0);
		close(p[0]);
	}
	CHECK_INT(write_all(-1, text, 1), -EBADF);
	free(text);
	free(got);
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

/* The directory must be empty by now. */
int main(void)
{
	RUN(read_caps);
	RUN(read_timeouts);
	RUN(interrupted);
	RUN(descriptors);
	return check_end();
}
