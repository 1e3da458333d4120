/* SPDX-License-Identifier: Apache-2.0 */
/* Removes what was stored of containers, for a command that has given up writing. */
#include "containers/metadata_janitor.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/io.h"
#include "containers/metadata.h"
#include "kernel/privileges.h"

struct order {
	char id[METADATA_ID_MAX];
};

/* -1: there is none */
static int janitor = -1;

static _Noreturn void serve(int orders)
{
	__cleanup(close_fd) int dir = metadata_open();
	struct error ignored;
	struct order o;

	/* nobody waits for us by a pipe that we hold */
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		close(fd);
	if (dir >= 0 && privileges_reduce(PRIVILEGES_NONE, &ignored) == 0) {
		while (read(orders, &o, sizeof(o)) == sizeof(o)) {
			/* whoever sends it may have been taken over */
			o.id[sizeof(o.id) - 1] = '\0';
			metadata_remove_ended(dir, o.id);
		}
	}
	_exit(0);
}

void metadata_janitor_start(void)
{
	__cleanup(close_fd) int dir = metadata_open();
	int fds[2];

	if (dir < 0 || janitor >= 0 || pipe2(fds, O_CLOEXEC) < 0)
		return;
	switch (fork()) {
	case 0:
		close(fds[1]);
		serve(fds[0]);
	case -1:
		close(fds[1]);
		break;
	default:
		janitor = fds[1];
		/* it is no reason to wait, and its end no signal */
		fcntl(janitor, F_SETFL, O_NONBLOCK);
	}
	close(fds[0]);
}

void metadata_janitor_remove(int dir, const char *id)
{
	struct order o = { "" };

	if (janitor < 0) {
		unlinkat(dir, id, 0);
		return;
	}
	snprintf(o.id, sizeof(o.id), "%s", id);
	/* one that does not fit into the pipe is for the next time */
	if (write(janitor, &o, sizeof(o)) < 0)
		return;
}
