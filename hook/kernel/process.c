/* SPDX-License-Identifier: Apache-2.0 */
/* Which processes there are: one rule for ps, metrics, doctor, attach and estimate. */
#include "kernel/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"

/*
 * The rule is here and not in stats/, where processes are measured: what makes processes
 * mergeable (inject/), names them (containers/) and reads them (estimate/) goes by it too, and
 * none of these may include stats/.
 */
int process_find(pid_t pid, struct process *out)
{
	out->pid = out->task = pid;
	if (proc_stat(pid, &out->stat) < 0 || out->stat.kernel_thread)
		return -ESRCH;
	if (out->stat.state != 'Z' && out->stat.state != 'X')
		return 0;
	return out->stat.threads > 1 ? proc_live_thread(pid, &out->task) : -ESRCH;
}

struct visitor {
	int (*visit)(const struct process *p, void *arg);
	void *arg;
	pid_t self;
};

static int visit_if_there(pid_t pid, void *arg)
{
	const struct visitor *v = arg;
	struct process p;

	if (pid == v->self || process_find(pid, &p) < 0)
		return 0;
	return v->visit(&p, v->arg);
}

int process_for_each(int (*visit)(const struct process *p, void *arg), void *arg)
{
	struct visitor v = { visit, arg, getpid() };

	return proc_for_each(visit_if_there, &v);
}

ssize_t process_command(pid_t pid, char *out, size_t size)
{
	ssize_t n = proc_read(pid, "comm", out, size);

	/* one newline is /proc's, any other one the name's */
	if (n > 0 && out[n - 1] == '\n')
		out[--n] = '\0';
	return n;
}

/* struct statx of uapi/linux/stat.h, Linux 4.11; not in every C library's headers */
struct known_file {
	uint32_t mask, blksize;
	uint64_t attributes;
	uint32_t nlink, uid, gid, mode;
	uint64_t ino, size;
	uint64_t rest[26];
};
_Static_assert(sizeof(struct known_file) == 256, "as the kernel has it");
#define KNOWN_DONT_SYNC 0x4000 /* AT_STATX_DONT_SYNC */
#define KNOWN_SIZE      0x200  /* STATX_SIZE */

off_t process_program_size(pid_t pid)
{
	char path[32];
	struct known_file known;
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	if (syscall(SYS_statx, AT_FDCWD, path, KNOWN_DONT_SYNC, KNOWN_SIZE, &known) == 0)
		return (off_t)known.size;
	return errno == ENOSYS && stat(path, &st) == 0 ? st.st_size : -1;
}

bool process_wait_for_exec(pid_t pid, int pidfd, off_t size, int timeout_ms)
{
	struct pollfd ended = { .fd = pidfd, .events = POLLIN };
	int64_t deadline = now_ms() + timeout_ms;
	int nap = 1;

	while (process_program_size(pid) == size) {
		if (now_ms() >= deadline || poll(&ended, 1, nap) > 0)
			return false;
		nap = nap < 50 ? nap * 2 : 50;
	}
	return true;
}
