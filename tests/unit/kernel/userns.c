/* SPDX-License-Identifier: Apache-2.0 */
/* What our user namespace is, in children that are in one of their own. */
#include "kernel/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "check.h"

struct seen {
	bool initial;
	uid_t owner;
};

static void write_map(pid_t pid, const char *map)
{
	char path[40];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	CHECK_INT(write_all(fd, map, strlen(map)), 0);
	close(fd);
}

/* What a child says in a user namespace with that map (NULL: none is written), as that user. */
static struct seen seen_in(const char *map, uid_t uid)
{
	struct seen s = { 0 };
	int ready[2] = { -1, -1 }, go[2] = { -1, -1 }, said[2] = { -1, -1 };
	char c;
	pid_t pid;

	CHECK(pipe(ready) == 0 && pipe(go) == 0 && pipe(said) == 0);
	pid = fork();
	if (pid == 0) {
		if (unshare(CLONE_NEWUSER) < 0 || write(ready[1], "", 1) != 1 ||
		    read(go[0], &c, 1) != 1 || (map && setresuid(uid, uid, uid) < 0))
			_exit(1);
		s.initial = userns_is_initial();
		s.owner = userns_owner();
		_exit(write_all(said[1], &s, sizeof(s)) < 0);
	}
	close(ready[1]);
	close(said[1]);
	CHECK_INT(read(ready[0], &c, 1), 1);
	if (map)
		write_map(pid, map);
	CHECK_INT(write(go[1], "", 1), 1);
	CHECK_INT(read(said[0], &s, sizeof(s)), sizeof(s));
	waitpid(pid, NULL, 0);
	for (int *p = (int[]){ ready[0], go[0], go[1], said[0], -1 }; *p >= 0; p++)
		close(*p);
	return s;
}

static bool can_make_namespaces(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(unshare(CLONE_NEWUSER) < 0);
	waitpid(pid, &status, 0);
	return status == 0;
}

/* Told without what is tested here, which else could take the rest of it away. */
static bool is_initial(void)
{
	unsigned inside = 1, outside = 1, count = 0;
	FILE *f = fopen("/proc/self/uid_map", "re");
	int n = f ? fscanf(f, "%u %u %u", &inside, &outside, &count) : 0;

	if (f)
		fclose(f);
	return n == 3 && inside == 0 && outside == 0 && count == UINT32_MAX;
}

static void own(void)
{
	CHECK_INT(userns_is_initial(), is_initial());
	if (is_initial())
		CHECK_INT(userns_owner(), geteuid());
}

static void made(void)
{
	struct seen s;

	/* of one that has no map yet, nothing can be told */
	s = seen_in(NULL, 0);
	CHECK(!s.initial);
	CHECK_INT(s.owner, 65534);

	s = seen_in("0 1000 1\n", 0); /* a rootless engine's */
	CHECK(!s.initial);
	CHECK_INT(s.owner, 1000);
	s = seen_in("0 100000 65536\n", 0); /* LXC's, userns-remap's */
	CHECK(!s.initial);
	CHECK_INT(s.owner, 100000);
	s = seen_in("0 100000 65536\n", 7); /* not root there */
	CHECK(!s.initial);
	CHECK_INT(s.owner, 7);
	s = seen_in("5 100000 10\n0 1000 1\n", 0); /* root's line is not the first */
	CHECK(!s.initial);
	CHECK_INT(s.owner, 1000);
	s = seen_in("0 1000 1\n5 100000 10\n", 0); /* nor is it the last */
	CHECK(!s.initial);
	CHECK_INT(s.owner, 1000);
	s = seen_in("5 100000 10\n", 5); /* there is none */
	CHECK(!s.initial);
	CHECK_INT(s.owner, 5);
	s = seen_in("0 0 4294967295\n", 0); /* all of it: equal to the initial one */
	CHECK(s.initial);
	CHECK_INT(s.owner, 0);
	s = seen_in("0 0 65536\n", 0);
	CHECK(!s.initial);
	CHECK_INT(s.owner, 0);
}

/* A rootless engine's user 1000 makes a container; what it makes for itself does not count. */
static void owner_of(void)
{
	int ready[2] = { -1, -1 };
	pid_t outer, pid = 0;

	CHECK_INT(userns_owner_of(getpid()), userns_owner());
	CHECK(pipe(ready) == 0);
	outer = fork();
	if (outer == 0) {
		/* dumpable again after the change of user, as a program is after exec */
		if (setresgid(1000, 1000, 1000) < 0 || setresuid(1000, 1000, 1000) < 0 ||
		    prctl(PR_SET_DUMPABLE, 1) < 0 || unshare(CLONE_NEWUSER | CLONE_NEWPID) < 0)
			_exit(1);
		pid = fork();
		if (pid == 0) {
			(void)!unshare(CLONE_NEWUSER | CLONE_NEWPID);
			pause();
		}
		_exit(write_all(ready[1], &pid, sizeof(pid)) < 0);
	}
	close(ready[1]);
	CHECK_INT(read(ready[0], &pid, sizeof(pid)), sizeof(pid));
	close(ready[0]);
	waitpid(outer, NULL, 0);
	if (pid <= 0)
		return;
	CHECK_INT(userns_owner_of(pid), 1000);
	kill(pid, SIGKILL);
}

int main(void)
{
	RUN(own);
	if (geteuid() == 0 && is_initial() && can_make_namespaces()) {
		RUN(made);
		RUN(owner_of);
	}
	return check_end();
}
