/* SPDX-License-Identifier: Apache-2.0 */
/* What a caller leaves to us and must get back: signals, and the standard descriptors. */
#include "base/surroundings.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

#include "base/macros.h"

static struct taken {
	int number;
	void (*ours)(int);
	bool taken;
	struct sigaction old;
} signals[] = {
	/* where it is ignored, wait(2) has nothing to say: ECHILD */
	{ .number = SIGCHLD, .ours = SIG_DFL },
	{ .number = SIGPIPE, .ours = SIG_IGN },
	{ .number = SIGXFSZ, .ours = SIG_IGN },
};

static void take_signal(struct taken *s)
{
	struct sigaction ours = { .sa_handler = s->ours };

	if (!s->taken)
		s->taken = sigaction(s->number, &ours, &s->old) == 0;
}

/* Closed again by execve(2), so that who comes after us finds what the caller gave. */
static void fill_standard_descriptors(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR | O_CLOEXEC) < 0)
			return;
	}
}

static void take_first(size_t n)
{
	int saved = errno;

	if (!signals[0].taken)
		fill_standard_descriptors();
	for (size_t i = 0; i < n; i++)
		take_signal(&signals[i]);
	errno = saved;
}

void surroundings_take(void)
{
	take_first(ARRAY_SIZE(signals));
}

void surroundings_take_children(void)
{
	take_first(1);
}

void surroundings_give_back(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		if (signals[i].taken)
			sigaction(signals[i].number, &signals[i].old, NULL);
		signals[i].taken = false;
	}
}
