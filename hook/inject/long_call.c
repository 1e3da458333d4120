/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A call that a target does not come back from: the tracer stays with it, a child goes on.
 *
 * prctl(PR_SET_MEMORY_MERGE) and madvise() take the target's mmap lock for writing, and only
 * SIGKILL ends their wait for it. A process whose other thread keeps the lock (a fault on a file
 * of FUSE or NFS that is not answered) is held up in our call for as long. Whoever left it now
 * would leave it with the result of our call in place of its own. A tracee cannot be handed
 * over, so its tracer stays, and the rest goes to a child.
 */
#include "inject/long_call.h"

#include <errno.h>
#include <stdint.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "inject/tracee.h"
#include "kernel/proc.h"

/* fork() of a large process holds the lock, too; and so long the first one is waited for. */
#define FIRST_LIMIT_MS 1000
/* Once somebody has been found who does not come back. */
#define NEXT_LIMIT_MS 200
#define SAMPLE_MS     20
#define REAP_MS       1000

static int tracer_wr = -1;
static pid_t relief; /* the child that goes on */
static int n_held_up;

void long_call_begin(int wr)
{
	tracer_wr = wr;
}

bool long_call_is_relieved(void)
{
	return relief > 0;
}

void long_call_go_on_in_a_child(void)
{
	const struct timespec nap = { .tv_nsec = 100000 };
	pid_t parent = getpid();
	int64_t deadline = now_ms() + 1000;

	if (fork() > 0)
		_exit(0);
	/* exit_notify() of the kernel frees tracees first, then passes children on */
	while (getppid() == parent && now_ms() < deadline)
		nanosleep(&nap, NULL);
}

/*
 * Does it sleep, and has not woken since the last look? Unmerging copies page after page, and
 * where it waits (for memory, for swapped pages) it wakes again and again.
 */
static bool sleeps_on(pid_t in_proc, int64_t *switches)
{
	int64_t before = *switches;
	struct proc_stat st;

	*switches = proc_status_field(in_proc, "voluntary_ctxt_switches");
	return proc_stat(in_proc, &st) == 0 && st.state != 'R' && *switches >= 0 &&
	       *switches == before;
}

int long_call_wait(pid_t tid, pid_t in_proc, int *status)
{
	int64_t since = now_ms(), switches = -1;
	int r;

	while ((r = tracee_wait(tid, now_ms() + SAMPLE_MS, status)) == -ETIMEDOUT) {
		if (!sleeps_on(in_proc, &switches))
			since = now_ms();
		if (now_ms() - since < (n_held_up ? NEXT_LIMIT_MS : FIRST_LIMIT_MS))
			continue;
		relief = fork();
		if (relief == 0) {
			n_held_up++;
			return LONG_CALL_HELD_UP;
		}
		break;
	}
	if (r != -ETIMEDOUT)
		return r;
	if (relief > 0)
		close(tracer_wr);
	while ((r = tracee_wait(tid, now_ms() + REAP_MS, status)) == -ETIMEDOUT) {
		if (relief > 0)
			(void)waitpid(relief, NULL, WNOHANG);
	}
	return r;
}
