/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: /proc/PID/mountinfo. Only what is mounted on / says whose root it is. */

#include "containers/root_mount.h"
#include "fuzz.h"

static const char elsewhere[] = "1 1 0:1 / /elsewhere ro,noexec - tmpfs none rw\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_part rest = { data, size }, part = fuzz_next(&rest);
	char *its = fuzz_text(part.data, part.size), *ours = fuzz_text(rest.data, rest.size);
	enum root_kind kind = root_kind_of(its, ours);
	size_t len = strlen(its) + sizeof(elsewhere);
	char *more = malloc(len);

	require(more != NULL);
	snprintf(more, len, "%s%s", elsewhere, its);
	require(root_kind_of(more, ours) == kind);
	/* of the host's own, it is the host's root, or there is none */
	if (kind == ROOT_HOSTS)
		require(root_kind_of(its, its) == ROOT_HOSTS &&
			root_kind_of(ours, its) != ROOT_OWN);
	free(more);
	free(its);
	free(ours);
	return 0;
}
