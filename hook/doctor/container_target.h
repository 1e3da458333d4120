/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: by what a container is named to `ksm-hook attach`. */
#ifndef KSM_CONTAINER_TARGET_H
#define KSM_CONTAINER_TARGET_H

#include <stddef.h>

#include "doctor/container_summary.h"

/*
 * For messages and, without quotes, for a shell: label, what its user knows it by ("" for none),
 * or else its id. Either may be any bytes, and where it is not plain the next is taken, at last the
 * number of its first process. Returns out.
 */
const char *container_target(char *out, size_t size, const struct container_summary *c,
			     const char *label);

#endif
