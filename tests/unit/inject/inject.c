/* SPDX-License-Identifier: Apache-2.0 */
/* Who stops waiting for the tracer. All else of it is tested on processes of every kind: tests/inject. */
#include "inject/inject.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "inject/targets.h"
#include "kernel/proc.h"
#include "kernel/process.h"

/* Nobody waits any longer: whose turn it was not gets no call behind the caller's back. */
static void given_up(void)
{
	enum { ALL = 8, WAIT_MS = 200 };
	const struct inject_call call = { PR_SET_MEMORY_MERGE, 1 };
	struct inject_target t[ALL];
	struct error err;
	int merged = 0;

	for (int i = 0; i < ALL; i++) {
		t[i] = (struct inject_target){ .pid = i ? start() : start_stuck() };
		t[i].pidfd = proc_pin(t[i].pid);
	}
	CHECK_INT(inject_run_patiently(t, ALL, &call, 1, 1000, WAIT_MS - ALL * 1000 * 2, &err),
		  -ETIMEDOUT);
	/* the tracer's end, behind that of the time for the first */
	CHECK(wait(NULL) > 0);
	for (int i = 0; i < ALL; i++) {
		CHECK_INT(t[i].result, -EINTR);
		merged += is_mergeable(t[i].pid);
		close(t[i].pidfd);
		end(t[i].pid);
	}
	CHECK_INT(merged, 0);
}

int main(void)
{
	RUN(given_up);
	return check_end();
}
