/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer target: what an LXC configuration says of a variable. What is read of it is read again
 * where it is written once more behind the rest, another variable changes nothing, and an empty
 * setting takes it back.
 */
#include "containers/lxc_config.h"
#include "fuzz.h"

#define NAME "KSM_MERGE"

/* A copy of exactly that size, so that a byte too far is seen. */
static bool variable(const char *data, size_t size, char *value, size_t room)
{
	char *text = malloc(size ? size : 1);
	bool found;

	require(text != NULL);
	if (size)
		memcpy(text, data, size);
	found = lxc_config_variable(text, size, NAME, value, room);
	free(text);
	return found;
}

/* With one line more; "": the same as before. */
static void check_behind(const char *data, size_t size, const char *line, const char *want)
{
	size_t len = strlen(line), room = size + len + 2;
	char *more = malloc(room), *value = malloc(room);
	bool found;

	require(more && value);
	if (size)
		memcpy(more, data, size);
	more[size] = '\n';
	snprintf(more + size + 1, len + 1, "%s", line);
	found = variable(more, size + 1 + len, value, room);
	require(found == (want != NULL));
	require(!want || strcmp(value, want) == 0);
	free(more);
	free(value);
}

static bool has_text(const char *value)
{
	/* what a NUL ends is more than C's text of it */
	return value[0] != '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	size_t room = size + sizeof("lxc.environment = \"" NAME "=\"");
	char *value = malloc(size + 1), *line = malloc(room), cut[8];
	bool found;

	require(value && line);
	found = variable(text, size, value, size + 1);
	check_behind(text, size, "lxc.environment = OTHER=1", found ? value : NULL);
	check_behind(text, size, "# lxc.environment = " NAME "=2", found ? value : NULL);
	check_behind(text, size, "lxc.environment =", NULL);
	check_behind(text, size, "lxc.environment=" NAME "=3", "3");
	if (found) {
		require(memmem(text, size, NAME, sizeof(NAME) - 1) != NULL);
		/* the beginning of it, where there is no room */
		require(variable(text, size, cut, sizeof(cut)));
		require(strlen(cut) < sizeof(cut) && strncmp(value, cut, strlen(cut)) == 0);
	}
	if (found && has_text(value)) {
		snprintf(line, room, "lxc.environment = \"" NAME "=%s\"", value);
		check_behind(text, size, line, value);
	}
	free(value);
	free(line);
	return 0;
}
