/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: what an LXC configuration says of a variable. */
#include "containers/lxc_config.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char value[8];
	/* a copy of exactly that size, so that a byte too far is seen */
	char *text = malloc(size);

	if (size && !text)
		return 0;
	if (size)
		memcpy(text, data, size);
	if (lxc_config_variable(text, size, "KSM_MERGE", value, sizeof(value)) &&
	    (strnlen(value, sizeof(value)) == sizeof(value) ||
	     !memmem(text, size, "KSM_MERGE", 9)))
		abort();
	free(text);
	return 0;
}
