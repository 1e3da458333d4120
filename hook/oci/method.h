/* SPDX-License-Identifier: Apache-2.0 */
/* By which of the two ways a container becomes mergeable, once its runtime has started. */
#ifndef KSM_METHOD_H
#define KSM_METHOD_H

#include "oci/decision.h"

enum method_way {
	METHOD_WAY_INJECT,
	METHOD_WAY_LIBRARY, /* the preload library does it: it is there */
};

/*
 * By the method that was requested, or that this kernel knows. -ENOENT where it has to be the
 * preload library, and the container's config.json does not name it.
 */
int method_choose(const struct container_decision *decision, enum method_way *way,
		  struct error *err);

#endif
