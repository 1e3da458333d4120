/* SPDX-License-Identifier: Apache-2.0 */
/* Which container a process belongs to, by its cgroups and namespaces. */
#ifndef KSM_IDENTIFY_H
#define KSM_IDENTIFY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct container_name {
	char engine[12]; /* "podman", "docker", …; "oci" where only the runtime's id is known */
	char id[256];    /* raw: any bytes but NUL; whoever writes it has to escape it */
};

/* By engine, then by id: less than, equal to or greater than 0. */
int container_name_compare(const struct container_name *a, const struct container_name *b);

/* For quick comparison: equal names have equal ones. */
uint64_t container_name_hash(const struct container_name *name);

/* How much of an id is shown: 12 digits of those that engines make up, as they do, else all. */
size_t container_id_shown(const char *id);

/*
 * Pure: from the text of /proc/PID/cgroup, whatever mix of v1 and v2 it is. The outermost
 * component that an engine names its containers by counts: what lies below belongs to the
 * container and may be named at its will. False when no engine's name is found.
 */
bool container_from_cgroup(const char *text, struct container_name *out);

/* Pure: from what OpenVZ's kernels write behind "envID:" in /proc/PID/status. */
bool container_from_envid(const char *text, struct container_name *out);

/*
 * The same for a process, with what its cgroup does not say: a process in a pid and a mount
 * namespace of its own is in a container too, whose cgroup is named by the runtime's caller
 * (plain runc and crun) or not at all. False for a process of the host, or one that is gone.
 */
bool container_of(pid_t pid, struct container_name *out);

/* A number for what container_of() says of a process, or container_host_name(). */
uint64_t container_key(pid_t pid);

/* Is this the container of the process, as container_of() has it? */
bool container_has_process(const char *id, pid_t pid);

/* For a process of the host: the engine "host", its systemd unit or else its command's name. */
void container_host_name(pid_t pid, struct container_name *out);

#endif
