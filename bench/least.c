/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The least that a hook does which makes an init mergeable: it takes the number from the state on its standard
 * input, stops that process, has it make the one call, and lets it go. No parser in a sandbox, no tracer of its own
 * that outlives an engine's patience, nothing asked of the configuration and of the process. A floor for
 * bench/many-starts, not a program that anybody should run as root.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "inject/one_target.h"
#include "kernel/proc.h"

#ifndef PR_SET_MEMORY_MERGE
#define PR_SET_MEMORY_MERGE 67 /* include/uapi/linux/prctl.h, since Linux 6.4 */
#endif

int main(void)
{
	static const struct inject_call merge = { PR_SET_MEMORY_MERGE, 1, 0, INJECT_PRCTL };
	static struct inject_target target;
	struct thread_choice first = { .rank = THREAD_FRAGILE };
	static char state[65536];
	size_t len = 0;
	const char *number;
	ssize_t n;

	while (len < sizeof(state) - 1 &&
	       (n = read(0, state + len, sizeof(state) - 1 - len)) > 0)
		len += (size_t)n;
	number = strstr(state, "\"pid\":");
	if (!number)
		return 1;
	target.pid = (pid_t)strtol(number + strlen("\"pid\":"), NULL, 10);
	target.pidfd = proc_pin(target.pid);
	first.tid = target.pid;
	return target.pidfd < 0 || one_target_inject(&target, &first, &merge, 1, 1000) < 0;
}
