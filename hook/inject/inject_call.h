/* SPDX-License-Identifier: Apache-2.0 */
/* The system calls that can be put into a target. */
#ifndef KSM_INJECT_CALL_H
#define KSM_INJECT_CALL_H

enum inject_syscall { INJECT_PRCTL, INJECT_MADVISE, INJECT_PERSONALITY };

/*
 * A call to be made by the target; the fourth and fifth argument are 0. What is too large for a
 * target of 32 bits becomes the highest page there, so that a length can mean "all".
 */
struct inject_call {
	unsigned long arg1, arg2, arg3;
	enum inject_syscall nr;
};

#endif
