/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that is in a container as far as /proc tells, below one of a name and with arguments
 * to choose: what starts containers is the same program once more. main() begins with
 * contained_main().
 */
#ifndef KSM_CONTAINED_H
#define KSM_CONTAINED_H

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct contained {
	pid_t starter; /* outside, our child */
	pid_t pid;     /* inside, its child; by our numbers */
};

#define CONTAINED_FD "KSM_UNIT_CONTAINED_FD"
/* If set, whose process the one outside is. */
#define CONTAINED_USER "KSM_UNIT_CONTAINED_USER"

/* Until it is killed, or whoever started it ends. */
static inline void contained_wait(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

static inline void contained_main(void)
{
	const char *fd = getenv(CONTAINED_FD), *user = getenv(CONTAINED_USER);
	pid_t pid;

	if (!fd)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* a root of its own, as none is shut in that has the host's */
	if (unshare(CLONE_NEWNS | CLONE_NEWPID) < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("contained", "/tmp", "tmpfs", 0, NULL) < 0 || chroot("/tmp") < 0)
		_exit(1);
	pid = fork();
	if (pid == 0)
		contained_wait();
	if (user && setresuid((uid_t)atoi(user), (uid_t)atoi(user), (uid_t)atoi(user)) < 0)
		_exit(1);
	if (pid < 0 || write(atoi(fd), &pid, sizeof(pid)) != sizeof(pid))
		_exit(1);
	close(atoi(fd));
	contained_wait();
}

/* The name is the one of its file, and argv[0] as given; false where that is not permitted. */
static inline bool contained_start(struct contained *c, const char *name, char *const argv[])
{
	char dir[] = "/tmp/ksm-unit-XXXXXX", self[512], path[600], fd[16];
	int p[2];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	*c = (struct contained){ 0, 0 };
	if (n < 0 || !mkdtemp(dir) || pipe(p) < 0)
		abort();
	self[n] = '\0';
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (symlink(self, path) < 0)
		abort();
	c->starter = fork();
	if (c->starter == 0) {
		close(p[0]);
		snprintf(fd, sizeof(fd), "%d", p[1]);
		setenv(CONTAINED_FD, fd, 1);
		execv(path, argv);
		_exit(1);
	}
	close(p[1]);
	n = read(p[0], &c->pid, sizeof(c->pid));
	close(p[0]);
	unlink(path);
	rmdir(dir);
	return n == sizeof(c->pid);
}

static inline void contained_end(const struct contained *c)
{
	/* which may not have asked yet to end with its starter */
	if (c->pid > 0)
		kill(c->pid, SIGKILL);
	kill(c->starter, SIGKILL);
	waitpid(c->starter, NULL, 0);
}

#endif
