/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer target: /proc/PID/status and uid_map. The readers of a line and of the whole text say
 * the same, wherever a buffer ends.
 */

#include "containers/identify.h"
#include "fuzz.h"
#include "kernel/proc.h"
#include "kernel/userns.h"

/* Longer lines are groups of users. */
#define LINE_ROOM 256

/* The number of the first line of that name; below 0: there is none. */
static int64_t by_line(const char *text, const char *name)
{
	for (const char *line = text; *line; line += line[strcspn(line, "\n")] == '\n') {
		size_t len = strcspn(line, "\n");
		char copy[LINE_ROOM];

		snprintf(copy, sizeof(copy), "%.*s", (int)len, line);
		if (strncmp(copy, name, strlen(name)) == 0 && copy[strlen(name)] == ':')
			return strtoll(copy + strlen(name) + 1, NULL, 10);
		line += len;
	}
	return -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "Seccomp", "Uid", "PPid" };
	char *text = fuzz_text(data, size);
	struct container_name container;
	pid_t parent;
	bool outer;
	char line[64];

	/* no kernel writes one */
	for (size_t i = 0; i < size; i++)
		text[i] = text[i] ? text[i] : ' ';
	fake_file("/status", text, size);
	fake_file("/uid_map", text, size);
	fake_pieces(size ? (size_t)data[0] + 1 : 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int64_t slow = proc_status_field(1, names[i]), fast = by_line(text, names[i]);

		require(slow == fast || (slow < 0 && fast < 0));
	}
	if (proc_parent(&parent, &outer) == 0)
		require(parent >= 0);
	(void)userns_is_initial();
	(void)userns_owner();
	if (proc_status_line(1, "envID", line, sizeof(line)) > 0 &&
	    container_from_envid(line, &container))
		require(container.id[0] && strlen(container.id) < sizeof(container.id));
	fake_forget();
	free(text);
	return 0;
}
