/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The least that a hook does which makes an init mergeable: it takes the number from the state on its standard
 * input, stops that process, has it make the one call, and lets it go. Nothing is asked of the configuration, of the
 * process or of who started it. Two floors for bench/many-starts, not a program that anybody should run as root:
 *
 *   least          all of it in the one process
 *   least apart    the state is read by a process that can do nothing but answer, and the call is made by one that
 *                  neither a signal nor an engine's patience ends half-way, as in ksm-hook and by its code
 */
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "inject/inject.h"
#include "inject/one_target.h"
#include "kernel/proc.h"
#include "kernel/sandbox.h"

#ifndef PR_SET_MEMORY_MERGE
#define PR_SET_MEMORY_MERGE 67 /* include/uapi/linux/prctl.h, since Linux 6.4 */
#endif

#define PATIENCE_MS 1000

static void find_pid(const void *state, void *pid)
{
	const char *number = strstr(state, "\"pid\":");

	*(pid_t *)pid = number ? (pid_t)strtol(number + strlen("\"pid\":"), NULL, 10) : 0;
}

int main(int argc, char **argv)
{
	static const struct inject_call merge = { PR_SET_MEMORY_MERGE, 1, 0, INJECT_PRCTL };
	static struct inject_target target;
	const int apart = argc > 1 && strcmp(argv[1], "apart") == 0;
	struct thread_choice first = { .rank = THREAD_FRAGILE };
	static char state[65536];
	struct error err;
	size_t len = 0;
	ssize_t n;

	while (len < sizeof(state) - 1 &&
	       (n = read(0, state + len, sizeof(state) - 1 - len)) > 0)
		len += (size_t)n;
	if (!apart)
		find_pid(state, &target.pid);
	else if (sandbox_call(find_pid, state, &target.pid, sizeof(target.pid), PATIENCE_MS,
			      &err) < 0)
		return 1;
	target.pidfd = target.pid > 0 ? proc_pin(target.pid) : -1;
	if (target.pidfd < 0)
		return 1;
	first.tid = target.pid;
	if (!apart)
		return one_target_inject(&target, &first, &merge, 1, PATIENCE_MS) < 0;
	/* where it waits, as the hook has seen: the tracer begins there */
	if (proc_stat(target.pid, &target.seen) < 0)
		return 1;
	return inject_run(&target, 1, &merge, 1, PATIENCE_MS, &err) < 0 || target.result < 0;
}
