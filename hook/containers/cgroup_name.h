/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: what the text of /proc/PID/cgroup says, whatever mix of v1 and v2 it is. */
#ifndef KSM_CGROUP_NAME_H
#define KSM_CGROUP_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "containers/container_name.h"

/*
 * What a process has to have besides a cgroup of that name. Most names end in an id that only an
 * engine makes up; others are words which a unit of the host's may be called by as well.
 */
enum cgroup_proof {
	PROOF_NAME,
	PROOF_MOUNTS, /* a mount namespace of its own, as every container of runc has */
	PROOF_PIDS,   /* a pid namespace: the supervisor is in the same cgroup */
};

/*
 * The outermost component that an engine names its containers by counts: what lies below belongs
 * to the container and may be named at its will. False when no engine's name is found.
 */
bool cgroup_names_container(const char *text, struct container_name *out,
			    enum cgroup_proof *proof);

/*
 * Is it this engine's container of this id? By the text of /proc/PID/cgroup: the outermost name,
 * as above. By linux.cgroupsPath, or its end ("/parent/crio-ID", "slice:crio:ID"): the last
 * component, which the engine chose; of what stands before it a user may have.
 */
bool cgroup_is_of(const char *text, const char *engine, const char *id);
bool cgroups_path_is_of(const char *path, const char *engine, const char *id);

/* The last component of the longest path, for cgroups that an engine did not name; "" for /. */
void cgroup_last_component(const char *text, char *out, size_t size);

/*
 * Call visit with each component and the one above it, "" for the first, from the outside in,
 * until it returns true, which is returned. Neither ends with NUL; at most so many of a path.
 */
#define CGROUP_COMPONENTS_MAX 16
struct cgroup_component {
	const char *name, *parent;
	int len, parent_len;
};
bool cgroup_for_each_component(const char *text,
			       bool (*visit)(void *arg, const struct cgroup_component *c),
			       void *arg);

#endif
