/* SPDX-License-Identifier: Apache-2.0 */
/* Give a container the address-space layout of its group. */
#ifndef KSM_LAYOUT_H
#define KSM_LAYOUT_H

#include <stdbool.h>

#include "inject/inject.h"
#include "layout/group.h"
#include "policy/policy.h"

/* Did the container ask for a shared layout, whatever was decided? */
static inline bool layout_concerns(const struct decision *d)
{
	return d->group[0] || d->unshared_reason;
}

/*
 * The container id, which is being started, and whose init is t. Says in the log what came of
 * it: nothing here keeps a container from starting, or from being merged. An OCI container has
 * a bundle, in which the limits stand that its runtime is about to set; NULL: it is none. With
 * merge, the init is made mergeable on the way if it can be; true if it was.
 */
bool layout_start(const struct decision *d, const char *id, const char *bundle,
		  const struct inject_target *t, bool merge);

/* The group's assignments for process.env. */
struct layout_seeds {
	char python[32], perl[64];
	char v8[40]; /* empty: there is none, or it is not to have it */
};

/*
 * The same for what this process becomes by exec; false, and said why, if it does not. The
 * container is a member as long as there is a file at the absolute path place, or, where that is
 * NULL, for a minute.
 */
bool layout_become(const struct decision *d, const char *id, const char *place,
		   struct layout_seeds *seeds);

/*
 * The seeds alone, before the container is started: the group is kept for a minute. An empty id
 * is one that is not known yet. 0, or said why not.
 */
int layout_reserve(const struct decision *d, const char *id, struct layout_seeds *out);

/* A session in a container whose init is pid: the layout that the init has, if it is a group's. */
void layout_session(pid_t pid);

/*
 * A container has ended, of this group and with this id if that is known (else NULL). Whatever
 * ended before and was not told of is forgotten as well. place: a file that counts as removed
 * already, or NULL.
 */
void layout_end(const char *group, const char *id, const char *place);

#endif
