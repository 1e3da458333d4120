/* SPDX-License-Identifier: Apache-2.0 */
/* A process that goes on behind a start, in nobody's way. */
#include "kernel/daemonize.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/io.h"
#include "kernel/proc.h"

void background_leave_cgroups(void)
{
	char text[PROC_CGROUP_MAX], path[128], *save = NULL;

	if (proc_read_head(getpid(), "cgroup", text, sizeof(text)) <= 0)
		return;
	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *name = strchr(line, ':'), *end = name ? strchr(name + 1, ':') : NULL;
		int fd;

		if (!end || strcmp(end, ":/") == 0)
			continue;
		*end = '\0';
		name++;
		if (strncmp(name, "name=", 5) == 0)
			name += 5;
		/* v2 is mounted here, or at "unified" beside v1 (systemd's layouts) */
		snprintf(path, sizeof(path), "/sys/fs/cgroup/%s/cgroup.procs", name);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0 && !*name)
			fd = open("/sys/fs/cgroup/unified/cgroup.procs", O_WRONLY | O_CLOEXEC);
		if (fd >= 0) {
			(void)write_all(fd, "0", 1);
			close(fd);
		}
	}
}

static void close_from(unsigned first)
{
	if (syscall(SYS_close_range, first, ~0U, 0) == 0)
		return;
	/* before Linux 5.9 */
	for (long fd = first, end = sysconf(_SC_OPEN_MAX); fd < end && fd < 65536; fd++)
		close((int)fd);
}

void background_detach(int fd, int as)
{
	int null;

	/* first: it may be one of those that come next */
	dup2(fd, as);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int i = 0; i <= STDERR_FILENO && null >= 0; i++)
		dup2(null, i);
	setsid();
	(void)!chdir("/");
	close_from((unsigned)as + 1);
}
