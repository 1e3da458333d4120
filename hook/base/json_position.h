/* SPDX-License-Identifier: Apache-2.0 */
/* Lines and columns of a JSON text, for messages. */
#ifndef KSM_JSON_POSITION_H
#define KSM_JSON_POSITION_H

#include <stddef.h>

/* Both from 1; the column in bytes. */
struct json_position {
	size_t line, column;
};

/* Of the byte at offset. */
struct json_position json_position_of(const char *text, size_t offset);

/* Where a token that ends before offset end begins. text holds well-formed JSON up to there. */
struct json_position json_token_position(const char *text, size_t end);

#endif
