/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors that close themselves; reading with a bound, and writing all of it. */
#include "base/io.h"

#include <poll.h>

#include "base/clock.h"

/* 1 there is something to read (or its end), 0 ask again, -errno. */
static int wait_readable(int fd, int64_t deadline)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t left = deadline - now_ms();

	if (left <= 0)
		return -ETIMEDOUT;
	switch (poll(&p, 1, (int)left)) {
	case 0:
		return -ETIMEDOUT;
	case -1:
		return errno == EINTR ? 0 : -errno;
	}
	return 1;
}

ssize_t read_all(int fd, char *buf, size_t cap, int timeout_ms)
{
	int64_t deadline = timeout_ms ? now_ms() + timeout_ms : 0;
	size_t len = 0;

	for (;;) {
		ssize_t n;

		if (deadline) {
			int r = wait_readable(fd, deadline);

			if (r < 0)
				return r;
			if (r == 0)
				continue;
		}
		/* one byte more than cap, to tell "full" from "too much" */
		n = read(fd, buf + len, cap + 1 - len);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
		if (len > cap)
			return -EFBIG;
	}
	buf[len] = '\0';
	return (ssize_t)len;
}

int write_all(int fd, const void *buf, size_t len)
{
	const char *p = buf;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}
