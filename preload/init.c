/* SPDX-License-Identifier: Apache-2.0 */
/* libksm_preload.so: makes the memory of the program it is loaded into mergeable. */
#include "preload.h"
#include "sys.h"
#include <errno.h>

/*
 * The prctl reports success on a process that has the flag from its parent already,
 * and does nothing; but Linux 6.7 to 6.9 hand the flag on at exec without having ksmd
 * scan the new address space. Switched off and on again, it is scanned.
 */
static int try_prctl(void)
{
	if (sys5(__NR_prctl, PR_GET_MEMORY_MERGE, 0, 0, 0, 0) == 1)
		sys5(__NR_prctl, PR_SET_MEMORY_MERGE, 0, 0, 0, 0);
	return sys5(__NR_prctl, PR_SET_MEMORY_MERGE, 1, 0, 0, 0);
}

static __attribute__((constructor)) void start(int argc, char **argv, char **envp)
{
	env_read(argc, argv, envp);
	if (settings.mode == MODE_OFF)
		return;
	if (settings.v8_seed)
		v8_start(settings.v8_seed);
	if (settings.mode != MODE_MADVISE) {
		if (!try_prctl()) {
			debug_text("prctl: everything is mergeable, now and later");
			return;
		}
		if (settings.mode == MODE_PRCTL) {
			debug_text("prctl: the kernel refuses, nothing is mergeable");
			return;
		}
	}
	page_learn();
	if (advise_start() == -EINVAL) {
		debug_text("madvise: the kernel has no KSM, nothing is mergeable");
		return;
	}
	if (settings.interval)
		hooks_start();
}
