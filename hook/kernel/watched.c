/* SPDX-License-Identifier: Apache-2.0 */
/* Reading what may never come back: files of /proc that wait for another process's mmap lock. */
#include "kernel/watched.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/far_files.h"
#include "base/io.h"
#include "base/text.h"
#include "kernel/privileges.h"
#include "kernel/proc.h"

/* How long one read may sleep: fork() of a large process holds the lock, too. */
#define FIRST_LIMIT_MS 1000
/* Once somebody has been found who holds others up. */
#define NEXT_LIMIT_MS 200
#define SAMPLE_MS     20
/*
 * From the first that is held up on, with twice the time that it had taken until then: all is read
 * anew. Who is not held up takes what he takes.
 */
#define RUN_MAX_MS 40000
/* A process that was left out is tried again after this (--watch), and so many at a time. */
#define FORGET_MS   60000
#define FORGET_MAX  4
#define READERS_MAX 16
/* What is read at once costs its container nothing: most processes, whose cgroup is then not asked for. */
#define FREE_MS 2

struct reader {
	pid_t tid, pid; /* pid: who is being read; 0: nobody */
	int64_t since_ms;
};

/* Shared with the child. */
struct watch_board {
	struct watch_lost lost; /* who holds others up */
	struct watch_cuts cuts; /* whose time was up */
	size_t n_readers;
	struct reader reader[READERS_MAX];
};

static struct watch_board *board;
static bool in_child;
static __thread struct reader *own_slot;
static __thread int64_t entered_ms;
static bool without_budget;
static uint64_t (*group_fn)(pid_t pid);

void watched_group_by(uint64_t (*group_of)(pid_t pid))
{
	group_fn = group_of;
}

uint64_t watched_group(pid_t pid)
{
	char text[PROC_CGROUP_MAX];

	if (group_fn)
		return group_fn(pid);
	if (proc_read_head(pid, "cgroup", text, sizeof(text)) < 0)
		return 0;
	return text_hash(text);
}

const pid_t *watched_lost(size_t *n)
{
	*n = board ? board->lost.n : 0;
	return board ? board->lost.pid : NULL;
}

const struct watched_cut *watched_cuts(size_t *n)
{
	*n = 0;
	return board ? watch_cuts_all(&board->cuts, n) : NULL;
}

bool watched_is_cut(pid_t pid)
{
	return board && board->cuts.n && watch_cuts_have(&board->cuts, watched_group(pid));
}

static bool is_left_out(pid_t pid)
{
	bool budget = board->cuts.n && !without_budget;
	uint64_t group;

	if (watch_lost_has(&board->lost, pid))
		return true;
	if (!board->lost.n_groups && !budget)
		return false;
	group = watched_group(pid);
	return watch_lost_has_group(&board->lost, group) ||
	       (budget && watch_cuts_have(&board->cuts, group));
}

bool watched_enter(pid_t pid)
{
	if (!board)
		return true;
	if ((board->lost.n || board->cuts.n) && is_left_out(pid))
		return false;
	if (!in_child)
		return true;
	if (!own_slot) {
		size_t at = __atomic_fetch_add(&board->n_readers, 1, __ATOMIC_RELAXED);

		if (at >= READERS_MAX)
			return false;
		own_slot = &board->reader[at];
		own_slot->tid = (pid_t)syscall(SYS_gettid);
	}
	watched_goes_on();
	entered_ms = now_ms();
	__atomic_store_n(&own_slot->pid, pid, __ATOMIC_RELEASE);
	return true;
}

void watched_goes_on(void)
{
	if (in_child && own_slot)
		__atomic_store_n(&own_slot->since_ms, now_ms(), __ATOMIC_RELEASE);
}

void watched_without_budget(void)
{
	without_budget = true;
}

void watched_leave(void)
{
	int64_t ms;
	pid_t pid;

	if (!in_child || !own_slot)
		return;
	pid = own_slot->pid;
	ms = now_ms() - entered_ms;
	__atomic_store_n(&own_slot->pid, 0, __ATOMIC_RELEASE);
	if (!without_budget && pid && ms >= FREE_MS)
		watch_cuts_charge(&board->cuts, pid, watched_group(pid), ms);
}

/* One that runs, or waits for a processor, is not held up. */
static bool sleeps(pid_t child, pid_t tid)
{
	struct proc_stat st;

	return proc_thread_stat(child, tid, &st) == 0 && st.state != 'R';
}

/* Is a reader held up? It has to sleep at each of these looks. Leaves out who holds it up. */
static bool is_held_up(pid_t child, int *looks)
{
	int64_t limit = board->lost.n ? NEXT_LIMIT_MS : FIRST_LIMIT_MS;
	bool held_up = false;

	for (size_t i = 0; i < READERS_MAX; i++) {
		struct reader *r = &board->reader[i];
		pid_t pid = __atomic_load_n(&r->pid, __ATOMIC_ACQUIRE);

		if (!pid || !sleeps(child, r->tid))
			looks[i] = 0;
		else if ((int64_t)++looks[i] * SAMPLE_MS >= limit / 2 &&
			 now_ms() - __atomic_load_n(&r->since_ms, __ATOMIC_ACQUIRE) >= limit) {
			watch_lost_add(&board->lost, pid, watched_group(pid));
			held_up = true;
		}
	}
	return held_up;
}

struct watched_answer {
	int result;
	struct error err;
	size_t size;
};

static _Noreturn void child_main(int (*fn)(void *arg, void **data, size_t *size,
					   struct error *err),
				 void *arg, int wr, pid_t parent)
{
	struct watched_answer a = { 0 };
	void *data = NULL;

	in_child = true;
	own_slot = NULL;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	a.result = privileges_only_look(PRIVILEGES_PAGES, &a.err);
	if (a.result == 0)
		a.result = fn(arg, &data, &a.size, &a.err);
	if (write_all(wr, &a, sizeof(a)) < 0 || (a.size && write_all(wr, data, a.size) < 0))
		_exit(1);
	_exit(0);
}

struct answer_buffer {
	char *p;
	size_t n, room;
};

/* 1: more may come; 0: its end; -errno */
static int read_some(int rd, struct answer_buffer *b)
{
	ssize_t got;

	if (b->room - b->n < 65536) {
		size_t room = b->room * 2 + 131072;
		char *p = realloc(b->p, room);

		if (!p)
			return -ENOMEM;
		b->p = p;
		b->room = room;
	}
	got = read(rd, b->p + b->n, b->room - b->n);
	if (got < 0)
		return errno == EINTR ? 1 : -errno;
	b->n += (size_t)got;
	return got > 0;
}

/* 0: the child has ended; -EAGAIN: it was held up; -errno */
static int watch_child(pid_t child, int rd, int64_t deadline, struct answer_buffer *b)
{
	int looks[READERS_MAX] = { 0 };

	for (;;) {
		struct pollfd p = { .fd = rd, .events = POLLIN };
		int r = poll(&p, 1, SAMPLE_MS);

		if (r > 0) {
			r = read_some(rd, b);
			if (r <= 0)
				return r;
		} else if (r < 0 && errno != EINTR) {
			return -errno;
		} else if (r == 0 && is_held_up(child, looks)) {
			return -EAGAIN;
		}
		if (now_ms() > deadline)
			return -ETIMEDOUT;
	}
}

/* SIGKILL ends every wait for an mmap lock. What it does not end is not waited for. */
static void end_child(pid_t child, int rd)
{
	struct pollfd p = { .fd = rd };

	kill(child, SIGKILL);
	(void)poll(&p, 1, NEXT_LIMIT_MS);
	for (int i = 0; i < 10 && waitpid(child, NULL, WNOHANG) == 0; i++)
		usleep(1000);
}

static int run_once(int (*fn)(void *arg, void **data, size_t *size, struct error *err),
		    void *arg, int64_t deadline, struct answer_buffer *b, struct error *err)
{
	pid_t self = getpid(), child;
	int fds[2], r;

	memset(board->reader, 0, sizeof(board->reader));
	watch_cuts_begin(&board->cuts);
	board->n_readers = 0;
	b->n = 0;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_errno(err, errno, "pipe");
	child = fork();
	if (child < 0) {
		r = errno;
		close(fds[0]);
		close(fds[1]);
		return err_errno(err, r, "fork of a reader");
	}
	if (child == 0)
		child_main(fn, arg, fds[1], self);
	close(fds[1]);
	r = watch_child(child, fds[0], deadline, b);
	if (r < 0)
		end_child(child, fds[0]);
	else
		(void)child_wait(child, NULL);
	close(fds[0]);
	if (r < 0 && r != -EAGAIN)
		err_reason(err, REASON_TARGET_UNREADABLE,
			   err_errno(err, -r, "reading the processes of /proc"));
	return r;
}

static bool board_made(void)
{
	far_share_with_children();
	if (!board) {
		void *p = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

		board = p == MAP_FAILED ? NULL : p;
	}
	if (board) {
		watch_lost_forget(&board->lost, FORGET_MS, FORGET_MAX);
		watch_cuts_forget(&board->cuts, FORGET_MS, FORGET_MAX);
	}
	return board;
}

void watched_remember(void)
{
	(void)board_made();
}

int watched_run(int (*fn)(void *arg, void **data, size_t *size, struct error *err), void *arg,
		void **data, size_t *size, struct error *err)
{
	int64_t begun = now_ms(), deadline = INT64_MAX;
	struct answer_buffer b = { 0 };
	struct watched_answer a;
	int r;

	*data = NULL;
	*size = 0;
	if (!board_made())
		return err_set(err, ENOMEM, "out of memory");
	do {
		r = run_once(fn, arg, deadline, &b, err);
		if (deadline == INT64_MAX)
			deadline = now_ms() + RUN_MAX_MS + 2 * (now_ms() - begun);
	} while (r == -EAGAIN);
	if (r == 0 && (!b.p || b.n < sizeof(a)))
		r = err_set(err, EIO, "the process that reads /proc was killed");
	if (r == 0 && b.p) {
		memcpy(&a, b.p, sizeof(a));
		r = a.result;
		*err = a.err;
		*size = b.n - sizeof(a);
		if (r == 0 && a.size != *size)
			r = err_set(err, EIO, "the process that reads /proc was killed");
		memmove(b.p, b.p + sizeof(a), *size);
	}
	if (r < 0) {
		free(b.p);
		*size = 0;
		return r;
	}
	*data = b.p;
	return r;
}
