/* SPDX-License-Identifier: Apache-2.0 */
/* One target: choose a thread, stop it, have it make the calls, let it go. */
#ifndef KSM_ONE_TARGET_H
#define KSM_ONE_TARGET_H

#include <stddef.h>

#include "inject/inject_call.h"
#include "inject/inject_target.h"
#include "inject/thread_rank.h"

/*
 * In the tracer, which no signal reaches. *first is the thread to begin with, near which this process
 * is; one without a number is chosen. timeout_ms runs from when a thread is seized. Fills t->err and
 * t->stopped_us in, and returns what is to be t->result: see inject_run().
 */
int one_target_inject(struct inject_target *t, const struct thread_choice *first,
		      const struct inject_call *calls, size_t n, int timeout_ms);

#endif
