/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer target: the command lines of conmon and of LXC's monitor. Input: the arguments, with a
 * NUL behind each.
 */
#include "containers/conmon.h"
#include "containers/lxc_monitor.h"
#include "fuzz.h"

/* An argument of its own, behind that option, that ends within. */
static void require_behind(const char *args, size_t size, const char *option, const char *value)
{
	char both[3 + sizeof(((struct conmon_args *)NULL)->name)];

	memcpy(both, option, 3);
	require(value[0] && strlen(value) < sizeof(both) - 3);
	memcpy(both + 3, value, strlen(value) + 1);
	require(memmem(args, size, both, 3 + strlen(value) + 1) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *args = malloc(size + 1), name[64];
	struct conmon_args told;

	if (size)
		memcpy(args, data, size);
	if (conmon_args_parse(args, size, &told)) {
		require_behind(args, size, "-c", told.id);
		require_behind(args, size, "-n", told.name);
	}
	if (lxc_monitor_name(args, size, name, sizeof(name)))
		require(name[0] && strlen(name) < sizeof(name) && !strchr(name, '/') &&
			memmem(args, size, name, strlen(name) + 1));
	free(args);
	return 0;
}
