/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_position.h"

#include "base/macros.h"
#include "check.h"

/* Where the value that ends at a byte begins. */
static void token_positions(void)
{
	static const struct {
		const char *text;
		size_t end, column;
	} of[] = {
		{ "{\"a\":1}", 6, 6 },
		{ "{\"a\": true }", 10, 7 },
		{ "[\"ab\"]", 5, 2 },
		{ "[\"a\\\"b\"]", 7, 2 },
		{ "[\"a\\\\\\\"b\"]", 9, 2 },
		/* an even number of backslashes escapes itself */
		{ "\\\\\"x\"", 5, 3 },
		/* at the very beginning */
		{ "\"a\"", 3, 1 },
		{ "12", 2, 1 },
		{ "\"", 1, 1 },
		{ "{", 1, 1 },
		/* a bracket is all of what begins with it, whatever stands before it */
		{ "x{", 2, 2 },
		{ "x[", 2, 2 },
		{ "", 0, 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(of); i++) {
		check_case = of[i].text;
		CHECK_INT(json_token_position(of[i].text, of[i].end).column, of[i].column);
	}
}

/* A line's end belongs to its line. */
static void offsets(void)
{
	static const char text[] = "a\nbc\n\nd";
	static const struct json_position wanted[] = { { 1, 1 }, { 1, 2 }, { 2, 1 }, { 2, 2 },
						       { 2, 3 }, { 3, 1 }, { 4, 1 }, { 4, 2 } };

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		struct json_position p = json_position_of(text, i);

		CHECK_INT(p.line, wanted[i].line);
		CHECK_INT(p.column, wanted[i].column);
	}
}

int main(void)
{
	RUN(token_positions);
	RUN(offsets);
	return check_end();
}
