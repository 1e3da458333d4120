/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: /proc/PID/stat. Input: the command, 0xff, the fields behind it. */

#include "fuzz.h"
#include "kernel/proc.h"

/* Longer than any kernel's: TASK_COMM_LEN is 16, a worker's description 64. */
#define COMMAND_MAX 64

static int read_with(struct fuzz_part command, struct fuzz_part fields, struct proc_stat *out)
{
	char text[1024];
	int r, n = snprintf(text, sizeof(text), "1 (%.*s) %.*s", (int)command.size,
			    (const char *)command.data, (int)fields.size,
			    (const char *)fields.data);

	memset(out, 0, sizeof(*out));
	fake_file("/proc/1/stat", text, (size_t)n);
	r = proc_stat(1, out);
	fake_forget();
	return r;
}

/* What a process calls itself changes nothing of what is read. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_part rest = { data, size }, command = fuzz_next(&rest);
	const struct fuzz_part plain = { (const uint8_t *)"sh", 2 };
	struct proc_stat named, other;
	int r;

	fake_file("/proc/1/stat", data, size);
	(void)proc_stat(1, &other);
	fake_forget();
	if (command.size > COMMAND_MAX || rest.size > 800 ||
	    memchr(command.data, 0, command.size) || memchr(rest.data, ')', rest.size))
		return 0;
	r = read_with(plain, rest, &other);
	require(read_with(command, rest, &named) == r);
	/* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): both were zero */
	require(r < 0 || memcmp(&named, &other, sizeof(named)) == 0);
	return 0;
}
