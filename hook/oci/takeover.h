/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A switch of the test build (KSM_TEST_FAULTS): the parser of a container's text is an
 * attacker's, and answers the worst that would be believed. Empty in the program that is
 * installed.
 */
#ifndef KSM_TAKEOVER_H
#define KSM_TAKEOVER_H

#include <stdbool.h>

#include "oci/decision_types.h"

#ifdef KSM_TEST_FAULTS
/*
 * KSM_FAULT=takeover:METHOD,PID,START,GROUP,DIRECTORY: each field of the answer that a well-formed one
 * may have, with the attacker's process and the attacker's directory wherever one could stand.
 * text is the container's: offsets are those of its first quote and braces. True if it was asked for.
 */
bool fault_take_over(struct container_decision *out, const char *text);
#else
static inline bool fault_take_over(struct container_decision *out, const char *text)
{
	(void)out;
	(void)text;
	return false;
}
#endif

#endif
