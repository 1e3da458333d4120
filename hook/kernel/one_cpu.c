/* SPDX-License-Identifier: Apache-2.0 */
/* Processes that take turns do so on one processor: a hand-over between two costs ten times as much. */
#include "kernel/one_cpu.h"

#include <stddef.h>

bool one_cpu_stay(int cpu, cpu_set_t *before)
{
	cpu_set_t one;

	if (before && sched_getaffinity(0, sizeof(*before), before) < 0)
		return false;
	CPU_ZERO(&one);
	/* of a number that no processor has it stays empty, and the kernel refuses it */
	CPU_SET(cpu, &one);
	return sched_setaffinity(0, sizeof(one), &one) == 0;
}
