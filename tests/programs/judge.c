/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A poststart hook that writes down whether the container's init is mergeable, after it has
 * executed its program. judge WORD FILE PROGRAM [kill] appends to FILE a line "WORD yes",
 * "WORD not-asked" or "WORD not-scanned".
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int flagged(const char *text, const char *name)
{
	const char *p = strstr(text, name);

	return p && strncmp(p + strlen(name), "yes", 3) == 0;
}

int main(int argc, char **argv)
{
	char text[65536], path[64], exe[4096] = "";
	const struct timespec tick = { .tv_nsec = 200000 };
	const char *pid_at;
	FILE *f;
	int pid;

	if (argc < 4)
		return 2;
	text[fread(text, 1, sizeof(text) - 1, stdin)] = '\0';
	pid_at = strstr(text, "\"pid\":");
	pid = pid_at ? atoi(pid_at + 6) : 0;
	if (pid <= 1)
		return 1;
	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	for (int i = 0; i < 10000; i++) {
		ssize_t n = readlink(path, exe, sizeof(exe) - 1);

		exe[n < 0 ? 0 : n] = '\0';
		if (strcmp(exe, argv[3]) == 0)
			break;
		nanosleep(&tick, NULL);
	}
	snprintf(path, sizeof(path), "/proc/%d/ksm_stat", pid);
	f = fopen(path, "r");
	if (!f)
		return 1;
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	f = fopen(argv[2], "a");
	if (!f)
		return 1;
	/* without the second one ksmd does not look at the process, whatever it asked */
	fprintf(f, "%s %s\n", argv[1],
		!flagged(text, "ksm_merge_any: ") ? "not-asked" :
		!flagged(text, "ksm_mergeable: ") ? "not-scanned" :
						    "yes");
	fclose(f);
	return argc > 4 && kill(pid, SIGKILL) < 0;
}
