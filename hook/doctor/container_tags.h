/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: does nothing of a container merge since its memory has tags (MTE)? */
#ifndef KSM_CONTAINER_TAGS_H
#define KSM_CONTAINER_TAGS_H

#include "doctor/container_summary.h"
#include "doctor/findings.h"

/* Of a container in which nothing is equal. */
void container_tags_check(struct doctor *d, const struct container_summary *c,
			  const char *name);

#endif
