/* SPDX-License-Identifier: Apache-2.0 */
/* Reading what may never come back: files of /proc that wait for another process's mmap lock. */
#ifndef KSM_WATCHED_H
#define KSM_WATCHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "kernel/watch_cuts.h"
#include "kernel/watch_lost.h"

/*
 * A process can keep its mmap lock for as long as it likes: a FUSE file system that never
 * answers a read into its memory, and a second thread that waits to map something. Whoever
 * opens or reads maps, smaps, smaps_rollup, pagemap, mem, cmdline, environ (fs/proc/task_mmu.c,
 * access_remote_vm()), or since about Linux 6.14 ksm_stat (fs/proc/base.c), then waits, too, and only
 * SIGKILL ends that (mmap_read_lock_killable()). So such reading is done in a child, which is
 * ended when one process holds it up; the child is started anew, and leaves that one out.
 * stat, statm, status, comm, cgroup and ns/ take no such lock.
 */

/*
 * In a child: run fn, which returns 0 with *data of *size bytes (from malloc, or NULL), or
 * -errno with err. It may be run again from the beginning in another child, so it must have no
 * effect but its answer; it may use threads. It has no more power than looking takes (kernel/privileges.h), but what
 * it answers was in reach of what it has read: the caller checks it. Here: returns what fn returned, with a copy of the
 * data for the caller to free; -ETIMEDOUT: too much was held up.
 */
int watched_run(int (*fn)(void *arg, void **data, size_t *size, struct error *err), void *arg,
		void **data, size_t *size, struct error *err);

/*
 * Around each reading of such a file of a process. False: it has held up an earlier child, and
 * is not to be read (-EBUSY). Outside of a child nothing is watched, and true is returned.
 */
bool watched_enter(pid_t pid);
void watched_leave(void);
/* Between two reads of one process: it goes on. */
void watched_goes_on(void);

/*
 * The processes of one container may take five seconds in all to be read, in one run, then the rest of
 * it is left out in the same way (watched_enter() is false). In a child, for what is asked to read
 * everything, however long that takes: no limit.
 */
void watched_without_budget(void);

/* The containers whose time was up lately; n of them. */
const struct watched_cut *watched_cuts(size_t *n);
/* Is this process left out for that, and not since it holds others up? */
bool watched_is_cut(pid_t pid);

/* Children that are forked from now on know whom an earlier one of them has left out. */
void watched_remember(void);

/* Which processes belong together, so that not each of them is waited for? The cgroup, if not set. */
void watched_group_by(uint64_t (*group_of)(pid_t pid));
uint64_t watched_group(pid_t pid);

/* The processes that were left out lately; n of them. */
const pid_t *watched_lost(size_t *n);

#endif
