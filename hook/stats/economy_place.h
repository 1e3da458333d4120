/* SPDX-License-Identifier: Apache-2.0 */
/* Where the processes of a container are, whoever else is called by its name. */
#ifndef KSM_ECONOMY_PLACE_H
#define KSM_ECONOMY_PLACE_H

#include <stdbool.h>
#include <sys/types.h>

#include "containers/identify.h"
#include "kernel/memory_cgroup.h"
#include "stats/economy.h"

/*
 * A user with a cgroup of his own may call one below it by another's container, and his processes are
 * counted with that one's. What is done to a container for what it costs is done to the processes of
 * one cgroup, and for what these cost.
 */

/* The container's own cgroup, by one of its processes; false where it has none, or has ended. */
bool economy_place(const struct container_name *name, pid_t pid, struct memory_cgroup *out);

/* What the processes there cost, and could save; false where one of them cannot be read. */
bool economy_place_figures(const struct memory_cgroup *place, struct economy_figures *out);

/*
 * Do the processes there cost more than all that is merged of them could save? false also where one of
 * them cannot be read.
 */
bool economy_place_costs_more(const struct memory_cgroup *place);

#endif
