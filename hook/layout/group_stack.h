/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: which stack limits the groups of a machine may have. */
#ifndef KSM_GROUP_STACK_H
#define KSM_GROUP_STACK_H

#include <stdint.h>

/*
 * The kernel puts the mappings below a gap as large as the limit, in pages, but never nearer to the
 * top than the first of these (SIZE_128M in mm/util.c, gap_min).
 */
#define GROUP_STACK_MIN (UINT64_C(128) << 20)
/* Limits to choose from, if the machine's memory permits; with fewer than these there is no secret. */
#define GROUP_CHOICES_MOST  (UINT64_C(1) << 18)
#define GROUP_CHOICES_LEAST (UINT64_C(1) << 16)

/*
 * How many limits there are to choose from, where pages have this size and the machine so much
 * memory, in bytes: a thread of glibc takes a stack as large as the limit, which the kernel
 * refuses if it is larger than all memory (vm.overcommit_memory=0, __vm_enough_memory() of mm/util.c).
 * 0: not enough for a secret.
 */
uint64_t group_stack_choices(uint64_t page, uint64_t memory);

/* The limit that a random number stands for, of so many. */
uint64_t group_stack_limit(uint64_t random, uint64_t choices, uint64_t page);

#endif
