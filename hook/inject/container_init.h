/* SPDX-License-Identifier: Apache-2.0 */
/* The init of a container that is being started: is it ours, and make it mergeable. */
#ifndef KSM_CONTAINER_INIT_H
#define KSM_CONTAINER_INIT_H

#include <sys/types.h>

#include "inject/inject.h"
#include "kernel/proc.h"

/*
 * The init of a container that is being started is a child of what calls the hook, and so
 * are we, with shells between at most; or it is one of what started the runtime, and younger than
 * the runtime. Any other pid is a mistake (or a hypervisor's, or a lie), and root should not act
 * on it. *seen is what it was like, for the target's; may be NULL.
 */
int container_init_check(pid_t pid, struct proc_stat *seen, struct error *err);

/* Make a container's init, which is about to execute the workload, mergeable. 0 or -errno. */
int container_init_set_mergeable(struct inject_target *init, struct error *err);

#endif
