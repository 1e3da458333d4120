/* SPDX-License-Identifier: Apache-2.0 */
/* Where a hook's lines go. Nobody waits long for whoever should read them. */
#include "base/log_output.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"

/* All lines together: a hook has other things to wait for, and five seconds. */
#define PATIENCE_MS 500
static int64_t patience_ms = PATIENCE_MS;
static bool stays;

void log_output_stays(void)
{
	stays = true;
}

/* Whether fd takes something within the time that is left. */
static bool is_writable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int64_t begin = now_ms();
	int r = poll(&p, 1, (int)patience_ms);

	if (r < 0 && errno == EINTR)
		r = 0;
	patience_ms -= now_ms() - begin;
	if (patience_ms < 0)
		patience_ms = 0;
	if (stays && r > 0)
		patience_ms = PATIENCE_MS;
	/* without a reader it is "writable" too: write(2) says so */
	return r > 0;
}

void log_output_stderr(const char *line, size_t len)
{
	while (len > 0 && is_writable(STDERR_FILENO)) {
		/* poll(2) promises room for PIPE_BUF bytes, see pipe(7) */
		ssize_t n = write(STDERR_FILENO, line, len);

		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return;
		/* another writer was faster */
		if (n < 0 && patience_ms > 0)
			patience_ms--;
		if (n < 0 && patience_ms == 0)
			return;
		if (n > 0) {
			line += n;
			len -= (size_t)n;
		}
	}
}

void log_output_syslog(int priority, const char *text)
{
	static const struct sockaddr_un address = { .sun_family = AF_UNIX,
						    .sun_path = "/dev/log" };
	__cleanup(close_fd) int fd =
		socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	char line[LOG_OUTPUT_MAX + 64], when[32];
	time_t now = time(NULL);
	struct tm tm;
	int len;

	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return;
	/* RFC 3164, section 4.1, without the host's name, as the C libraries send it */
	strftime(when, sizeof(when), "%b %e %T", gmtime_r(&now, &tm));
	len = snprintf(line, sizeof(line), "<%d>%s ksm-hook[%d]: %s", priority, when, getpid(),
		       text);
	if (len >= (int)sizeof(line))
		len = (int)sizeof(line) - 1;
	while (send(fd, line, (size_t)len, MSG_NOSIGNAL) < 0) {
		if ((errno != EAGAIN && errno != EINTR) || !is_writable(fd))
			return;
	}
}
