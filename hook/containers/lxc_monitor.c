/* SPDX-License-Identifier: Apache-2.0 */
/* The name of an LXC container by the process that starts it, which its configuration cannot choose. */
#include "containers/lxc_monitor.h"

#include <string.h>

#include "kernel/proc.h"

static const char title[] = "[lxc monitor] /";

static bool keep_name(const char *from, char *name, size_t size)
{
	size_t len = strlen(from);

	if (len == 0 || len >= size || strchr(from, '/'))
		return false;
	memcpy(name, from, len + 1);
	return true;
}

/* The text behind the only blank: with several it could be any. */
static bool name_in_title(const char *path, char *name, size_t size)
{
	const char *blank = strchr(path, ' ');

	return blank && !strchr(blank + 1, ' ') && keep_name(blank + 1, name, size);
}

static bool is_starter(const char *program)
{
	const char *slash = strrchr(program, '/'), *base = slash ? slash + 1 : program;

	return strcmp(base, "lxc-start") == 0 || strcmp(base, "lxc-execute") == 0;
}

/* getopt_long(3): the last one counts, and nothing behind "--" is an option. */
static bool name_in_arguments(const char *arg, const char *end, char *name, size_t size)
{
	bool found = false, next = false;

	for (; arg < end && strcmp(arg, "--") != 0; arg += strlen(arg) + 1) {
		const char *value = NULL;

		if (next)
			value = arg;
		next = !next && (strcmp(arg, "-n") == 0 || strcmp(arg, "--name") == 0);
		if (!value && strncmp(arg, "--name=", 7) == 0)
			value = arg + 7;
		else if (!value && strncmp(arg, "-n", 2) == 0 && arg[2])
			value = arg + 2;
		if (value)
			found = keep_name(value, name, size);
	}
	return found;
}

bool lxc_monitor_name(const char *cmdline, size_t len, char *name, size_t size)
{
	const char *end = cmdline + len;

	if (len == 0 || end[-1] != '\0')
		return false;
	if (strncmp(cmdline, title, strlen(title)) == 0)
		return name_in_title(cmdline + strlen(title) - 1, name, size);
	return is_starter(cmdline) &&
	       name_in_arguments(cmdline + strlen(cmdline) + 1, end, name, size);
}

bool lxc_monitor_find(pid_t init, char *name, size_t size)
{
	/* any number of -s KEY=VALUE; of what is longer the name may be the last one's */
	static char cmdline[256 << 10];
	struct proc_stat st;
	ssize_t n;

	if (init <= 0 || proc_stat(init, &st) < 0 || st.ppid <= 0)
		return false;
	n = proc_read(st.ppid, "cmdline", cmdline, sizeof(cmdline));
	return n > 0 && lxc_monitor_name(cmdline, (size_t)n, name, size);
}
