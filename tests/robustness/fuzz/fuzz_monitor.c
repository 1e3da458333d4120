/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer target: the command lines of conmon and of LXC's monitor. Input: an id, 0xff, the
 * arguments with a NUL behind each.
 */
#include "containers/conmon.h"
#include "containers/lxc_monitor.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_part rest = { data, size }, part = fuzz_next(&rest);
	char *id = fuzz_text(part.data, part.size), *args = malloc(rest.size + 1), name[64];
	const char *found;

	if (rest.size)
		memcpy(args, rest.data, rest.size);
	found = conmon_args_name(args, rest.size, id);
	if (found) {
		require(found > args && found < args + rest.size);
		/* an argument of its own, behind "-n", that ends within */
		require(memchr(found, '\0', rest.size - (size_t)(found - args)) != NULL);
		require(found - args >= 3 && memcmp(found - 3, "-n", 3) == 0);
		require(memmem(args, rest.size, "-c", 3) != NULL);
	}
	if (lxc_monitor_name(args, rest.size, name, sizeof(name)))
		require(name[0] && strlen(name) < sizeof(name) && !strchr(name, '/') &&
			memmem(args, rest.size, name, strlen(name) + 1));
	free(args);
	free(id);
	return 0;
}
