/* SPDX-License-Identifier: Apache-2.0 */
/* Errors that gather context, descriptors that close themselves, bounded reading. */
#include "base/util.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int err_set(struct error *err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	return -code;
}

static void append(struct error *err, const char *text)
{
	size_t len = strlen(err->msg);

	snprintf(err->msg + len, sizeof(err->msg) - len, "%s", text);
}

int err_errno(struct error *err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	append(err, ": ");
	append(err, strerror(code));
	return -code;
}

int err_wrap(struct error *err, int ret, const char *fmt, ...)
{
	struct error old = *err;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	append(err, ": ");
	append(err, old.msg);
	return ret;
}

int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t now_ms(void)
{
	return now_us() / 1000;
}

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

int parse_int(const char *text, size_t len, int64_t min, int64_t max, int64_t *out)
{
	char copy[24], *end;
	long long v;

	if (len >= sizeof(copy))
		return -ERANGE;
	memcpy(copy, text, len);
	copy[len] = '\0';
	/* strtoll would take leading blanks and a '+' */
	if (len == 0 || strspn(copy, "-0123456789") < len)
		return -EINVAL;
	errno = 0;
	v = strtoll(copy, &end, 10);
	if (end == copy || *end != '\0')
		return -EINVAL;
	if (errno == ERANGE || v < min || v > max)
		return -ERANGE;
	*out = v;
	return 0;
}

void printable(char *out, size_t size, const char *text, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	size_t o = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c >= 0x20 && c < 0x7f && c != '\\') {
			if (o + 1 >= size)
				break;
			out[o++] = (char)c;
			continue;
		}
		if (o + 4 >= size)
			break;
		out[o++] = '\\';
		out[o++] = 'x';
		out[o++] = hex[c >> 4];
		out[o++] = hex[c & 15];
	}
	out[o] = '\0';
}

const char *format_bytes(char *out, size_t size, int64_t bytes)
{
	static const char *const unit[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };
	double v = (double)bytes;
	size_t i = 0;

	while ((v >= 1024 || v <= -1024) && i + 1 < ARRAY_SIZE(unit)) {
		v /= 1024;
		i++;
	}
	snprintf(out, size, i ? "%.1f %s" : "%.0f %s", v, unit[i]);
	return out;
}
