/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors that close themselves; reading with a bound, and writing all of it. */
#ifndef KSM_IO_H
#define KSM_IO_H

#include <errno.h>
#include <stddef.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/macros.h"

static inline void close_fd(const int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

/* Hand over ownership of a descriptor. */
static inline int steal_fd(int *fd)
{
	int ret = *fd;

	*fd = -1;
	return ret;
}

/*
 * Read fd to its end into buf, which has room for cap bytes and a closing NUL. Returns the
 * number of bytes; -EFBIG when there are more than cap, -ETIMEDOUT when the end has not
 * come within timeout_ms (0: no limit, for regular files).
 */
ssize_t read_all(int fd, char *buf, size_t cap, int timeout_ms);

/* Write all of buf; 0 or -errno. */
int write_all(int fd, const void *buf, size_t len);

#endif
