/* SPDX-License-Identifier: Apache-2.0 */
/* What the node's agent does with its power, when its confined reader asks for it. */
#ifndef KSM_NRI_POWER_H
#define KSM_NRI_POWER_H

#include <sys/stat.h>

#include "nri/nri_call.h"
#include "policy/config.h"

/* Which config.json the reader knows. */
struct nri_config {
	const char *path;
	bool sent;
	int failed; /* errno of stat, 0 if there is the file */
	struct stat seen;
	char text[CONFIG_MAX + 1];
};

/* NRI_CALL_CONFIG: fill the answer in, and the text that follows it. */
void nri_config_answer(struct nri_config *c, struct nri_answer *answer);

/*
 * Make a container mergeable that is about to start, of which the runtime says that this is its
 * process: believed only if the process's cgroup says so too. 0 or -errno with err.
 */
int nri_merge_start(const struct container_decision *c, struct error *err);

/* Does this process belong to the container with this id, by its cgroup? */
bool nri_is_process_of(pid_t pid, const char *id);

#endif
