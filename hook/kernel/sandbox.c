/* SPDX-License-Identifier: Apache-2.0 */
/* Run a function on untrusted input in a process that can do nothing but answer. */
#include "kernel/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/macros.h"
#include "base/surroundings.h"
#include "kernel/one_cpu.h"
#include "kernel/sandbox_filter.h"
#include "kernel/sandbox_server_filter.h"

static bool will_exec;

void sandbox_before_exec(void)
{
	will_exec = true;
}

int sandbox_malformed(struct error *err)
{
	return err_reason(err, REASON_PARSER_REPLY,
			  err_set(err, EPROTO, "the parser sent a malformed reply"));
}

/*
 * What parsers that are not let run are waited for beyond their time, all of this process together:
 * with a second for the configuration and one for the container's text a hook ends within five.
 */
#define SPARE_MS 2000

static int spare_ms = SPARE_MS;

/* The exit status of a parser that has not read a byte. */
#define NOT_CONFINED 1

/* Give up all but the system calls of the filter, on descriptors below kept. */
static bool drop_all(unsigned kept, const struct sock_filter *insns, size_t n)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { 0 };
	struct sock_fprog filter = { (unsigned short)n, (struct sock_filter *)insns };
	struct rlimit no_core = { 0 };

	/* Linux 5.9; before it the descriptors stay open and the filter makes them useless */
	syscall(SYS_close_range, kept, UINT_MAX, 0);
	setrlimit(RLIMIT_CORE, &no_core);
	return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 &&
	       syscall(SYS_capset, &header, none) == 0 &&
	       prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

static bool drop_everything(int answer_fd)
{
	/* the filter allows write on descriptor 0 only, so the pipe goes there */
	return dup2(answer_fd, 0) >= 0 &&
	       drop_all(1, sandbox_filter, ARRAY_SIZE(sandbox_filter));
}

int sandbox_stay(int first, int second, struct error *err)
{
	/* neither may lie where the other one is to go */
	int a = fcntl(first, F_DUPFD_CLOEXEC, 2), b = fcntl(second, F_DUPFD_CLOEXEC, 2);

	if (a < 0 || b < 0 || dup2(a, 0) < 0 || dup2(b, 1) < 0)
		return err_errno(err, errno, "descriptors of the parser");
	if (!drop_all(2, sandbox_server_filter, ARRAY_SIZE(sandbox_server_filter)))
		return err_errno(err, errno, "the parser could not be confined");
	return 0;
}

static _Noreturn void child(int answer_fd, void (*fn)(const void *, void *), const void *arg,
			    void *answer, size_t size)
{
	if (!drop_everything(answer_fd))
		_exit(NOT_CONFINED);
	fn(arg, answer);
	(void)write_all(0, answer, size);
	_exit(0);
}

/* How the process ended, for the message. */
static int died(pid_t pid, struct error *err)
{
	int status = 0;

	kill(pid, SIGKILL);
	(void)child_wait(pid, &status);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		return err_set(err, EPROTO,
			       "the parser tried a system call that it must not "
			       "make and was killed");
	if (WIFSIGNALED(status))
		return err_set(err, EPROTO, "the parser died by signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status) == NOT_CONFINED)
		return err_set(err, EPROTO, "the parser could not be confined");
	return err_set(err, EPROTO, "the parser ended with status %d and no whole answer",
		       WEXITSTATUS(status));
}

/* Of the time that it was given it has not had the half: others keep the processors, or the memory. */
static bool is_starved(pid_t pid, int timeout_ms)
{
	struct timespec used;
	clockid_t of;

	return clock_getcpuclockid(pid, &of) == 0 && clock_gettime(of, &used) == 0 &&
	       (int64_t)used.tv_sec * 1000 + used.tv_nsec / 1000000 < timeout_ms / 2;
}

/*
 * Up to timeout_ms, and longer for one that is starved, as far as there is time to spare; from then
 * on it may run on any of these processors. Returns until when (now_ms()) the whole answer has to be
 * there, or 0 when none has begun.
 */
static int64_t wait_for_answer(int rd, pid_t pid, const cpu_set_t *cpus, int timeout_ms)
{
	struct pollfd answer = { .fd = rd, .events = POLLIN };
	int64_t end = now_ms() + timeout_ms;

	for (;;) {
		int64_t left = end - now_ms();
		int more = timeout_ms < spare_ms ? timeout_ms : spare_ms;
		int r = poll(&answer, 1, left > 0 ? (int)left : 0);

		/* what poll() does not like, reading tells */
		if (r > 0 || (r < 0 && errno != EINTR))
			return end;
		if (now_ms() < end)
			continue; /* a signal */
		if (more == 0 || !is_starved(pid, timeout_ms))
			return 0;
		if (cpus)
			sched_setaffinity(pid, sizeof(*cpus), cpus);
		spare_ms -= more;
		end += more;
	}
}

static bool is_readable(int fd, int64_t end)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int r;

	do {
		int64_t left = end - now_ms();

		r = poll(&p, 1, left > 0 ? (int)left : 0);
	} while (r < 0 && errno == EINTR);
	return r > 0;
}

/*
 * Its answer, and no more: what it does after that is nobody's business, and it ends with us.
 * -ETIMEDOUT, or how much of it came, or -errno.
 */
static ssize_t read_answer(int rd, char *answer, size_t size, int64_t end)
{
	size_t len = 0;

	if (end == 0)
		return -ETIMEDOUT;
	while (len < size) {
		ssize_t n = read(rd, answer + len, size - len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			break;
		len += n > 0 ? (size_t)n : 0;
		/* an answer is written at once: who writes less is waited for, but not for ever */
		if (len < size && !is_readable(rd, end))
			return -ETIMEDOUT;
	}
	return (ssize_t)len;
}

/* The last one that has answered; at most one is left for whoever comes after us to wait for. */
static pid_t ended;

static void reap_ended(void)
{
	if (ended > 0)
		(void)child_wait(ended, NULL);
	ended = 0;
}

int sandbox_call(void (*fn)(const void *arg, void *answer), const void *arg, void *answer,
		 size_t size, int timeout_ms, struct error *err)
{
	__cleanup(close_fd) int rd = -1;
	__cleanup(close_fd) int wr = -1;
	int fds[2];
	cpu_set_t cpus;
	ssize_t n;
	pid_t pid;
	bool pinned;
	int had_to_spare = spare_ms;

	surroundings_take_children();
	reap_ended();
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_errno(err, errno, "pipe");
	rd = fds[0];
	wr = fds[1];
	/* parser and caller take turns */
	pinned = !will_exec && one_cpu_stay(sched_getcpu(), &cpus);
	pid = fork();
	if (pid == 0)
		child(wr, fn, arg, answer, size);
	if (pid > 0) {
		close(steal_fd(&wr));
		n = read_answer(rd, answer, size,
				wait_for_answer(rd, pid, pinned ? &cpus : NULL, timeout_ms));
	} else {
		n = -errno;
	}
	if (pinned)
		sched_setaffinity(0, sizeof(cpus), &cpus);
	if (pid < 0)
		return err_errno(err, (int)-n, "fork of the parser");
	if (n == -ETIMEDOUT) {
		(void)died(pid, err);
		return err_set(err, ETIMEDOUT, "the parser took longer than %d ms",
			       timeout_ms + had_to_spare - spare_ms);
	}
	if (n != (ssize_t)size)
		return died(pid, err);
	/* it has answered: it ends now, whether it wants to or not, and nobody need wait for that */
	kill(pid, SIGKILL);
	ended = pid;
	if (will_exec)
		reap_ended();
	return 0;
}
