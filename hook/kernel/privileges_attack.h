/* SPDX-License-Identifier: Apache-2.0 */
/* A switch of the test build: what an attacker tries who has taken over a command that reads. */
#ifndef KSM_PRIVILEGES_ATTACK_H
#define KSM_PRIVILEGES_ATTACK_H

#ifdef KSM_TEST_FAULTS
/*
 * KSM_FAULT=attack (behind the fence) or KSM_FAULT=control (in front of it), on the file
 * KSM_FAULT_FILE and the process KSM_FAULT_PID: a line per attempt on stderr, whether it "worked"
 * or was "refused". That was all, then.
 */
void fault_attack(const char *when);
#else
static inline void fault_attack(const char *when)
{
	(void)when;
}
#endif

#endif
