/* SPDX-License-Identifier: Apache-2.0 */
/* The memory cgroup of a process, and what it says: of v1's memory controller, else of v2. */
#ifndef KSM_MEMORY_CGROUP_H
#define KSM_MEMORY_CGROUP_H

#include <limits.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* Names of files, and in memory.stat, of the tree that the machine has. */
struct memory_cgroup_files {
	const char *root, *limit, *usage, *reclaimable, *anonymous;
};
const struct memory_cgroup_files *memory_cgroup_files(void);

/*
 * From now on see the cgroups of the whole machine, as its init does: a pod has a cgroup namespace and a
 * tree of its own. For good, and for this process. 0, or -errno with err.
 */
int memory_cgroup_see_all(struct error *err);

/* Room for memory.stat: some 50 lines on v2, twice as many on v1. */
#define MEMORY_STAT_MAX 32768

struct memory_cgroup {
	char path[PATH_MAX]; /* below the tree's root, which is "" */
};

/*
 * 1; 0 where it has none in our tree, or has ended; -errno where that cannot be told. A user who
 * nests cgroups until the path is longer than the kernel writes (ENAMETOOLONG) has none to be seen
 * either, and keeps nobody else from being unmerged.
 */
int memory_cgroup_of(pid_t pid, struct memory_cgroup *out);

/*
 * Anonymous memory in use that is charged to it and those below it, in bytes; -1 where not known.
 * The kernel adds up what its processors have counted each two seconds
 * (FLUSH_TIME of mm/memcontrol.c), so it may be that old.
 */
int64_t memory_cgroup_anonymous(const struct memory_cgroup *g);

/*
 * The numbers under which /proc/kpagecgroup has it and those below it: so many of them at most.
 * How many there are; -errno.
 */
#define MEMORY_CGROUP_BELOW_MAX 1024
ssize_t memory_cgroup_numbers(const struct memory_cgroup *g,
			      uint64_t number[MEMORY_CGROUP_BELOW_MAX]);

/* Pure: the value of a "name value" line of memory.stat; -1 where there is none. */
int64_t memory_stat_value(const char *text, const char *name);

#endif
