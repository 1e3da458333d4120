/* SPDX-License-Identifier: Apache-2.0 */
/* JSON that is written: valid whatever the bytes of a text are, and nothing of them lost. */
#include "base/json_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/json_reader.h"
#include "base/macros.h"
#include "base/text.h"
#include "check.h"

/* What comes to standard output at its end. */
static const char *printed(struct json_out *o)
{
	static char text[8192];
	int saved = dup(STDOUT_FILENO);
	FILE *f = tmpfile();
	size_t n;

	if (!o || !f)
		abort();
	fflush(stdout);
	dup2(fileno(f), STDOUT_FILENO);
	CHECK_INT(json_out_finish(o), 0);
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	rewind(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	CHECK_INT(n, strlen(text));
	fclose(f);
	return text;
}

/* What is printed for {"a": value}. */
static const char *written(const char *value)
{
	struct json_out *o = json_out_new();

	json_out_object(o, NULL);
	json_out_string(o, "a", value);
	json_out_end_object(o);
	return printed(o);
}

static int take_value(void *arg, const struct json_path *path, const struct json_value *v,
		      struct error *err)
{
	(void)err;
	if (path->depth == 1 && v->type == JSON_STRING)
		snprintf(arg, 4096, "%.*s", (int)v->len, v->text);
	return 0;
}

/* The value as a reader of JSON has it; false where that is no JSON. */
static bool read_back(const char *json, char out[4096])
{
	struct error err;

	out[0] = '\0';
	return json_walk("json", json, strlen(json), false, take_value, out, &err) == 0;
}

/* The bytes that were written: those that a character stands for, by json_writer.h's rule. */
static void undo(const char *text, char *out)
{
	const unsigned char *p = (const unsigned char *)text;

	while (*p) {
		if (p[0] == 0xf4 && p[1] == 0x8f && p[2] >= 0xb8 && p[2] <= 0xbb) {
			*out++ = (char)((p[2] & 3) << 6 | (p[3] & 63));
			p += 4;
		} else {
			*out++ = (char)*p++;
		}
	}
	*out = '\0';
}

static void check_round_trip(const char *value)
{
	char text[4096], bytes[4096];
	const char *json = written(value);

	CHECK(read_back(json, text));
	undo(text, bytes);
	CHECK_TEXT(bytes, value);
	for (const char *p = json; *p; p++)
		CHECK((unsigned char)*p >= 0x20 ? *p != 0x7f : *p == '\n');
}

/* Every kind of value, in an object and in a list. */
static void kinds(void)
{
	struct json_out *o = json_out_new();

	json_out_object(o, NULL);
	json_out_array(o, "list");
	json_out_int(o, NULL, -7);
	json_out_bool(o, NULL, true);
	json_out_null(o, NULL);
	json_out_end_array(o);
	json_out_object(o, "inner");
	json_out_int(o, "i", INT64_MAX);
	json_out_bool(o, "b", false);
	json_out_null(o, "n");
	json_out_end_object(o);
	json_out_end_object(o);
	CHECK_TEXT(printed(o),
		   "{\n  \"list\": [\n    -7,\n    true,\n    null\n  ],\n  \"inner\": {\n"
		   "    \"i\": 9223372036854775807,\n    \"b\": false,\n    \"n\": null\n"
		   "  }\n}\n");
}

static void round_trips(void)
{
	static const char *const as_they_are[] = {
		"",
		"plain",
		"sl\xc3\xa8"
		"ep",
		"a\"b\\c/d",
		"a\\x01",
		"a\nb\tc",
		"\xf0\x9f\x98\x80",
		"\xc2\x9b"
		"31m",
		"\xe2\x80\xae"
		"abc",
		"machine-a\\x2db",
	};
	char text[4096];

	for (size_t i = 0; i < ARRAY_SIZE(as_they_are); i++) {
		check_case = as_they_are[i];
		CHECK(read_back(written(as_they_are[i]), text));
		CHECK_TEXT(text, as_they_are[i]);
		check_round_trip(as_they_are[i]);
	}
}

static void single_bytes(void)
{
	check_case = "a byte";
	for (unsigned a = 1; a < 256; a++) {
		char value[] = { 'x', (char)a, 'y', 0 };

		check_round_trip(value);
	}
}

static void pairs_of_bytes(void)
{
	check_case = "two bytes";
	for (unsigned a = 0x80; a < 256; a++) {
		for (unsigned b = 0x70; b < 256; b += 5) {
			char value[] = { (char)a, (char)b, 0 };

			check_round_trip(value);
		}
	}
}

static void stand_ins(void)
{
	char text[4096];

	check_case = "what stands in for a byte";
	check_round_trip("\xf4\x8f\xbb\xa8");
	CHECK(read_back(written("\xe8"), text));
	CHECK_TEXT(text, "\xf4\x8f\xbb\xa8");
	CHECK(read_back(written("\xf4\x8f\xbb\xa8"), text));
	CHECK(strcmp(text, "\xf4\x8f\xbb\xa8") != 0);
}

static void of_any_length(void)
{
	char text[3001];

	memset(text, 'z', 3000);
	text[3000] = '\0';
	check_round_trip(text);
	/* each byte as long as there is any */
	memset(text, '\x01', 600);
	text[600] = '\0';
	check_round_trip(text);
}

int main(void)
{
	RUN(kinds);
	RUN(round_trips);
	RUN(single_bytes);
	RUN(pairs_of_bytes);
	RUN(stand_ins);
	RUN(of_any_length);
	return check_end();
}
