/* SPDX-License-Identifier: Apache-2.0 */
/* JSON out: what the --json options print, made by yajl's generator. */
#include "base/json_writer.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_gen.h>

#include "base/text.h"

static yajl_gen gen(struct json_out *o)
{
	return (yajl_gen)o;
}

struct json_out *json_out_new(void)
{
	yajl_gen g = yajl_gen_alloc(NULL);

	if (g) {
		yajl_gen_config(g, yajl_gen_beautify, 1);
		yajl_gen_config(g, yajl_gen_indent_string, "  ");
	}
	return (struct json_out *)g;
}

/* The string in quotes, allocated; NULL when there is no memory. */
static char *quote(const char *s)
{
	/* at most six bytes for one: \u001b */
	char *out = malloc(strlen(s) * 6 + 3), *to = out;

	if (!out)
		return NULL;
	*to++ = '"';
	while (*s) {
		uint32_t c;
		size_t len = utf8_decode(s, &c);

		if (len == 0) {
			utf8_stand_in(to, (unsigned char)*s++);
			to += strlen(to);
			continue;
		}
		if (utf8_is_control(c)) {
			to += sprintf(to, "\\u%04x", c);
		} else {
			if (c == '"' || c == '\\')
				*to++ = '\\';
			memcpy(to, s, len);
			to += len;
		}
		s += len;
	}
	memcpy(to, "\"", 2);
	return out;
}

/* Names of ours, which need no escapes. */
static void member_name(struct json_out *o, const char *key)
{
	if (key)
		yajl_gen_string(gen(o), (const unsigned char *)key, strlen(key));
}

void json_out_object(struct json_out *o, const char *key)
{
	member_name(o, key);
	yajl_gen_map_open(gen(o));
}

void json_out_end_object(struct json_out *o)
{
	yajl_gen_map_close(gen(o));
}

void json_out_array(struct json_out *o, const char *key)
{
	member_name(o, key);
	yajl_gen_array_open(gen(o));
}

void json_out_end_array(struct json_out *o)
{
	yajl_gen_array_close(gen(o));
}

void json_out_string(struct json_out *o, const char *key, const char *value)
{
	char *quoted = quote(value);

	member_name(o, key);
	/* as it stands, which is what yajl does with a number: its own strings have other escapes */
	if (quoted)
		yajl_gen_number(gen(o), quoted, strlen(quoted));
	else
		yajl_gen_null(gen(o));
	free(quoted);
}

void json_out_int(struct json_out *o, const char *key, int64_t value)
{
	member_name(o, key);
	yajl_gen_integer(gen(o), value);
}

void json_out_bool(struct json_out *o, const char *key, bool value)
{
	member_name(o, key);
	yajl_gen_bool(gen(o), value);
}

void json_out_null(struct json_out *o, const char *key)
{
	member_name(o, key);
	yajl_gen_null(gen(o));
}

int json_out_finish(struct json_out *o)
{
	const unsigned char *buf;
	size_t len;
	int ret = 1;

	if (yajl_gen_get_buf(gen(o), &buf, &len) == yajl_gen_status_ok) {
		fwrite(buf, 1, len, stdout);
		ret = 0;
	}
	yajl_gen_free(gen(o));
	return ret;
}
