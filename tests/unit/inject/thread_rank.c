/* SPDX-License-Identifier: Apache-2.0 */
/* Which thread is stopped: by tables of each ABI, and by real threads. */
#include "inject/thread_rank.h"

#include <linux/audit.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macros.h"
#include "check.h"
#include "inject/inject_arch.h"

#ifdef __aarch64__
#define A64 AUDIT_ARCH_AARCH64
#define ARM AUDIT_ARCH_ARM
#else
#define X86_64 AUDIT_ARCH_X86_64
#define I386   AUDIT_ARCH_I386
#define X32    0x40000000u
#endif

/* The commands of futex(2), with FUTEX_PRIVATE_FLAG and FUTEX_CLOCK_REALTIME */
#define WAIT        (0 | 128)
#define LOCK_PI     (6 | 128)
#define WAIT_BITSET (9 | 128 | 256)

static void tables(void)
{
	static const struct {
		const char *name;
		uint32_t arch;
		uint64_t nr, arg2;
		enum thread_rank rank;
	} list[] = {
#ifdef __aarch64__
		{ "ppoll", A64, 73, 1, THREAD_BEST },
		{ "nanosleep", A64, 101, 0, THREAD_BEST },
		{ "clock_nanosleep", A64, 115, 0, THREAD_BEST },
		{ "a lock", A64, 98, WAIT, THREAD_FRAGILE },
		{ "a priority lock", A64, 98, LOCK_PI, THREAD_FRAGILE },
		{ "a condition", A64, 98, WAIT_BITSET, THREAD_BEST },
		{ "epoll_pwait", A64, 22, 0, THREAD_FRAGILE },
		{ "epoll_pwait2", A64, 441, 0, THREAD_FRAGILE },
		{ "rt_sigtimedwait", A64, 137, 0, THREAD_FRAGILE },
		{ "read", A64, 63, 0, THREAD_BLOCKED },
		{ "restart_syscall", A64, 128, 0, THREAD_RESTARTED },
		{ "io_setup", A64, 0, 0, THREAD_BLOCKED },
		{ "ARM poll", ARM, 168, 1, THREAD_BEST },
		{ "ARM ppoll_time64", ARM, 414, 1, THREAD_BEST },
		{ "ARM clock_nanosleep", ARM, 265, 1, THREAD_BEST },
		{ "ARM lock", ARM, 240, WAIT, THREAD_FRAGILE },
		{ "ARM lock, 64-bit time", ARM, 422, WAIT, THREAD_FRAGILE },
		{ "ARM condition", ARM, 422, WAIT_BITSET, THREAD_BEST },
		{ "ARM epoll_wait", ARM, 252, 0, THREAD_FRAGILE },
		{ "ARM restart_syscall", ARM, 0, 0, THREAD_RESTARTED },
		{ "ARM read", ARM, 3, 0, THREAD_BLOCKED },
		{ "ARM chroot", ARM, 61, 0, THREAD_BLOCKED },
		{ "ARM setfsuid", ARM, 98, WAIT, THREAD_BLOCKED },
#else
		{ "poll", X86_64, 7, 1, THREAD_BEST },
		{ "nanosleep", X86_64, 35, 0, THREAD_BEST },
		{ "x32 poll", X86_64, X32 | 7, 1, THREAD_BEST },
		{ "a lock", X86_64, 202, WAIT, THREAD_FRAGILE },
		{ "x32 lock", X86_64, X32 | 202, WAIT, THREAD_FRAGILE },
		{ "a priority lock", X86_64, 202, LOCK_PI, THREAD_FRAGILE },
		{ "a condition", X86_64, 202, WAIT_BITSET, THREAD_BEST },
		{ "no command of futex", X86_64, 202, WAIT_BITSET | 64, THREAD_FRAGILE },
		{ "epoll_wait", X86_64, 232, 0, THREAD_FRAGILE },
		{ "epoll_pwait2", X86_64, 441, 0, THREAD_FRAGILE },
		{ "x32 rt_sigtimedwait", X86_64, X32 | 523, 0, THREAD_FRAGILE },
		{ "read", X86_64, 0, 0, THREAD_BLOCKED },
		{ "restart_syscall", X86_64, 219, 0, THREAD_RESTARTED },
		{ "mq_open", X86_64, 240, 0, THREAD_BLOCKED },
		{ "swapoff", X86_64, 168, 0, THREAD_BLOCKED },
		{ "i386 poll", I386, 168, 1, THREAD_BEST },
		{ "i386 ppoll_time64", I386, 414, 1, THREAD_BEST },
		{ "i386 clock_nanosleep_time64", I386, 407, 1, THREAD_BEST },
		{ "i386 lock", I386, 240, WAIT, THREAD_FRAGILE },
		{ "i386 lock, 64-bit time", I386, 422, WAIT, THREAD_FRAGILE },
		{ "i386 condition", I386, 422, WAIT_BITSET, THREAD_BEST },
		{ "i386 epoll_wait", I386, 256, 0, THREAD_FRAGILE },
		{ "i386 restart_syscall", I386, 0, 0, THREAD_RESTARTED },
		{ "i386 read", I386, 3, 0, THREAD_BLOCKED },
		{ "i386 waitpid", I386, 7, 0, THREAD_BLOCKED },
		{ "i386 getegid32", I386, 202, WAIT, THREAD_BLOCKED },
#endif
	};

	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		check_case = list[i].name;
		CHECK_INT(thread_rank_at_entry(list[i].arch, list[i].nr, list[i].arg2),
			  list[i].rank);
	}
	check_case = "";
}

/* A line of /proc: the call, its arguments, the stack and the instruction, of either ABI. */
static void lines(void)
{
	static const struct {
		const char *text;
		enum thread_rank rank;
	} list[] = {
#define ARGS   " 0x0 0x0 0x0 0x0 "
#define NATIVE "0x7ffc00001000 0x7f3300001000"
#define COMPAT "0xff8e1230 0xf7f1a559"
#ifdef __aarch64__
		{ "73 0x1 0x1" ARGS "0xffffc0001000 0xffff83001000", THREAD_BEST },
		{ "98 0x1 0x189" ARGS "0xffffc0001000 0xffff83001000", THREAD_BEST },
		{ "98 0x1 0x80" ARGS "0xffffc0001000 0xffff83001000", THREAD_FRAGILE },
		{ "101 0x1 0x1" ARGS "0xffffc0001000 0x401000", THREAD_BEST },
		{ "0 0x1 0x1" ARGS "0xffffc0001000 0xffff83001000", THREAD_BLOCKED },
		{ "0 0x1 0x1" ARGS COMPAT, THREAD_RESTARTED },
		{ "168 0x1 0x1" ARGS COMPAT, THREAD_BEST },
#else
		{ "7 0x1 0x1" ARGS NATIVE, THREAD_BEST },
		{ "35 0x1 0x1" ARGS NATIVE, THREAD_BEST },
		{ "202 0x1 0x189" ARGS NATIVE, THREAD_BEST },
		{ "202 0x1 0x80" ARGS NATIVE, THREAD_FRAGILE },
		{ "202 0x189 0x80 0x189 0x189 0x189 0x189 " NATIVE, THREAD_FRAGILE },
		{ "0 0x1 0x1" ARGS NATIVE, THREAD_BLOCKED },
		{ "0 0x1 0x1" ARGS COMPAT, THREAD_RESTARTED },
		{ "168 0x1 0x1" ARGS COMPAT, THREAD_BEST },
		/* one of the two tells */
		{ "7 0x1 0x1" ARGS "0x7ffc00001000 0x401000", THREAD_BEST },
		{ "7 0x1 0x1" ARGS "0x40001000 0x7f3300001000", THREAD_BEST },
		{ "7 0x1 0x1" ARGS "0x40001000 0x401000", THREAD_BLOCKED },
#endif
		/* a page fault: no call, and no arguments */
		{ "-1 0x7ffc00001000 0x401000", THREAD_BLOCKED },
	};

	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		check_case = list[i].text;
		CHECK_INT(thread_rank_of_line(list[i].text), list[i].rank);
	}
	check_case = "";
}

static void guesses(void)
{
#ifdef __aarch64__
	CHECK_INT(arch_guess(168, 0xff8e1230, 0xf7f1a559), ARM);
	CHECK_INT(arch_guess(73, 0xffffc0001000, 0xffff83001000), A64);
	/* not position independent */
	CHECK_INT(arch_guess(73, 0xffffc0001000, 0x401000), A64);
#else
	CHECK_INT(arch_guess(168, 0xff8e1230, 0xf7f1a559), I386);
	CHECK_INT(arch_guess(7, 0x7ffc00001000, 0x7f3300001000), X86_64);
	/* not position independent, or a stack below 4 GiB: one of the two tells */
	CHECK_INT(arch_guess(7, 0x7ffc00001000, 0x401000), X86_64);
	CHECK_INT(arch_guess(7, 0x40001000, 0x7f3300001000), X86_64);
	CHECK_INT(arch_guess(X32 | 7, 0xff8e1230, 0xf7f1a559), X86_64);
#endif
}

static void *spins(void *arg)
{
	volatile bool *stop = arg;

	prctl(PR_SET_NAME, "spins");
	while (!*stop)
		;
	return NULL;
}

/* Not by pause(): aarch64 has none, and C libraries poll there. */
static void *pauses(void *arg)
{
	sigset_t none;

	(void)arg;
	sigemptyset(&none);
	prctl(PR_SET_NAME, "pauses");
	for (;;)
		sigsuspend(&none);
	return NULL;
}

static void *polls(void *arg)
{
	(void)arg;
	prctl(PR_SET_NAME, "polls");
	for (;;)
		poll(NULL, 0, -1);
	return NULL;
}

/* The name of the thread that is chosen becomes this within a second; and it is not that one. */
static void check_chosen(pid_t pid, struct thread_choice *c, const char *name, pid_t not )
{
	char path[64], text[32] = "";

	check_case = name;
	for (int i = 0; i < 1000 && (strcmp(text, name) != 0 || c->tid == not ); i++) {
		FILE *f;

		usleep(1000);
		if (thread_choose(pid, c) < 0)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%d/comm", pid, c->tid);
		f = fopen(path, "re");
		if (f && fscanf(f, "%31s", text) != 1)
			text[0] = '\0';
		if (f)
			fclose(f);
	}
	CHECK_TEXT(text, name);
	CHECK(c->tid != not );
	check_case = "";
}

/* A leader that is gone, a thread that runs, one that waits, two that poll. */
static void real_threads(void)
{
	static volatile bool stop;
	struct thread_choice c = { 0 };
	pid_t first, pid = fork();

	if (pid == 0) {
		pthread_t t;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pthread_create(&t, NULL, spins, (void *)&stop);
		pthread_create(&t, NULL, pauses, NULL);
		pthread_create(&t, NULL, polls, NULL);
		pthread_create(&t, NULL, polls, NULL);
		syscall(SYS_exit, 0);
	}
	check_chosen(pid, &c, "polls", 0);
	CHECK_INT(c.rank, THREAD_BEST);
	c.refused[c.n_refused++] = first = c.tid;
	/* the other one that polls; and again one that was refused before one that only waits */
	check_chosen(pid, &c, "polls", first);
	/* each of those that are refused counts */
	c.refused[0] = 1;
	c.refused[c.n_refused++] = first;
	check_chosen(pid, &c, "polls", first);
	c.refused[0] = c.tid;
	check_chosen(pid, &c, "polls", 0);
	CHECK_INT(c.rank, THREAD_BEST);
	/* what stands behind those that are counted is none */
	c.n_refused = 0;
	c.refused[0] = 0;
	check_chosen(pid, &c, "polls", 0);
	c.refused[0] = first = c.tid;
	CHECK_INT(thread_choose(pid, &c), 0);
	CHECK_INT(c.tid, first);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	CHECK_INT(thread_choose(pid, &c), -ESRCH);
}

/* There is no choice: what is said of the only thread is still true. */
static void only_thread(void)
{
	struct thread_choice c = { .cpu = -1 };
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	CHECK_INT(thread_choose(pid, &c), 0);
	CHECK_INT(c.tid, pid);
	CHECK_INT(c.rank, THREAD_FRAGILE);
	CHECK(c.cpu >= 0 && c.cpu < sysconf(_SC_NPROCESSORS_CONF));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

int main(void)
{
	RUN(only_thread);
	RUN(tables);
	RUN(lines);
	RUN(guesses);
	RUN(real_threads);
	return check_end();
}
