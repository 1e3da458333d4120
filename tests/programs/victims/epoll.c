/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Victim: epoll_wait for data, and for nothing (MODE timeout). The kernel never restarts
 * this call, so an injection shows as EINTR, as a stop and continue does (signal(7)).
 */
#include <sys/epoll.h>

#include "victim.h"

int main(int argc, char **argv)
{
	struct epoll_event e = { .events = EPOLLIN };
	int quiet[2], fd, ep, n;
	uint32_t expected = 0;
	bool timeout;

	victim_start(argc, argv);
	timeout = strcmp(victim_mode, "timeout") == 0;
	if (pipe(quiet) < 0)
		fail("pipe");
	fd = timeout ? quiet[0] : feeder_start();
	ep = epoll_create1(0);
	if (ep < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e) < 0)
		fail("epoll_ctl: %s", strerror(errno));
	victim_ready();
	while (victim_goes_on()) {
		int64_t start = us();

		n = epoll_wait(ep, &e, 1, timeout ? call_ms : -1);
		if (n < 0 && errno == EINTR) {
			victim_eintr();
			continue;
		}
		if (n < 0 || n > 1 || (n == 1 && (timeout || e.events != EPOLLIN)))
			fail("epoll_wait returned %d (%s)", n, n < 0 ? strerror(errno) : "");
		if (n == 0 && (!timeout || us() - start < call_ms * 1000LL)) {
			victim_cut();
			continue;
		}
		if (timeout) {
			check_time("epoll_wait", start, call_ms);
			victim_called();
		} else {
			feeder_check(fd, &expected);
		}
	}
	return victim_end();
}
