/* SPDX-License-Identifier: Apache-2.0 */
/* What is read from /proc, on real children with names that try to mislead. */
#include "kernel/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/times.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/macros.h"
#include "check.h"

/* A child with that name, waiting for its end. */
static pid_t child(const char *name)
{
	int ready[2];
	char c;
	pid_t pid;

	if (pipe(ready) < 0)
		abort();
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, name);
		close(ready[0]);
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		close(ready[1]);
		for (;;)
			pause();
	}
	close(ready[1]);
	CHECK(read(ready[0], &c, 1) == 1);
	close(ready[0]);
	return pid;
}

static void reap(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static char state_of(pid_t pid)
{
	struct proc_stat st = { 0 };

	return proc_stat(pid, &st) == 0 ? st.state : '?';
}

static void wait_for_state(pid_t pid, char state)
{
	for (int i = 0; i < 2000 && state_of(pid) != state; i++)
		usleep(1000);
	CHECK_INT(state_of(pid), state);
}

static void names(void)
{
	/* TASK_COMM_LEN leaves 15 bytes */
	static const char *const list[] = {
		"plain",     "with space",
		")",         "((((((((((((((",
		"a) Z 1 (b", "x) Z 0 0 0 0",
		"\n",        "a\nb) R 1",
		") ",        "",
		"\xff\xfe)", "))))))))))))))))",
	};

	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		pid_t pid = child(list[i]);
		struct proc_stat st;

		check_case = list[i];
		wait_for_state(pid, 'S');
		memset(&st, 0xff, sizeof(st));
		st.kernel_thread = true;
		CHECK_INT(proc_stat(pid, &st), 0);
		CHECK_INT(st.ppid, getpid());
		CHECK_INT(st.threads, 1);
		CHECK(!st.kernel_thread);
		CHECK(st.cpu >= 0 && st.cpu < sysconf(_SC_NPROCESSORS_CONF));
		CHECK_INT(proc_seccomp(pid), proc_seccomp(getpid()));
		reap(pid);
		CHECK_INT(proc_stat(pid, &st), -ESRCH);
		CHECK(proc_seccomp(pid) < 0);
	}
	check_case = "";
}

static void states(void)
{
	pid_t pid = child("victim");
	pid_t tid = 0;

	kill(pid, SIGSTOP);
	wait_for_state(pid, 'T');
	kill(pid, SIGCONT);
	wait_for_state(pid, 'S');
	CHECK_INT(proc_live_thread(pid, &tid), 0);
	CHECK_INT(tid, pid);
	kill(pid, SIGKILL);
	wait_for_state(pid, 'Z');
	CHECK_INT(proc_live_thread(pid, &tid), -ESRCH);
	waitpid(pid, NULL, 0);
	CHECK_INT(proc_live_thread(pid, &tid), -ESRCH);
}

static void kernel_threads(void)
{
	struct proc_stat st;

	CHECK_INT(proc_stat(1, &st), 0);
	CHECK(!st.kernel_thread);
	/* in a pid namespace of our own there are none to look at */
	if (proc_stat(2, &st) == 0 && st.ppid == 0)
		CHECK(st.kernel_thread);
	CHECK_INT(proc_stat(0x7fffffff, &st), -ESRCH);
	CHECK_INT(proc_stat(0, &st), -ESRCH);
	CHECK_INT(proc_stat(-1, &st), -ESRCH);
}

static void *sleep_in_pause(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

/* Of a leader that is gone, another thread; and threads are found in their own process only. */
static void threads(void)
{
	struct proc_stat st;
	int ready[2];
	pid_t pid, tid = 0;
	char c;

	CHECK(pipe(ready) == 0);
	pid = fork();
	if (pid == 0) {
		pthread_t t;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pthread_create(&t, NULL, sleep_in_pause, NULL);
		(void)write_all(ready[1], "", 1);
		syscall(SYS_exit, 0);
	}
	CHECK(read(ready[0], &c, 1) == 1);
	wait_for_state(pid, 'Z');
	CHECK_INT(proc_live_thread(pid, &tid), 0);
	CHECK(tid > 0 && tid != pid);
	CHECK_INT(proc_thread_stat(pid, tid, &st), 0);
	CHECK(st.state != 'Z');
	CHECK_INT(proc_thread_stat(getpid(), tid, &st), -ESRCH);
	close(ready[0]);
	close(ready[1]);
	reap(pid);
	CHECK_INT(proc_thread_stat(pid, tid, &st), -ESRCH);
}

static void fields(void)
{
	static const char text[] = "Name:\tx\nVmRSS:\t  123 kB\nRss: 9\nSeccomp:\t2\nNeg:\t-5\n"
				   "Seccomp_filters:\t1\nEnd:\t7";

	CHECK_INT(proc_field(text, "VmRSS"), 123);
	CHECK_INT(proc_field(text, "Rss"), 9);
	CHECK_INT(proc_field(text, "Seccomp"), 2);
	CHECK_INT(proc_field(text, "Seccomp_filters"), 1);
	CHECK_INT(proc_field(text, "Neg"), -5);
	CHECK_INT(proc_field(text, "End"), 7);
	CHECK_INT(proc_field(text, "Vm"), -1);
	CHECK_INT(proc_field(text, "SS"), -1);
	CHECK_INT(proc_field("", "x"), -1);
	CHECK_INT(proc_field("\n\n", "x"), -1);
}

static void reading(void)
{
	char small[16], buf[4096];

	CHECK_INT(proc_read(getpid(), "stat", small, sizeof(small)), -EFBIG);
	CHECK(proc_read(getpid(), "stat", buf, sizeof(buf)) > 50);
	CHECK(proc_read(getpid(), "no-such-file", buf, sizeof(buf)) < 0);
	CHECK_INT(proc_read(0x7fffffff, "stat", buf, sizeof(buf)), -ENOENT);
}

/* As much as there is room for, in one read, and as it is read to its end. */
static void once(void)
{
	char small[16], buf[1024], all[1024];
	pid_t pid = child("once");
	ssize_t n;

	wait_for_state(pid, 'S');
	n = proc_read(pid, "stat", all, sizeof(all));
	CHECK(n > 50);
	memset(buf, 'x', sizeof(buf));
	CHECK_INT(proc_read_once(pid, "stat", buf, sizeof(buf)), n);
	CHECK_TEXT(buf, all);
	CHECK_INT(proc_read_once(pid, "stat", small, sizeof(small)), sizeof(small) - 1);
	CHECK_INT(strlen(small), sizeof(small) - 1);
	CHECK(strncmp(all, small, sizeof(small) - 1) == 0);
	CHECK_INT(proc_read_once(pid, "stat", buf, (size_t)n + 1), n);
	CHECK_TEXT(buf, all);
	CHECK_INT(proc_read_once(pid, "no-such-file", buf, sizeof(buf)), -ENOENT);
	/* a link is none of the kernel's */
	CHECK_INT(proc_read_once(pid, "exe", buf, sizeof(buf)), -ELOOP);
	CHECK_INT(proc_read_once(pid, "task", buf, sizeof(buf)), -EISDIR);
	kill(pid, SIGKILL);
	wait_for_state(pid, 'Z');
	CHECK(proc_read_once(pid, "stat", buf, sizeof(buf)) > 50);
	waitpid(pid, NULL, 0);
	CHECK_INT(proc_read_once(pid, "stat", buf, sizeof(buf)), -ENOENT);
}

static uint64_t ticks_now(void)
{
	struct tms t;

	times(&t);
	return (uint64_t)(t.tms_utime + t.tms_stime);
}

static uint64_t uptime_ticks(void)
{
	struct timespec t;
	uint64_t hz = (uint64_t)sysconf(_SC_CLK_TCK);

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * hz + (uint64_t)t.tv_nsec * hz / 1000000000;
}

/* The numbers of our own are those that the kernel tells by calls as well. */
static void numbers(void)
{
	uint64_t before, user, start = uptime_ticks();
	struct proc_stat st, later;
	struct rusage usage;
	struct tms t;
	pid_t pid;

	/* some of both kinds of time */
	do {
		for (volatile int i = 0; i < 100000; i++)
			;
		for (int i = 0; i < 1000; i++)
			(void)syscall(SYS_getppid);
		times(&t);
	} while (t.tms_utime < 4 || t.tms_stime < 4);
	before = ticks_now();
	getrusage(RUSAGE_SELF, &usage);
	CHECK_INT(proc_stat(getpid(), &st), 0);
	user = ticks_now();
	/* the kernel rounds the sum, and each of the two */
	CHECK(st.cpu_ticks + 2 >= before && st.cpu_ticks <= user + 2);
	CHECK(st.faults >= (uint64_t)usage.ru_minflt);
	getrusage(RUSAGE_SELF, &usage);
	CHECK(st.faults <= (uint64_t)usage.ru_minflt);
	pid = child("young");
	CHECK_INT(proc_stat(pid, &later), 0);
	CHECK(later.start + 1 >= start && later.start <= uptime_ticks() + 1);
	CHECK(st.start < later.start && st.start + 1000 > start);
	reap(pid);
	CHECK_INT(proc_seccomp(getpid()), prctl(PR_GET_SECCOMP));
}

static void parents(void)
{
	pid_t number = 0;
	bool outer = true;

	CHECK_INT(proc_parent(&number, &outer), 0);
	CHECK_INT(number, getppid());
	CHECK(!outer);
	/* whatever digits our own number has */
	for (int i = 0, found = 0; i < 1000 && found != 0x3ff; i++) {
		pid_t pid = fork();
		int status = -1;

		if (pid == 0)
			_exit(proc_parent(&number, &outer) != 0 || outer ||
			      number != getppid());
		waitpid(pid, &status, 0);
		CHECK_INT(status, 0);
		for (; pid; pid /= 10)
			found |= 1 << pid % 10;
	}
}

/* A process that may only read and write, and numbers that can be pinned or not. */
static void modes(void)
{
	int end[2] = { -1, -1 }, ready[2] = { -1, -1 }, fd = proc_pin(getpid());
	pid_t pid;
	char c;

	CHECK(fd >= 0 && fcntl(fd, F_GETFD) >= 0);
	close(fd);
	CHECK_INT(proc_pin(0x7fffffff), -ESRCH);
	CHECK_INT(proc_pin(-1), -ESRCH);
	CHECK(pipe(end) == 0 && pipe(ready) == 0);
	pid = fork();
	if (pid == 0) {
		close(end[1]);
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
		if (write(ready[1], "", 1) == 1)
			(void)!read(end[0], &c, 1);
		syscall(SYS_exit, 0);
	}
	CHECK_INT(read(ready[0], &c, 1), 1);
	CHECK_INT(proc_seccomp(pid), SECCOMP_MODE_STRICT);
	close(end[0]);
	close(end[1]);
	close(ready[0]);
	close(ready[1]);
	waitpid(pid, NULL, 0);
}

/* A line of groups, and a name with a line in it, hide nothing. */
static void long_status(void)
{
	char text[4096], uid[64], cut[6];
	gid_t group[4000], before[64];
	int groups = getgroups(ARRAY_SIZE(before), before);
	pid_t pid;

	if (geteuid() != 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(group); i++)
		group[i] = 1000000 + (gid_t)i;
	CHECK_INT(setgroups(ARRAY_SIZE(group), group), 0);
	pid = child("x\nSeccomp:\t7");
	CHECK_INT(setgroups(0, NULL), 0);
	CHECK_INT(proc_read(pid, "status", text, sizeof(text)), -EFBIG);
	CHECK_INT(proc_read_head(pid, "status", text, sizeof(text)), (int)sizeof(text) - 1);
	CHECK_INT(strlen(text), sizeof(text) - 1);
	CHECK_HAS(text, "\nUid:\t0");
	CHECK_INT(proc_seccomp(pid), prctl(PR_GET_SECCOMP));
	CHECK_INT(proc_status_field(pid, "TracerPid"), 0);
	CHECK_INT(proc_status_field(pid, "Nothing"), -ENODATA);
	CHECK_INT(proc_status_line(pid, "Uid", uid, sizeof(uid)), strlen("0\t0\t0\t0"));
	CHECK_TEXT(uid, "0\t0\t0\t0");
	CHECK_INT(proc_status_line(pid, "Uid", cut, sizeof(cut)), strlen("0\t0\t0\t0"));
	CHECK_TEXT(cut, "0\t0\t0");
	CHECK_INT(proc_status_line(pid, "Nothing", uid, sizeof(uid)), -ENODATA);
	reap(pid);
	/* our own */
	CHECK_INT(setgroups(ARRAY_SIZE(group), group), 0);
	parents();
	CHECK_INT(setgroups(groups < 0 ? 0 : (size_t)groups, before), 0);
	CHECK(proc_status_field(pid, "TracerPid") < 0);
}

int main(void)
{
	RUN(modes);
	RUN(numbers);
	RUN(parents);
	RUN(names);
	RUN(states);
	RUN(kernel_threads);
	RUN(threads);
	RUN(fields);
	RUN(reading);
	RUN(once);
	RUN(long_status);
	return check_end();
}
