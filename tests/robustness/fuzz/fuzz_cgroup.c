/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: /proc/PID/cgroup. What a container makes below its cgroup renames nobody. */

#include "containers/cgroup_name.h"
#include "containers/identify.h"
#include "containers/targets.h"
#include "fuzz.h"

static void check_name(const struct container_name *c)
{
	require(strlen(c->engine) < sizeof(c->engine) && c->engine[0]);
	require(strlen(c->id) < sizeof(c->id) && container_id_shown(c->id) <= strlen(c->id));
}

/* The first line with what a tenant may add to it: another engine's name of another container. */
static void check_below(const char *text)
{
	static const char *const below[] = { "/x", "/lxc.payload.other", "/crio-0/default/x" };
	struct container_name above, name;
	enum cgroup_proof proof;
	size_t len = strcspn(text, "\n");
	char *line = malloc(len + 64);

	require(line != NULL);
	snprintf(line, len + 1, "%s", text);
	if (cgroup_names_container(line, &above, &proof)) {
		for (size_t i = 0; i < sizeof(below) / sizeof(below[0]); i++) {
			snprintf(line + len, 64, "%s", below[i]);
			require(cgroup_names_container(line, &name, &proof));
			require(container_name_compare(&name, &above) == 0);
		}
	}
	free(line);
}

/* A cgroup holds itself and what is below, and none whose name only begins so. */
static void check_target(const char *text)
{
	size_t len = strcspn(text, "\n");
	const char *path = memchr(text, ':', len);

	path = path ? memchr(path + 1, ':', len - (size_t)(path + 1 - text)) : NULL;
	if (!path)
		return;
	path++;
	len -= (size_t)(path - text);
	require(target_in_cgroup(text, path, len));
	/* a newline ends a line: no part of one holds it */
	require(!target_in_cgroup(text, "/a\nb", 4));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_part rest = { data, size }, part = fuzz_next(&rest);
	char *text = fuzz_text(part.data, part.size),
	     *command = fuzz_text(rest.data, rest.size);
	struct container_name name;
	enum cgroup_proof proof;

	if (cgroup_names_container(text, &name, &proof)) {
		check_name(&name);
		require(name.id[0]);
	}
	check_below(text);
	check_target(text);
	fake_file("/cgroup", text, part.size);
	fake_file("/comm", command, rest.size);
	container_host_name(1, &name);
	check_name(&name);
	require(strcmp(name.engine, "host") == 0);
	fake_forget();
	free(command);
	free(text);
	return 0;
}
