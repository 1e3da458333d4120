/* SPDX-License-Identifier: Apache-2.0 */
/* Switches of the test build: break off where a test asks for it. */
#include "base/fault_injection.h"

#ifdef KSM_TEST_FAULTS

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Long enough for a test to do something to the tracer or the target meanwhile. */
#define PAUSE_MS 400

static const char *fault_argument(const char *prefix)
{
	const char *fault = getenv("KSM_FAULT");
	size_t len = strlen(prefix);

	return fault && strncmp(fault, prefix, len) == 0 ? fault + len : NULL;
}

/* The tracer has no output: a test waits for the file that the environment names. */
static void tell_paused(void)
{
	const char *path = getenv("KSM_FAULT_PAUSED");
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;

	if (fd >= 0)
		close(fd);
}

void fault_step(enum fault_step step)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };
	const char *at = fault_argument("kill:");

	if (at && atoi(at) == (int)step)
		kill(getpid(), SIGKILL);
	at = fault_argument("pause:");
	if (at && atoi(at) == (int)step) {
		tell_paused();
		nanosleep(&pause, NULL);
	}
}

void fault_in_parser(void *answer, size_t size)
{
	static volatile char block[64];
	volatile size_t behind = sizeof(block);
	const char *what = fault_argument("parser:");

	if (!what)
		return;
	if (strcmp(what, "overrun") == 0)
		block[behind]++;
	/* the exit status tells what was got away with: 10 it worked, 11 it was refused */
	if (strcmp(what, "open") == 0)
		_exit(open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0 ? 10 : 11);
	if (strcmp(what, "socket") == 0)
		_exit(socket(AF_UNIX, SOCK_STREAM, 0) >= 0 ? 10 : 11);
	if (strcmp(what, "crash") == 0)
		__builtin_trap();
	if (strcmp(what, "hang") == 0) {
		for (;;)
			__asm__ volatile("" ::: "memory");
	}
	if (strcmp(what, "lie") == 0) {
		memset(answer, 0xff, size);
		_exit(write(0, answer, size) == (ssize_t)size ? 0 : 11);
	}
}

#endif
