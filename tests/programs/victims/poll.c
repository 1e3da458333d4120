/* SPDX-License-Identifier: Apache-2.0 */
/* Victim: poll, with a time limit (MODE timeout) or until data comes (MODE data). */
#include <poll.h>

#include "victim.h"

static void poll_timeout(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t start = us();
	int left = call_ms;

	for (;;) {
		int n = poll(&p, 1, left);

		if (n != 0)
			fail("poll returned %d (%s)", n, n < 0 ? strerror(errno) : "no data");
		if (us() - start >= call_ms * 1000LL)
			break;
		victim_cut();
		left = (int)((start + call_ms * 1000LL - us()) / 1000) + 1;
	}
	check_time("poll", start, call_ms);
	victim_called();
}

static void poll_data(int fd, uint32_t *expected)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int n;

	while ((n = poll(&p, 1, -1)) == 0)
		victim_cut();
	if (n != 1 || p.revents != POLLIN)
		fail("poll returned %d (%s), revents 0x%x", n, n < 0 ? strerror(errno) : "",
		     p.revents);
	feeder_check(fd, expected);
}

int main(int argc, char **argv)
{
	uint32_t expected = 0;
	int quiet[2], fd;

	victim_start(argc, argv);
	if (pipe(quiet) < 0)
		fail("pipe");
	fd = strcmp(victim_mode, "data") == 0 ? feeder_start() : -1;
	victim_ready();
	while (victim_goes_on()) {
		if (fd < 0)
			poll_timeout(quiet[0]);
		else
			poll_data(fd, &expected);
	}
	return victim_end();
}
