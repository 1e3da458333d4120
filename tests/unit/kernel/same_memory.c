/* SPDX-License-Identifier: Apache-2.0 */
/* Who shares an address space is told from who was forked, and from who has ended. */
#include "kernel/same_memory.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macros.h"
#include "check.h"

/* Address spaces, and processes of each: none is looked at by others. */
#define SPACES 8
#define EACH   5
#define ALL    ((size_t)SPACES * EACH)

/* A child with CLONE_VM runs on the same memory: it touches nothing. */
static int pause_for_ever(void *arg)
{
	(void)arg;
	for (;;)
		syscall(SYS_ppoll, NULL, 0, NULL, NULL, 0);
	return 0;
}

/* So many processes of one address space, all of them ours. */
static void start_space(pid_t *pid, size_t n)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		abort();
	pid[0] = fork();
	if (pid[0] == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (size_t i = 1; i < n; i++) {
			const size_t size = 65536;
			char *stack = mmap(NULL, size, PROT_READ | PROT_WRITE,
					   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			pid_t other;

			if (stack == MAP_FAILED)
				_exit(1);
			other = clone(pause_for_ever, stack + size,
				      CLONE_VM | CLONE_PARENT | SIGCHLD, NULL);
			if (write(fds[1], &other, sizeof(other)) != sizeof(other))
				_exit(1);
		}
		close(fds[1]);
		for (;;)
			pause();
	}
	close(fds[1]);
	for (size_t i = 1; i < n; i++) {
		if (read(fds[0], &pid[i], sizeof(*pid)) != sizeof(*pid) || pid[i] <= 0)
			abort();
	}
	close(fds[0]);
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

struct sharing {
	bool shares[ALL];
	size_t n;
};

static void note(void *arg, size_t index)
{
	struct sharing *s = arg;

	s->shares[index] = true;
	s->n++;
}

/* The processes take turns, so that none is beside one of its own. */
static void one_of_each_counts(void)
{
	pid_t pid[SPACES][EACH];
	struct memory_user u[ALL];
	struct sharing s = { .n = 0 };

	for (size_t i = 0; i < SPACES; i++)
		start_space(pid[i], EACH);
	for (size_t i = 0; i < ALL; i++)
		u[i] = (struct memory_user){ pid[i % SPACES][i / SPACES], 1, i, false };
	CHECK_INT(same_memory_find(u, ALL, note, &s), 0);
	CHECK(s.n == ALL - SPACES);
	for (size_t i = 0; i < ALL; i++)
		CHECK(s.shares[i] == (i >= SPACES));
	/* of whom not all is known counts last */
	s = (struct sharing){ .n = 0 };
	for (size_t i = 0; i < ALL; i++)
		u[i] = (struct memory_user){ pid[i % SPACES][i / SPACES], 1, i,
					     i / SPACES != EACH - 1 };
	CHECK_INT(same_memory_find(u, ALL, note, &s), 0);
	for (size_t i = 0; i < ALL; i++)
		CHECK(s.shares[i] == (i / SPACES != EACH - 1));
	/* whoever is in another container has to count there: nobody is compared with others' */
	s = (struct sharing){ .n = 0 };
	for (size_t i = 0; i < ALL; i++)
		u[i] = (struct memory_user){ pid[i % SPACES][i / SPACES], i / SPACES, i,
					     false };
	CHECK_INT(same_memory_find(u, ALL, note, &s), 0);
	CHECK_INT(s.n, 0);
	for (size_t i = 0; i < ALL; i++)
		end(pid[i % SPACES][i / SPACES]);
}

/* Numbers of nobody anywhere among them change nothing for the others. */
static void who_has_ended(void)
{
	enum { GONE = 7 };
	struct memory_user u[EACH + GONE];
	struct sharing s = { .n = 0 };
	pid_t pid[EACH], gone[GONE];
	size_t n = 0;

	start_space(pid, EACH);
	for (size_t i = 0; i < GONE; i++) {
		gone[i] = fork();
		if (gone[i] == 0)
			_exit(0);
		waitpid(gone[i], NULL, 0);
	}
	for (size_t i = 0; i < GONE; i++) {
		u[n] = (struct memory_user){ gone[i], 1, n, false };
		n++;
		if (i >= EACH)
			continue;
		u[n] = (struct memory_user){ pid[i], 1, n, false };
		n++;
	}
	CHECK_INT(same_memory_find(u, n, note, &s), 0);
	CHECK_INT(s.n, EACH - 1);
	CHECK(!s.shares[1] && s.shares[3] && s.shares[5] && s.shares[7] && s.shares[9]);
	for (size_t i = 0; i < EACH; i++)
		end(pid[i]);
}

static void nobody(void)
{
	struct memory_user u = { getpid(), 1, 0, false };
	struct sharing s = { .n = 0 };

	CHECK_INT(same_memory_find(&u, 0, note, &s), 0);
	CHECK_INT(same_memory_find(&u, 1, note, &s), 0);
	CHECK_INT(s.n, 0);
}

int main(void)
{
	/* the control: there is kcmp(2) */
	CHECK_INT(syscall(SYS_kcmp, getpid(), getpid(), 1, 0, 0), 0);
	RUN(one_of_each_counts);
	RUN(who_has_ended);
	RUN(nobody);
	return check_end();
}
