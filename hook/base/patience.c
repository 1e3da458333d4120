/* SPDX-License-Identifier: Apache-2.0 */
/* Work that may never come back: files of a server (FUSE, NFS) that does not answer. */
#include "base/patience.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/io.h"
#include "base/surroundings.h"

/* Whoever reads what comes out of us waits for the last writer, and this one may stay for ever. */
static void close_others(int kept)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++) {
		if (fd != kept)
			close(fd);
	}
	if (kept > STDERR_FILENO + 1)
		(void)syscall(SYS_close_range, STDERR_FILENO + 1, kept - 1, 0);
	(void)syscall(SYS_close_range, (kept > STDERR_FILENO ? kept : STDERR_FILENO) + 1, ~0U,
		      0);
}

static _Noreturn void answer(int (*fn)(void *arg), void *arg, int wr)
{
	int r;

	close_others(wr);
	r = fn(arg);
	(void)write_all(wr, &r, sizeof(r));
	_exit(0);
}

int patience_run(int (*fn)(void *arg), void *arg, int timeout_ms)
{
	int fds[2], r = 0;
	char text[sizeof(r) + 1];
	ssize_t n;
	pid_t pid;

	surroundings_take_children();
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid == 0)
		answer(fn, arg, fds[1]);
	n = pid < 0 ? -errno : 0;
	close(fds[1]);
	if (pid > 0)
		n = read_all(fds[0], text, sizeof(r), timeout_ms);
	close(fds[0]);
	if (n == -ETIMEDOUT)
		kill(pid, SIGKILL);
	if (n < 0) {
		(void)waitpid(pid, NULL, WNOHANG);
		return (int)n;
	}
	(void)child_wait(pid, NULL);
	if (n != sizeof(r))
		return -EIO;
	__builtin_memcpy(&r, text, sizeof(r));
	return r;
}

void *patience_memory(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

void patience_free(void *memory, size_t size)
{
	if (memory)
		munmap(memory, size);
}
