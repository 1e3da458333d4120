/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of the machine that were met: a bit each, in leaves that are made when needed. */
#ifndef KSM_FRAME_SET_H
#define KSM_FRAME_SET_H

#include <stddef.h>
#include <stdint.h>

struct frame_set {
	uint64_t **leaf;
	size_t n;
};

/* Is this frame met for the first time? It is not any more. -ENOMEM */
int frame_set_add(struct frame_set *s, uint64_t frame);
void frame_set_free(struct frame_set *s);

#endif
