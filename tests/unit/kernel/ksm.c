/* SPDX-License-Identifier: Apache-2.0 */
/* What smaps says of a process whose files have names that look like lines of it. */
#include "kernel/ksm.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

#define LINE "VmFlags: rd wr mg "

/* LINE again and again, so many bytes, from its at-th byte on. */
static void fill_name(char *out, size_t len, size_t at)
{
	for (size_t i = 0; i < len; i++)
		out[i] = LINE[(at + i) % (sizeof(LINE) - 1)];
	out[len] = '\0';
}

static pid_t child_that_maps(const char *file)
{
	int ready[2];
	pid_t pid;
	char c;

	if (pipe(ready) < 0)
		abort();
	pid = fork();
	if (pid == 0) {
		int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (fd < 0 || ftruncate(fd, 4096) < 0 ||
		    mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED ||
		    write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	CHECK(read(ready[0], &c, 1) == 1);
	close(ready[0]);
	return pid;
}

/* Wherever a buffer ends, what follows begins with LINE for one of its bytes. */
static void names_like_lines(void)
{
	char top[] = "/tmp/ksm-ksm.XXXXXX", name[256], dir[300], inner[600], file[900];

	if (!mkdtemp(top))
		abort();
	for (size_t at = 0; at < sizeof(LINE) - 1; at++) {
		pid_t pid;

		fill_name(name, sizeof(name) - 1, at);
		snprintf(dir, sizeof(dir), "%s/%s", top, name);
		snprintf(inner, sizeof(inner), "%s/%s", dir, name);
		snprintf(file, sizeof(file), "%s/%s", inner, name);
		CHECK(mkdir(dir, 0700) == 0 && mkdir(inner, 0700) == 0);
		pid = child_that_maps(file);
		/* as we are ourselves: not, unless whoever started us is mergeable */
		CHECK_INT(ksm_has_mergeable_mapping(pid), ksm_has_mergeable_mapping(getpid()));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		CHECK(unlink(file) == 0 && rmdir(inner) == 0 && rmdir(dir) == 0);
	}
	CHECK(rmdir(top) == 0);
}

int main(void)
{
	RUN(names_like_lines);
	return check_end();
}
