/* SPDX-License-Identifier: Apache-2.0 */
/* Run a function on untrusted input in a process that can do nothing but answer. */
#ifndef KSM_SANDBOX_H
#define KSM_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* A page or two: less than any pipe holds. */
#define SANDBOX_ANSWER_MAX 8192

/*
 * Fork a process without capabilities, descriptors or system calls (but write to its answer
 * pipe and exit), call fn(arg, answer) there and copy the size bytes of answer back. What
 * comes back is what the untrusted side says: check it. size is at most SANDBOX_ANSWER_MAX.
 * timeout_ms is for a parser that runs; those that are not let run, on a busy machine, have two
 * seconds more, all of this process together.
 *
 * 0; -EPROTO when the process died or sent less (a bug, or an attack stopped), -ETIMEDOUT, or what
 * fork and pipe return; then *answer may hold a part of one. What is sent beyond size is not read.
 */
int sandbox_call(void (*fn)(const void *arg, void *answer), const void *arg, void *answer,
		 size_t size, int timeout_ms, struct error *err);

/* Is a bool of an answer one? One that is neither would mean different things in different places. */
static inline bool sandbox_bool(const bool *value)
{
	return *(const unsigned char *)value <= 1;
}

/* What is no answer that our side would have sent: -EPROTO with err. */
int sandbox_malformed(struct error *err);

/*
 * Confine this process, which has been forked for that, until its end or its parent's: it can
 * read from and write to first and second, which become descriptors 0 and 1, give memory back
 * (MADV_DONTNEED) and exit. 0, or -errno, and then it is to end.
 */
int sandbox_stay(int first, int second, struct error *err);

/*
 * For a caller that goes on as another program, which must find nothing of this: neither a
 * child that it did not start nor a processor affinity that counts as asked for.
 */
void sandbox_before_exec(void);

#endif
