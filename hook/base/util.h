/* SPDX-License-Identifier: Apache-2.0 */
/* Errors that gather context, descriptors that close themselves, bounded reading. */
#ifndef KSM_UTIL_H
#define KSM_UTIL_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#define ARRAY_SIZE(a)  (sizeof(a) / sizeof((a)[0]))
#define __cleanup(f)   __attribute__((cleanup(f)))
#define __printf(f, v) __attribute__((format(printf, f, v)))

/*
 * What went wrong, for a reader: functions return 0 or -errno and fill this in; callers
 * put their context in front. Plain bytes, so that it can cross a pipe between processes.
 */
struct error {
	char msg[320];
};

/* Set the message; returns -code, so that `return err_set(err, EINVAL, …)` reads well. */
int err_set(struct error *err, int code, const char *fmt, ...) __printf(3, 4);

/* The same, with ": " and the text of code behind it. */
int err_errno(struct error *err, int code, const char *fmt, ...) __printf(3, 4);

/* Put "context: " in front of the message; returns ret. */
int err_wrap(struct error *err, int ret, const char *fmt, ...) __printf(3, 4);

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

/* Milliseconds and microseconds of CLOCK_MONOTONIC. */
int64_t now_ms(void);
int64_t now_us(void);

/*
 * Read fd to its end into buf, which has room for cap bytes and a closing NUL. Returns the
 * number of bytes; -EFBIG when there are more than cap, -ETIMEDOUT when the end has not
 * come within timeout_ms (0: no limit, for regular files).
 */
ssize_t read_all(int fd, char *buf, size_t cap, int timeout_ms);

/* Write all of buf; 0 or -errno. */
int write_all(int fd, const void *buf, size_t len);

/* A decimal integer that fills len bytes of text and lies in min…max; 0, -EINVAL, -ERANGE. */
int parse_int(const char *text, size_t len, int64_t min, int64_t max, int64_t *out);

/*
 * Copy text into out (size bytes with the NUL) with control characters, backslashes and
 * everything that is not ASCII written as \xNN: ids, annotations and cgroup names may come
 * from a tenant and end up on a terminal. What does not fit is cut.
 */
void printable(char *out, size_t size, const char *text, size_t len);

/* "12.3 MiB" in out, which is returned. */
const char *format_bytes(char *out, size_t size, int64_t bytes);

#endif
