/* SPDX-License-Identifier: Apache-2.0 */
/* A container as NRI describes it: what is decided about it, and who it is. Pure. */
#ifndef KSM_NRI_SUBJECT_H
#define KSM_NRI_SUBJECT_H

#include "nri/nri_rpc.h"
#include "oci/decision_types.h"

/* Which engine calls itself so in NRI's Configure. */
enum container_engine nri_engine(const char *runtime_name);

/* Its id and process. -EINVAL with err where these are none. */
int nri_identify(const Nri__Container *container, struct container_decision *out,
		 struct error *err);

/*
 * Decide by policy, or say in out->err why not; merging may be required all the same. Of the names,
 * what the runtime says in fields of its own is the engine's word, and so is what it writes among
 * a container's annotations; a pod's annotations are its user's. pod and container may be NULL.
 */
void nri_decide(const struct policy_config *policy, enum container_engine engine,
		const Nri__PodSandbox *pod, const Nri__Container *container,
		struct container_decision *out);

#endif
