/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Victim: a nanosleep made with a pattern in every register, all of which have to be as
 * they were afterwards (but for the one with the result).
 */
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>

#include "victim.h"

#ifdef __aarch64__
#include "regs_aarch64.h"
#else
#include "regs_x86_64.h"
#endif

static void call_once(void)
{
	struct timespec t = { call_ms / 1000, call_ms % 1000 * 1000000L };
	struct registers in, out;
	int64_t start = us();
	int changed = 0;

	for (int i = 0; i < N_GPR; i++)
		in.gpr[i] = 0x5ca1ab1e00000000u + (uint64_t)i;
	for (int i = 0; i < (int)sizeof(in.vector); i++)
		in.vector[i] = (uint8_t)(i * 7 + 3);
	in.gpr[NUMBER] = SYS_nanosleep;
	in.gpr[ARG1] = (uintptr_t)&t;
	in.gpr[ARG2] = 0;
	in.gpr[FLAGS] = FLAGS_SET;
	call_with(&in, &out);
	if (out.gpr[RESULT] != 0)
		fail("nanosleep returned %lld", (long long)out.gpr[RESULT]);
	for (int i = 0; i < N_GPR; i++) {
		if (i == RESULT || out.gpr[i] == in.gpr[i] || is_kernels(i, out.gpr[i]))
			continue;
		if (!is_argument(i, out.gpr[i]))
			fail("%s became 0x%llx", names[i], (unsigned long long)out.gpr[i]);
		changed++;
	}
	if (memcmp(in.vector, out.vector, sizeof(in.vector)) != 0)
		fail("the vector registers changed");
	if (changed)
		victim_cut();
	else
		check_time("nanosleep", start, call_ms);
	victim_called();
}

int main(int argc, char **argv)
{
	victim_start(argc, argv);
	victim_ready();
	while (victim_goes_on())
		call_once();
	return victim_end();
}
