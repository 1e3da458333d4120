/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a child. */
#ifndef KSM_CHILD_H
#define KSM_CHILD_H

#include <sys/types.h>

/*
 * Wait until the child has ended, whatever signals are handled meanwhile. Its status, as of
 * waitpid(2), goes to *status unless that is NULL. Returns 0, or -errno: -ECHILD, it is none of
 * ours, or nobody waits for it since SIGCHLD is ignored.
 */
int child_wait(pid_t pid, int *status);

#endif
