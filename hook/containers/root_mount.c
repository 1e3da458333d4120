/* SPDX-License-Identifier: Apache-2.0 */
/* What is mounted on a process's root directory: the host's own, or another one. */
#include "containers/root_mount.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* A field of a line of mountinfo (proc(5)), which are parted by one space. */
static const char *field_of(const char *line, int n, size_t *len)
{
	while (n-- > 0) {
		line += strcspn(line, " \n");
		if (*line != ' ')
			return NULL;
		line++;
	}
	*len = strcspn(line, " \n");
	return line;
}

/* The line of what is mounted on /: the last one, where there are several. */
static const char *root_mount(const char *mountinfo)
{
	const char *found = NULL;

	for (const char *line = mountinfo; *line; line += line[0] == '\n') {
		size_t len;
		const char *point = field_of(line, 4, &len);

		if (point && len == 1 && *point == '/')
			found = line;
		line += strcspn(line, "\n");
	}
	return found;
}

static bool mount_has(const char *options, size_t len, const char *option)
{
	size_t n = strlen(option);

	for (const char *p = options, *end = options + len; p < end;) {
		size_t k = strcspn(p, ", \n");

		if (k == n && memcmp(p, option, n) == 0)
			return true;
		p += k + 1;
	}
	return false;
}

enum root_kind root_kind_of(const char *mountinfo, const char *ours)
{
	const char *its = root_mount(mountinfo), *our = root_mount(ours), *a, *b;
	size_t a_len = 0, b_len = 0;

	if (!its)
		return ROOT_OWN;
	a = field_of(its, 5, &a_len);
	if (a && mount_has(a, a_len, "noexec"))
		return ROOT_NOEXEC;
	/* device and directory, which stand beside each other */
	for (int i = 2; our && i <= 3; i++) {
		a = field_of(its, i, &a_len);
		b = field_of(our, i, &b_len);
		if (!a || !b || a_len != b_len || memcmp(a, b, a_len) != 0)
			return ROOT_OWN;
	}
	return our ? ROOT_HOSTS : ROOT_OWN;
}

/* A line as far as it is looked at: names of directories are written with four bytes for some. */
#define MOUNT_LINE_MAX 2048

/*
 * The line of what is mounted on the process's /, the last one; "" where there is none, or it is not
 * shown. It need not be among the first: what an initramfs has mounted stands before it.
 */
static void read_root_mount(pid_t pid, char out[MOUNT_LINE_MAX])
{
	char path[48], line[MOUNT_LINE_MAX];
	bool whole = true;
	FILE *f;

	out[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/mountinfo", pid);
	f = fopen(path, "re");
	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		bool begins = whole;

		whole = strchr(line, '\n');
		if (begins && root_mount(line))
			memcpy(out, line, sizeof(line));
	}
	fclose(f);
}

/* That of the host's first process, read once. */
static char host_root[MOUNT_LINE_MAX];
static pthread_once_t host_root_once = PTHREAD_ONCE_INIT;

static void read_host_root(void)
{
	read_root_mount(1, host_root);
}

enum root_kind root_of_process(pid_t pid)
{
	char line[MOUNT_LINE_MAX];

	pthread_once(&host_root_once, read_host_root);
	if (!host_root[0])
		return ROOT_OWN;
	read_root_mount(pid, line);
	return root_kind_of(line, host_root);
}
