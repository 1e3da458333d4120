/* SPDX-License-Identifier: Apache-2.0 */
/* JSON out: what the --json options print, made by yajl's generator. */
#include "base/json_writer.h"

#include <stdio.h>
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

static void text(struct json_out *o, const char *s)
{
	char clean[1024];

	printable(clean, sizeof(clean), s, strlen(s));
	yajl_gen_string(gen(o), (const unsigned char *)clean, strlen(clean));
}

static void name(struct json_out *o, const char *key)
{
	if (key)
		text(o, key);
}

void json_out_object(struct json_out *o, const char *key)
{
	name(o, key);
	yajl_gen_map_open(gen(o));
}

void json_out_end_object(struct json_out *o)
{
	yajl_gen_map_close(gen(o));
}

void json_out_array(struct json_out *o, const char *key)
{
	name(o, key);
	yajl_gen_array_open(gen(o));
}

void json_out_end_array(struct json_out *o)
{
	yajl_gen_array_close(gen(o));
}

void json_out_string(struct json_out *o, const char *key, const char *value)
{
	name(o, key);
	text(o, value);
}

void json_out_int(struct json_out *o, const char *key, int64_t value)
{
	name(o, key);
	yajl_gen_integer(gen(o), value);
}

void json_out_bool(struct json_out *o, const char *key, bool value)
{
	name(o, key);
	yajl_gen_bool(gen(o), value);
}

void json_out_null(struct json_out *o, const char *key)
{
	name(o, key);
	yajl_gen_null(gen(o));
}

int json_out_finish(struct json_out *o)
{
	const unsigned char *buf;
	size_t len;
	int ret = 1;

	if (yajl_gen_get_buf(gen(o), &buf, &len) == yajl_gen_status_ok &&
	    fwrite(buf, 1, len, stdout) == len)
		ret = 0;
	yajl_gen_free(gen(o));
	return ret;
}
