/* SPDX-License-Identifier: Apache-2.0 */
/* Containers that run already when the node's agent comes, or comes back. */
#ifndef KSM_NRI_EXISTING_H
#define KSM_NRI_EXISTING_H

#include <stddef.h>

#include "oci/decision_types.h"

/* More than this on one node are left for `ksm-hook attach`. */
#define NRI_EXISTING_MAX 16384

struct nri_existing_container {
	char id[sizeof(((struct container_decision *)NULL)->id)];
	pid_t pid; /* of its init, as the runtime says; 0: not known */
	struct metadata metadata;
};

struct nri_existing {
	struct nri_existing_container *c;
	size_t n, room;
};

/* 0, -ENOMEM or -E2BIG with err. */
int nri_existing_add(struct nri_existing *e, const struct container_decision *d,
		     struct error *err);

/*
 * Make every process of theirs mergeable that is not, and store their names. How many processes
 * were changed, or -errno with err; *failed is how many could not be, err is about one of them.
 */
ssize_t nri_existing_merge(struct nri_existing *e, size_t *failed, struct error *err);

/*
 * By way exec, which reaches none of them: remove the names that are stored of others of this runtime
 * (nri/nri_place.h).
 */
void nri_existing_forget_others(struct nri_existing *e, const char *place);

void nri_existing_free(struct nri_existing *e);

#endif
