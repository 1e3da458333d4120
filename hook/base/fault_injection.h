/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Switches of the test build (KSM_TEST_FAULTS): break off where a test asks for it. In the
 * program that is installed every one of these is empty.
 */
#ifndef KSM_FAULT_INJECTION_H
#define KSM_FAULT_INJECTION_H

#include <stddef.h>

/* The steps of an injection, in order; the window is from CALL_SET to RESTORED. */
enum fault_step {
	FAULT_SEIZED = 1,
	FAULT_INTERRUPTED,
	FAULT_STOPPED,
	FAULT_ENTERED,
	FAULT_CALL_SET,
	FAULT_CALL_RUNNING,
	FAULT_CALL_DONE,
	FAULT_RESTORED,
	FAULT_DETACHED,
};

#ifdef KSM_TEST_FAULTS
/*
 * KSM_FAULT=kill:STEP|pause:STEP: the tracer is killed, or rests, right behind that step. When it
 * rests it makes the file KSM_FAULT_PAUSED.
 */
void fault_step(enum fault_step step);
/*
 * KSM_FAULT=parser:open|socket|crash|hang|lie|overrun: what an attacker in the parser would try, who
 * got there by way of the container state. A lie fills the answer with all ones; an overrun is for a sanitizer to find.
 */
void fault_in_parser(void *answer, size_t size);
#else
static inline void fault_step(enum fault_step step)
{
	(void)step;
}
static inline void fault_in_parser(void *answer, size_t size)
{
	(void)answer;
	(void)size;
}
#endif

#endif
