/* SPDX-License-Identifier: Apache-2.0 */
/* Give a container the address-space layout of its group. */
#ifndef KSM_LAYOUT_H
#define KSM_LAYOUT_H

#include <stdbool.h>

#include "inject/inject.h"
#include "layout/group.h"
#include "policy/policy.h"

/* linux/personality.h, which musl lacks */
#define LAYOUT_NO_RANDOMIZE 0x0040000ul

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

/* The same for what this process becomes by exec; false, and said why, if it does not. */
bool layout_become(const struct decision *d, const char *id);

/* The group's assignments for process.env; 0, or said why not. */
struct layout_seeds {
	char python[32], perl[64];
};
int layout_seeds(const struct decision *d, const char *id, struct layout_seeds *out);

/* A session in a container whose init is pid: the layout that the init has, if it is its group's. */
void layout_session(const char *id, pid_t pid);

/* The container has ended. */
void layout_end(const char *id);

/*
 * The name of the group whose layout a container has, by the runtime's id. False where its
 * layout is its own.
 */
bool layout_group_of(const char *id, char *name, size_t size);

#endif
