/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: what a running container asked for, as its runtime or engine wrote it down. */
#ifndef KSM_CONTAINER_REQUEST_H
#define KSM_CONTAINER_REQUEST_H

#include <stdbool.h>

#include <stddef.h>

#include "base/error.h"
#include "containers/identify.h"
#include "oci/decision_types.h"
#include "policy/policy.h"

/* What is written of a container: a runtime's JSON, or LXC's configuration. */
struct container_text {
	const char *text; /* with a NUL behind it */
	size_t len;
	enum container_engine engine; /* who wrote it */
	const char *name;             /* what LXC, podman or CRI-O calls it; or NULL */
	bool unread;                  /* there is one, but nobody finds it */
};

/*
 * Look where runc, crun and LXC keep the configurations of containers that run. pid is a process
 * of it, by which podman's name is found. False where nothing is found there. The text is valid
 * until the next call.
 */
bool container_text_find(const struct container_name *name, pid_t pid,
			 struct container_text *out);

/*
 * What it says of the container: only in a sandbox, since annotations are a tenant's. Of them,
 * those are kept that decide by policy. -errno with err for a text that is none. *out points into
 * memory of this module.
 */
int container_text_read(const struct container_text *t, const struct policy_config *policy,
			struct policy_subject *out, struct error *err);

/*
 * Decide by that text as the hook would have, by config or, if that is NULL, by the files of
 * config_path. False where nothing is found, or it is not understood.
 */
bool check_asked(const struct container_name *name, pid_t pid,
		 const struct policy_config *config, const char *config_path,
		 struct decision *out);

/*
 * Decide, by config or the files of config_path, as if a container had asked of which the engine is
 * known and no text: what a rule asks for beyond that is not known. 0, or -errno with err where the
 * configuration cannot be used.
 */
int check_by_engine(const struct container_name *name, pid_t pid,
		    const struct policy_config *config, const char *config_path,
		    struct container_decision *out, struct error *err);

/*
 * Decide by the files of config_path as if the container had asked to be merged: of one whose text
 * is not found or not understood, by its engine alone, so that rules for more than that deny it.
 * 0, or -errno with err where the configuration cannot be used.
 */
int check_attached(const struct container_name *name, pid_t pid, const char *config_path,
		   struct container_decision *out, struct error *err);

#endif
