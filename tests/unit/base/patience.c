/* SPDX-License-Identifier: Apache-2.0 */
/* Children that answer, do not, die; what they hold of ours. */
#include "base/patience.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"

/* Far longer than an answer takes on any machine. */
#define LONG_MS 20000

static int give(void *arg)
{
	return *(int *)arg;
}

static void answers(void)
{
	static int values[] = { 0, 1, -ENOENT, 1 << 30 };

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
		CHECK_INT(patience_run(give, &values[i], LONG_MS), values[i]);
}

static int write_there(void *arg)
{
	int *shared = arg;

	shared[1] = shared[0] + 1;
	return 0;
}

static void memory(void)
{
	int *shared = patience_memory(2 * sizeof(*shared));

	CHECK(shared);
	shared[0] = 41;
	CHECK_INT(patience_run(write_there, shared, LONG_MS), 0);
	CHECK_INT(shared[1], 42);
	patience_free(shared, 2 * sizeof(*shared));
	patience_free(NULL, 0);
}

static int wait_for_ever(void *arg)
{
	(void)arg;
	while (pause() < 0)
		;
	return 0;
}

static void too_long(void)
{
	int64_t begun = now_ms();

	CHECK_INT(patience_run(wait_for_ever, NULL, 50), -ETIMEDOUT);
	CHECK(now_ms() - begun >= 50);
}

static int die(void *arg)
{
	(void)arg;
	raise(SIGKILL);
	return 0;
}

static void death(void)
{
	CHECK_INT(patience_run(die, NULL, LONG_MS), -EIO);
}

static int is_closed(void *arg)
{
	return fcntl(*(int *)arg, F_GETFD) < 0 && errno == EBADF;
}

/* It holds nothing of ours, be it below its own descriptor or above. */
static void others_closed(void)
{
	int below[2], above;

	CHECK_INT(pipe(below), 0);
	above = fcntl(below[0], F_DUPFD_CLOEXEC, 100);
	CHECK_INT(patience_run(is_closed, &below[0], LONG_MS), 1);
	CHECK_INT(patience_run(is_closed, &below[1], LONG_MS), 1);
	CHECK_INT(patience_run(is_closed, &above, LONG_MS), 1);
	close(below[0]);
	close(below[1]);
	close(above);
}

/* However it comes out, no descriptor is left open. */
static void no_leak(void)
{
	int value = 7, fd = dup(STDOUT_FILENO);

	close(fd);
	CHECK_INT(patience_run(give, &value, LONG_MS), 7);
	CHECK_INT(patience_run(die, NULL, LONG_MS), -EIO);
	CHECK_INT(patience_run(wait_for_ever, NULL, 1), -ETIMEDOUT);
	value = dup(STDOUT_FILENO);
	CHECK_INT(value, fd);
	close(value);
}

/* Whoever reads our output waits for its last writer. */
static int has_standard_descriptors(void *arg)
{
	const struct stat *output = arg;
	int n = 0;

	for (int fd = 0; fd < 64; fd++) {
		struct stat st;

		n += fstat(fd, &st) == 0 && st.st_ino == output->st_ino &&
		     st.st_dev == output->st_dev;
	}
	return n;
}

static void descriptors(void)
{
	int fds[2], saved[3];
	struct stat st;

	CHECK_INT(pipe(fds), 0);
	CHECK_INT(fstat(fds[1], &st), 0);
	for (int fd = 0; fd < 3; fd++) {
		saved[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 10);
		dup2(fds[1], fd);
	}
	close(fds[1]);
	close(fds[0]);
	int n = patience_run(has_standard_descriptors, &st, LONG_MS);

	for (int fd = 0; fd < 3; fd++) {
		dup2(saved[fd], fd);
		close(saved[fd]);
	}
	CHECK_INT(n, 0);
}

int main(void)
{
	RUN(answers);
	RUN(memory);
	RUN(too_long);
	RUN(death);
	RUN(others_closed);
	RUN(no_leak);
	RUN(descriptors);
	return check_end();
}
