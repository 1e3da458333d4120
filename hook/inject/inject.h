/* SPDX-License-Identifier: Apache-2.0 */
/* Put a system call into processes of others, so that whatever happens they go on. */
#ifndef KSM_INJECT_H
#define KSM_INJECT_H

#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "inject/inject_call.h"
#include "inject/inject_target.h"

/* At most this many calls in one stop of the target. */
#define INJECT_CALLS_MAX 32

/*
 * Let one thread of each target make the calls, in a process of its own that neither a
 * signal to this one's group nor this one's end can interrupt half-way. Returns when all
 * targets are through or after timeout_ms for each (twice that while a target executes a
 * call); 0 when the attempt was made, with result and err of each target filled in, else
 * -errno with err.
 *
 * The results per target: -ESRCH it has ended; -EPERM we may not trace it; -EACCES it is
 * under seccomp, which cannot be suspended; -ETIMEDOUT it did not enter the kernel in time
 * (frozen, or busy in user space); -EBUSY it waits within the call for its own mmap lock, and
 * a tracer stays with it until it gets that; -EINVAL the kernel does not know the call; what else
 * the call returned.
 *
 * What a target sees: a blocking call that it was in goes on as if nothing had happened,
 * but for epoll_wait, sigtimedwait and the like, which return EINTR as after a stop and
 * continue (signal(7)).
 */
int inject_run(struct inject_target *targets, size_t n, const struct inject_call *calls,
	       size_t n_calls, int timeout_ms, struct error *err);

/*
 * The same for callers who can wait while targets execute their calls (unmerging copies
 * memory): wait_ms longer, for all together.
 */
int inject_run_patiently(struct inject_target *targets, size_t n,
			 const struct inject_call *calls, size_t n_calls, int timeout_ms,
			 int wait_ms, struct error *err);

#endif
