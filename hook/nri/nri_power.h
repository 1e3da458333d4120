/* SPDX-License-Identifier: Apache-2.0 */
/* What the node's agent does with its power, when its confined reader asks for it. */
#ifndef KSM_NRI_POWER_H
#define KSM_NRI_POWER_H

#include "nri/nri_call.h"
#include "policy/config_files.h"

/* Which configuration the reader knows. */
struct nri_config {
	const char *path;
	bool sent;
	int result; /* 0: it could be read; -errno with err */
	struct error err;
	int64_t silent_ms; /* when its file system did not answer (base/clock.h); 0: it does */
	bool now;          /* which of these it is */
	struct config_files files[2];
};

/* NRI_CALL_CONFIG: fill the answer in. */
void nri_config_answer(struct nri_config *c, struct nri_answer *answer);

/* The files that follow the answer, n of them. -EPIPE where nobody takes them. */
int nri_config_send(const struct nri_config *c, size_t n, int fd);

/* In the reader: take them. -EPROTO where they are none. */
int nri_config_receive(struct config_files *files, size_t n, int fd);

/*
 * Make a container mergeable that is about to start, of which the runtime says that this is its
 * process: believed only if the process's cgroup says so too. 0 or -errno with err.
 */
int nri_merge_start(const struct container_decision *c, struct error *err);

/*
 * After the start, in a process of its own: wait until the init has executed the workload, and
 * make that mergeable again. How many processes had lost it, or -errno with err.
 */
ssize_t nri_check_started(const struct container_decision *c, struct error *err);

#endif
