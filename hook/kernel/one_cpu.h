/* SPDX-License-Identifier: Apache-2.0 */
/* Processes that take turns do so on one processor: a hand-over between two costs ten times as much. */
#ifndef KSM_ONE_CPU_H
#define KSM_ONE_CPU_H

#include <sched.h>
#include <stdbool.h>

/*
 * Keep this process, and what it forks from now on, to processor number cpu. false, and nothing has
 * changed, where that is not to be had: a number that is none, a processor that is not ours.
 * *before is then what sched_setaffinity(2) gives back; with NULL nobody asks for that.
 */
bool one_cpu_stay(int cpu, cpu_set_t *before);

#endif
