/* SPDX-License-Identifier: Apache-2.0 */
/* What the victims of injection share: arguments, counts, time, a writer to read from. */
#include "victim.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

int call_ms, victim_slack_ms = 250;
const char *victim_mode = "";
volatile sig_atomic_t victim_signals;

static const char *name, *stop;
static int64_t end_us;
static bool may_be_cut;
static atomic_int calls, cuts, eintrs;

int64_t us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

_Noreturn void fail(const char *fmt, ...)
{
	va_list ap;

	printf("%s: WRONG: ", name);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	_exit(1);
}

static void on_signal(int sig)
{
	(void)sig;
	victim_signals++;
}

void victim_start(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	const char *slack = getenv("VICTIM_SLACK_MS");

	name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
	if (argc < 3) {
		fprintf(stderr, "usage: %s TOTAL_MS CALL_MS [MODE]\n", name);
		exit(2);
	}
	end_us = us() + (int64_t)atoi(argv[1]) * 1000;
	call_ms = atoi(argv[2]);
	if (argc > 3)
		victim_mode = argv[3];
	if (slack)
		victim_slack_ms = atoi(slack);
	stop = getenv("VICTIM_STOP");
	may_be_cut = getenv("VICTIM_MAY_BE_CUT") != NULL;
	if (sigaction(SIGUSR1, &sa, NULL) < 0)
		fail("sigaction");
}

void victim_ready(void)
{
	printf("ready %d\n", getpid());
	fflush(stdout);
}

bool victim_goes_on(void)
{
	/* twice, for access itself may be the call that is cut short and returns 0 */
	return us() < end_us && (!stop || access(stop, F_OK) < 0 || access(stop, F_OK) < 0);
}

void victim_called(void)
{
	calls++;
}

void victim_cut(void)
{
	if (!may_be_cut)
		fail("a call returned 0 before its time");
	cuts++;
}

void victim_eintr(void)
{
	eintrs++;
}

int victim_end(void)
{
	printf("ok %s%s%s: %d calls, %d cut short, %d EINTR, %d signals\n", name,
	       *victim_mode ? " " : "", victim_mode, calls, cuts, eintrs, (int)victim_signals);
	fflush(stdout);
	return 0;
}

void check_time(const char *what, int64_t start, int ms)
{
	int64_t took = us() - start;

	if (took < (int64_t)ms * 1000)
		fail("%s of %d ms took only %lld us", what, ms, (long long)took);
	if (took > (int64_t)(ms + victim_slack_ms) * 1000)
		fail("%s of %d ms took %lld us", what, ms, (long long)took);
}

int feeder_start(void)
{
	struct timespec t = { call_ms / 1000, call_ms % 1000 * 1000000L };
	uint32_t number = 1;
	int fds[2];

	if (pipe(fds) < 0)
		fail("pipe");
	switch (fork()) {
	case -1:
		fail("fork");
	case 0:
		break;
	default:
		close(fds[1]);
		return fds[0];
	}
	/* SIGPIPE ends this process when the reader has gone */
	close(fds[0]);
	close(STDOUT_FILENO);
	for (;;) {
		nanosleep(&t, NULL);
		if (write(fds[1], &number, sizeof(number)) != sizeof(number))
			_exit(1);
		number++;
	}
}

void feeder_check(int fd, uint32_t *expected)
{
	uint32_t number;
	ssize_t n;

	while ((n = read(fd, &number, sizeof(number))) == 0)
		victim_cut();
	if (n != sizeof(number))
		fail("read returned %zd (%s)", n, n < 0 ? strerror(errno) : "short");
	if (number != ++*expected)
		fail("read the number %u, not %u", number, *expected);
	victim_called();
}
