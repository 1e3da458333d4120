/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer target: daemon.json and Docker's file of a container. Input: daemon.json, 0xff,
 * config.v2.json. A name is a string of the file as it stands, the directory an absolute path.
 */
#include <dirent.h>
#include <limits.h>

#include "fuzz.h"

/* Every directory is empty; not for the linker, since the fuzzer itself lists some. */
static char opened_dir[PATH_MAX];

static DIR *fake_opendir(const char *path)
{
	snprintf(opened_dir, sizeof(opened_dir), "%s", path);
	return (DIR *)opened_dir;
}

#define opendir(path) fake_opendir(path)
#define readdir(d)    NULL
#define closedir(d)   (void)(d)
#define dirfd(d)      (-1)
#include "containers/docker_names.c" /* NOLINT(bugprone-suspicious-include) */

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static bool holds(struct fuzz_part text, const char *before, const char *value)
{
	char quoted[512];

	snprintf(quoted, sizeof(quoted), "\"%s%s\"", before, value);
	return memmem(text.data, text.size, quoted, strlen(quoted)) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_part rest = { data, size }, daemon = fuzz_next(&rest);
	struct metadata m = { "" }, cleaned;
	struct docker_container c = { ID, &m, NULL };

	fake_file("/etc/docker/daemon.json", daemon.data, daemon.size);
	fake_file("/config.v2.json", rest.data, rest.size);
	/* the data-root itself */
	fake_file(".", NULL, 0);
	docker_names_fill(&c, 1);
	require(opened_dir[0] == '/');
	cleaned = m;
	metadata_clean(&cleaned);
	require(memcmp(&cleaned, &m, sizeof(m)) == 0 && !m.pod[0] && !m.pod_namespace[0]);
	require(!m.container[0] || holds(rest, "/", m.container));
	require(!m.image[0] || holds(rest, "", m.image));
	fake_forget();
	return 0;
}
