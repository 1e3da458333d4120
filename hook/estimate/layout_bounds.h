/* SPDX-License-Identifier: Apache-2.0 */
/* What a layout in common can free: at most, and by what a pair that has one shows; pure. */
#ifndef KSM_LAYOUT_BOUNDS_H
#define KSM_LAYOUT_BOUNDS_H

#include <stddef.h>
#include <stdint.h>

/* The memory of a container, in frames. */
struct program_memory {
	uint64_t program; /* containers of one number run the same; of 0 each its own */
	double frames;    /* that are not merged */
	double alone;     /* of them, what merging frees within the container */
};

/*
 * What could be freed if all containers of a program had the same memory: of each program the
 * largest remains. m is put into another order.
 */
double layout_most(struct program_memory *m, size_t n);

/*
 * What is freed of n containers that have so many frames together, where two others of the same
 * program with a layout in common are known: their frames and what merging frees of both. What one
 * keeps and what each further one adds is taken to grow with their size.
 */
double layout_like_pair(const struct program_memory pair[2], double pair_saves, double frames,
			size_t n);

#endif
