/* SPDX-License-Identifier: Apache-2.0 */
/* Lines and columns of a JSON text, for messages. */
#include "base/json_position.h"

#include <stdbool.h>
#include <string.h>

struct json_position json_position_of(const char *text, size_t offset)
{
	struct json_position at = { 1, 1 };

	for (size_t i = 0; i < offset; i++) {
		at.column++;
		if (text[i] == '\n')
			at = (struct json_position){ at.line + 1, 1 };
	}
	return at;
}

/* Is the byte at i escaped, by an odd number of backslashes in front of it? */
static bool is_escaped(const char *text, size_t i)
{
	size_t n = 0;

	while (n < i && text[i - n - 1] == '\\')
		n++;
	return n % 2 == 1;
}

struct json_position json_token_position(const char *text, size_t end)
{
	size_t at = end ? end - 1 : 0;

	if (end && text[at] == '"') {
		while (at > 0 && (text[at - 1] != '"' || is_escaped(text, at - 1)))
			at--;
		at -= at > 0;
	} else if (end && text[at] != '{' && text[at] != '[') {
		while (at > 0 && !strchr(" \t\r\n,:[{/", text[at - 1]))
			at--;
	}
	return json_position_of(text, at);
}
