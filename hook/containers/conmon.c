/* SPDX-License-Identifier: Apache-2.0 */
/* podman's and CRI-O's names, as conmon was told them: their monitor of each container. */
#include "containers/conmon.h"

#include <string.h>
#include <unistd.h>

#include "containers/identify.h"
#include "kernel/process.h"

/* From a process of a container up to one outside: deeper in it, it has no name. */
#define ANCESTORS_MAX 32
/* Above a hook: the runtime, and a shell or two. */
#define CALLERS_MAX 4
/* The arguments in question are conmon's first ones, with the paths of runtime, bundle and pid file. */
#define ARGS_MAX (4 * 4096)

static const char *next_arg(const char *arg, const char *end)
{
	const char *next = arg + strlen(arg) + 1;

	return next < end ? next : NULL;
}

static bool take_value(char *out, size_t size, const char *value)
{
	size_t len = value ? strlen(value) : 0;

	if (len == 0 || len >= size)
		return false;
	memcpy(out, value, len + 1);
	return true;
}

bool conmon_args_parse(const char *args, size_t len, struct conmon_args *out)
{
	const char *id = NULL, *name = NULL, *end = args + len;

	out->podmans = false;
	/* an argument that was cut off is none */
	while (end > args && end[-1])
		end--;
	/* behind them stands what it is to execute in the end, with options of its own */
	for (const char *arg = args, *value; arg && arg < end; arg = next_arg(arg, end)) {
		value = next_arg(arg, end);
		if (strcmp(arg, "--exit-command") == 0)
			out->podmans = true;
		if (!value || (strcmp(arg, "-c") != 0 && strcmp(arg, "-n") != 0))
			continue;
		if (arg[1] == 'n' && !name)
			name = value;
		if (arg[1] == 'c' && !id)
			id = value;
		arg = value;
	}
	return take_value(out->id, sizeof(out->id), id) &&
	       take_value(out->name, sizeof(out->name), name);
}

static bool is_conmon(pid_t pid)
{
	char command[32];

	return process_command(pid, command, sizeof(command)) >= 0 &&
	       strcmp(command, "conmon") == 0;
}

static bool read_args(pid_t pid, struct conmon_args *out)
{
	char args[ARGS_MAX];
	ssize_t len = proc_read_head(pid, "cmdline", args, sizeof(args));

	return len > 0 && conmon_args_parse(args, (size_t)len, out);
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

bool conmon_of(pid_t pid, const char *id, struct conmon_args *out)
{
	pid_t monitor = outside(pid);
	int64_t user = monitor ? proc_status_field(monitor, "Uid") : -1;

	/* first: the memory of another user's process is not read */
	return monitor && (user == 0 || user == geteuid()) && is_conmon(monitor) &&
	       read_args(monitor, out) && strcmp(out->id, id) == 0;
}

bool conmon_calling(struct conmon_args *out)
{
	struct proc_stat st;
	pid_t pid = getppid();

	for (int i = 0; i < CALLERS_MAX && pid > 1; i++, pid = st.ppid) {
		if (proc_stat(pid, &st) < 0)
			return false;
		if (is_conmon(pid))
			return proc_status_field(pid, "Uid") == (int64_t)geteuid() &&
			       read_args(pid, out);
	}
	return false;
}
