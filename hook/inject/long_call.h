/* SPDX-License-Identifier: Apache-2.0 */
/* A call that a target does not come back from: the tracer stays with it, a child goes on. */
#ifndef KSM_LONG_CALL_H
#define KSM_LONG_CALL_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * All of this is for the tracer's process (inject.c). wr: what it reports by, whose last copy is closed
 * when all targets are through.
 */
void long_call_begin(int wr);

/*
 * Wait for the exit stop of a thread (of in_proc below /proc) that makes a call of ours; status
 * as of waitpid(). 0; -ESRCH: it has ended; LONG_CALL_HELD_UP: it sleeps in the call, for how long
 * nobody knows, and this is now a child of the tracer, to go on with the other targets. The
 * tracer itself gets 0 or -ESRCH when it is over, and has been relieved.
 */
#define LONG_CALL_HELD_UP 1
int long_call_wait(pid_t tid, pid_t in_proc, int *status);

/* Only to let its target go, and to end. */
bool long_call_is_relieved(void);

/* Only this process's end frees its target: a child goes on with the others, after that. */
void long_call_go_on_in_a_child(void);

#endif
