/* SPDX-License-Identifier: Apache-2.0 */
/* Reading what takes long: one container's time is up, the others' is not. */
#include "kernel/watched.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/macros.h"
#include "check.h"

/* Numbers of processes that are none: 1000 to 1999 are of a container, 2000 to 2999 of another. */
static uint64_t by_thousands(pid_t pid)
{
	return (uint64_t)pid / 1000;
}

struct readings {
	size_t read[3], refused[3];
};

static void read_slowly(struct readings *n, pid_t pid, unsigned ms)
{
	if (!watched_enter(pid)) {
		n->refused[pid / 1000]++;
		return;
	}
	usleep(ms * 1000);
	watched_leave();
	n->read[pid / 1000]++;
}

/* Each a second less than what would be held up: 8 of these and 200 of those. */
static int read_all_of_them(void *arg, void **data, size_t *size, struct error *err)
{
	struct readings *n = calloc(1, sizeof(*n));

	(void)arg;
	(void)err;
	for (pid_t i = 0; i < 8; i++) {
		read_slowly(n, 1000 + i, 900);
		for (pid_t k = 0; k < 25; k++)
			read_slowly(n, 2000 + i * 25 + k, 1);
	}
	*data = n;
	*size = sizeof(*n);
	return 0;
}

static void a_container_has_its_time(void)
{
	struct readings *n;
	struct error err;
	size_t size, cut;
	const struct watched_cut *c = watched_cuts(&cut);

	CHECK_INT(cut, 0);
	CHECK(!c);
	CHECK_INT(watched_run(read_all_of_them, NULL, (void **)&n, &size, &err), 0);
	CHECK_INT(size, sizeof(*n));
	/* 5 seconds of 7.2; on a busy machine one sleeps longer */
	CHECK(n->read[1] >= 1 && n->read[1] <= 6);
	CHECK_INT(n->read[1] + n->refused[1], 8);
	CHECK_INT(n->refused[2], 0);
	CHECK_INT(n->read[2], 200);
	c = watched_cuts(&cut);
	CHECK_INT(cut, 1);
	CHECK_INT(c[0].pid, 1000 + (pid_t)n->read[1] - 1);
	CHECK_INT(c[0].group, 1);
	free(n);
	/* it stays left out for a while */
	CHECK(!watched_enter(1007));
	CHECK(watched_is_cut(1007));
	CHECK(!watched_is_cut(2007));
	CHECK(watched_enter(2007));
	watched_leave();
}

/* Who wants all of it gets it, of the one that was cut as well. */
static int read_one_patiently(void *arg, void **data, size_t *size, struct error *err)
{
	struct readings *n = calloc(1, sizeof(*n));

	(void)arg;
	(void)err;
	watched_without_budget();
	for (pid_t i = 0; i < 8; i++)
		read_slowly(n, 1000 + i, 3);
	*data = n;
	*size = sizeof(*n);
	return 0;
}

static void who_is_patient(void)
{
	struct readings *n;
	struct error err;
	size_t size;

	CHECK_INT(watched_run(read_one_patiently, NULL, (void **)&n, &size, &err), 0);
	CHECK_INT(size, sizeof(*n));
	CHECK_INT(n->read[1], 8);
	free(n);
}

/* What each call answers: 0, or the errno. */
struct refusals {
	int write, socket, exec, ptrace;
};

static int try_what_takes_power(void *arg, void **data, size_t *size, struct error *err)
{
	char *const sh[] = { "sh", "-c", ":", NULL };
	struct refusals *r = calloc(1, sizeof(*r));

	(void)arg;
	(void)err;
	r->write = open("/dev/null", O_WRONLY | O_CLOEXEC) < 0 ? errno : 0;
	r->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0 ? errno : 0;
	r->exec = execv("/bin/sh", sh) < 0 ? errno : 0;
	r->ptrace = ptrace(PTRACE_SEIZE, getppid(), 0, 0) < 0 ? errno : 0;
	*data = r;
	*size = sizeof(*r);
	return 0;
}

/* However much power its caller has. */
static void who_reads_can_only_look(void)
{
	struct refusals *r;
	struct error err;
	size_t size;

	CHECK_INT(watched_run(try_what_takes_power, NULL, (void **)&r, &size, &err), 0);
	if (size != sizeof(*r)) {
		CHECK_INT(size, sizeof(*r));
		return;
	}
	CHECK_INT(r->write, ENOSYS);
	CHECK_INT(r->socket, ENOSYS);
	CHECK_INT(r->exec, ENOSYS);
	CHECK_INT(r->ptrace, ENOSYS);
	free(r);
	/* the caller can still do all of it */
	CHECK(open("/dev/null", O_WRONLY | O_CLOEXEC) >= 0);
}

int main(void)
{
	watched_group_by(by_thousands);
	RUN(a_container_has_its_time);
	RUN(who_is_patient);
	RUN(who_reads_can_only_look);
	return check_end();
}
