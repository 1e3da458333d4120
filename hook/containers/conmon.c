/* SPDX-License-Identifier: Apache-2.0 */
/* podman's names, as conmon was told them: its monitor of each container. */
#include "containers/conmon.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "containers/identify.h"
#include "kernel/process.h"

/* From a process of a container up to one outside: deeper in it, it has no name. */
#define ANCESTORS_MAX 32
/* Above a hook: the runtime, and a shell or two. */
#define CALLERS_MAX 4
/* The arguments in question are conmon's first ones. */
#define ARGS_MAX 4096

static const char *next_arg(const char *arg, const char *end)
{
	const char *next = arg + strlen(arg) + 1;

	return next < end ? next : NULL;
}

const char *conmon_args_name(const char *args, size_t len, const char *id)
{
	const char *name = NULL, *end = args + len;
	bool is_its = false;

	/* an argument that was cut off is none */
	while (end > args && end[-1])
		end--;
	for (const char *arg = args, *value; arg && arg < end; arg = next_arg(arg, end)) {
		value = next_arg(arg, end);
		if (!value || (strcmp(arg, "-c") != 0 && strcmp(arg, "-n") != 0))
			continue;
		if (arg[1] == 'n' && !name)
			name = value;
		if (arg[1] == 'c')
			is_its |= strcmp(value, id) == 0;
		arg = value;
	}
	return is_its ? name : NULL;
}

/* The nearest ancestor that is in no container; 0 where there is none. */
static pid_t outside(pid_t pid)
{
	struct container_name ignored;
	struct proc_stat st;

	for (int i = 0; i < ANCESTORS_MAX && proc_stat(pid, &st) == 0 && st.ppid > 1; i++) {
		pid = st.ppid;
		if (!container_of(pid, &ignored))
			return pid;
	}
	return 0;
}

bool conmon_name(pid_t pid, const char *id, char *out, size_t size)
{
	char command[32], args[ARGS_MAX];
	pid_t monitor = outside(pid);
	int64_t user = monitor ? proc_status_field(monitor, "Uid") : -1;
	const char *name;
	ssize_t len;

	/* first: the memory of another user's process is not read */
	if (!monitor || (user != 0 && user != geteuid()) ||
	    process_command(monitor, command, sizeof(command)) < 0 ||
	    strcmp(command, "conmon") != 0)
		return false;
	len = proc_read_head(monitor, "cmdline", args, sizeof(args));
	name = len > 0 ? conmon_args_name(args, (size_t)len, id) : NULL;
	return name && name[0] && snprintf(out, size, "%s", name) < (int)size;
}

static const char *args_id(const char *args, size_t len)
{
	const char *end = args + len;

	while (end > args && end[-1])
		end--;
	for (const char *arg = args; arg && arg < end; arg = next_arg(arg, end)) {
		if (strcmp(arg, "-c") == 0)
			return next_arg(arg, end);
	}
	return NULL;
}

bool conmon_calling(struct conmon_call *out)
{
	char command[32], args[ARGS_MAX];
	const char *id, *name;
	struct proc_stat st;
	pid_t pid = getppid();
	ssize_t len;

	for (int i = 0; i < CALLERS_MAX && pid > 1; i++, pid = st.ppid) {
		if (proc_stat(pid, &st) < 0)
			return false;
		if (process_command(pid, command, sizeof(command)) < 0 ||
		    strcmp(command, "conmon") != 0)
			continue;
		len = proc_read_head(pid, "cmdline", args, sizeof(args));
		id = len > 0 ? args_id(args, (size_t)len) : NULL;
		name = id ? conmon_args_name(args, (size_t)len, id) : NULL;
		return name && proc_status_field(pid, "Uid") == (int64_t)geteuid() &&
		       snprintf(out->id, sizeof(out->id), "%s", id) < (int)sizeof(out->id) &&
		       snprintf(out->name, sizeof(out->name), "%s", name) <
			       (int)sizeof(out->name);
	}
	return false;
}
