/* SPDX-License-Identifier: Apache-2.0 */
/* Which container a process belongs to, by its cgroups and namespaces. */
#ifndef KSM_IDENTIFY_H
#define KSM_IDENTIFY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "containers/container_name.h"
#include "containers/root_mount.h"

/* By engine, then by id: less than, equal to or greater than 0. */
int container_name_compare(const struct container_name *a, const struct container_name *b);

/* For quick comparison: equal names have equal ones. */
uint64_t container_name_hash(const struct container_name *name);

/* How much of an id is shown: 12 digits of those that engines make up, as they do, else all. */
size_t container_id_shown(const char *id);

/* Where a process is: all that decides whether it is in a container. */
struct process_place {
	const char *cgroup; /* the text of /proc/PID/cgroup */
	/* its namespaces: not shown to us, the ones that we are in, or others */
	enum place_share { SHARE_UNKNOWN, SHARE_HOSTS, SHARE_OWN } pids, mounts;
	/* its root directory; the host's where the namespaces are not both others */
	enum root_kind root;
};

/*
 * Pure, the rule: a process is in a container if its cgroup has a name that an engine gives, or
 * else if it has a pid and a mount namespace and a root of its own, from which programs can be
 * started. What has all but such a root is of the host: services with PrivatePIDs=, unshare(1),
 * and programs that shut themselves in (pasta). The id is "" where the cgroup says nothing.
 */
bool container_from_place(const struct process_place *place, struct container_name *out);

/* Pure: from what OpenVZ's kernels write behind "envID:" in /proc/PID/status. */
bool container_from_envid(const char *text, struct container_name *out);

/*
 * The same for a process. Where no engine has named its cgroup, the states of runtimes say whose
 * it is, or it is of the engine "oci". False for a process of the host, or one that is gone.
 */
bool container_of(pid_t pid, struct container_name *out);

/* A number for what container_of() says of a process, or container_host_name(). */
uint64_t container_key(pid_t pid);

/* Is this the container of the process, as container_of() has it? */
bool container_has_process(const char *id, pid_t pid);

/* For a process of the host: the engine "host", its systemd unit or else its command's name. */
void container_host_name(pid_t pid, struct container_name *out);

#endif
