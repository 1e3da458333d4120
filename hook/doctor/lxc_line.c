/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: a line of LXC's configuration that calls the hook. */
#include "doctor/lxc_line.h"

#include <stddef.h>
#include <string.h>

#include "base/macros.h"

#define BLANKS " \t"

/* Behind what may be the key, or NULL where the line begins with another one. */
static const char *behind_key(const char *line, const char *key)
{
	size_t len = strlen(key);

	return strncmp(line, key, len) == 0 ? line + len : NULL;
}

const char *lxc_line_program(char *line)
{
	static const char *const keys[] = { "lxc.hook.mount", "lxc.hook.start-host" };
	const char *behind = NULL, *argument;
	char *program, *end;

	line += strspn(line, BLANKS);
	for (size_t i = 0; i < ARRAY_SIZE(keys) && !behind; i++)
		behind = behind_key(line, keys[i]);
	if (!behind || behind[strspn(behind, BLANKS)] != '=')
		return NULL;
	program = strchr(line, '=') + 1;
	program += strspn(program, BLANKS);
	end = program + strcspn(program, BLANKS);
	argument = end + strspn(end, BLANKS);
	if (strcspn(argument, BLANKS) != 3 || strncmp(argument, "lxc", 3) != 0)
		return NULL;
	*end = '\0';
	return program[0] == '/' ? program : NULL;
}
