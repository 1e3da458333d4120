/* SPDX-License-Identifier: Apache-2.0 */
/* Which processes a user means by a process id, a container, a cgroup or all containers. */
#ifndef KSM_TARGETS_H
#define KSM_TARGETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "containers/identify.h"

struct target {
	enum target_kind { TARGET_PID, TARGET_CONTAINER, TARGET_CGROUP, TARGET_ALL } kind;
	pid_t pid;
	uint64_t start;             /* of pid: no later process of that number is meant */
	struct container_name name; /* TARGET_CONTAINER; with TARGET_ALL the one not meant */
	const char *path;           /* TARGET_CGROUP, as in /proc/PID/cgroup */
	size_t path_len;
};

struct target_set {
	struct target *t;
	size_t n;
};

/*
 * Find out what the words mean: a process id, the id of a container (of the 64 digits as
 * many as are needed to tell it from the others) or its name (known_containers.h), either with
 * "pid:" or the engine and a colon in front if need be, or a cgroup, which starts with a slash. all means
 * every container but the one that we are in. 0, or -errno with err: -ENOENT there is no
 * such thing, -EEXIST there are several.
 */
int target_resolve(struct target_set *set, char *const *words, size_t n, bool all,
		   struct error *err);

/*
 * Call visit for each process that is meant, never ourselves, until it returns other than 0, which
 * is returned; or -errno with err. A child of one that was there at its visit is visited after it,
 * though its parent has ended meanwhile.
 */
int target_for_each(const struct target_set *set, int (*visit)(pid_t pid, void *arg), void *arg,
		    struct error *err);

/* Their ids, a list for the caller to free; how many, or -errno with err. */
ssize_t target_list(const struct target_set *set, pid_t **out, struct error *err);

/* Is this process meant? arg is a struct target_set. */
bool target_match(const void *arg, pid_t pid);

void target_free(struct target_set *set);

/* Pure: does the text of a /proc/PID/cgroup lie in the cgroup of that path or below it? */
bool target_in_cgroup(const char *text, const char *path, size_t len);

#endif
