/* SPDX-License-Identifier: Apache-2.0 */
/* economize: disable merging for a container that was looked at. */
#ifndef KSM_ECONOMIZE_DISABLE_H
#define KSM_ECONOMIZE_DISABLE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "containers/identify.h"

/* A container, by its name and by a process that has to be in it still. */
struct disabled {
	struct container_name name;
	pid_t pid;
	uint64_t start;
	/* out: */
	size_t done, failed;
	int stopped_us; /* the longest of a process */
};

/*
 * As detach does, to all processes of its cgroup (stats/economy_place.h), and what they have forked
 * meanwhile. 0; or -errno with err:
 * there is no memory for the copies (REASON_HOST_HEADROOM), it has ended or is another one by now
 * (REASON_TARGET_ENDED), or a process was not to be changed.
 */
int economize_disable(struct disabled *d, struct error *err);

#endif
