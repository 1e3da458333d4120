/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, and text made harmless. */
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>

#include "base/macros.h"
#include "check.h"

static void integers(void)
{
	static const struct {
		const char *text;
		int64_t min, max;
		int r;
		int64_t value;
	} cases[] = {
		{ "0", 0, 9, 0, 0 },
		{ "9", 0, 9, 0, 9 },
		{ "10", 0, 9, -ERANGE, 0 },
		{ "-1", 0, 9, -ERANGE, 0 },
		{ "-1", -1, 9, 0, -1 },
		{ "007", 0, 9, 0, 7 },
		{ "9223372036854775807", 0, INT64_MAX, 0, INT64_MAX },
		{ "9223372036854775808", 0, INT64_MAX, -ERANGE, 0 },
		{ "-9223372036854775808", INT64_MIN, 0, 0, INT64_MIN },
		{ "-9223372036854775809", INT64_MIN, 0, -ERANGE, 0 },
		{ "99999999999999999999999", 0, INT64_MAX, -ERANGE, 0 },
		{ "00000000000000000000000000000001", 0, 9, -ERANGE, 0 },
		/* of any length that a number of 64 bits has, and one digit more */
		{ "00000000000000000000001", 0, 9, 0, 1 },
		{ "000000000000000000000001", 0, 9, -ERANGE, 0 },
		{ "", 0, 9, -EINVAL, 0 },
		{ "-", -9, 9, -EINVAL, 0 },
		{ "--1", -9, 9, -EINVAL, 0 },
		{ "1-", -9, 9, -EINVAL, 0 },
		{ "+1", 0, 9, -EINVAL, 0 },
		{ " 1", 0, 9, -EINVAL, 0 },
		{ "1 ", 0, 9, -EINVAL, 0 },
		{ "1.0", 0, 9, -EINVAL, 0 },
		{ "1e0", 0, 9, -EINVAL, 0 },
		{ "0x1", 0, 9, -EINVAL, 0 },
		{ "a", 0, 9, -EINVAL, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		/* exactly as long as its text, so that a sanitizer sees what is read */
		size_t len = strlen(cases[i].text);
		char *exact = malloc(len ? len : 1);
		int64_t v = 4711;

		memcpy(exact, cases[i].text, len);
		check_case = cases[i].text;
		CHECK_INT(parse_int(exact, len, cases[i].min, cases[i].max, &v), cases[i].r);
		CHECK_INT(v, cases[i].r ? 4711 : cases[i].value);
		free(exact);
	}
	check_case = "";
	{
		int64_t v = 0;

		/* the number ends where len says */
		CHECK_INT(parse_int("123", 2, 0, 99, &v), 0);
		CHECK_INT(v, 12);
		CHECK_INT(parse_int("12x", 2, 0, 99, &v), 0);
		CHECK_INT(parse_int("1\0002", 3, 0, 999, &v), -EINVAL);
	}
}

static void harmless(void)
{
	char out[16], tiny[1], all[4 * 256 + 1], bytes[256];

	printable(out, sizeof(out), "abc", 3);
	CHECK_TEXT(out, "abc");
	printable(out, sizeof(out), " ~\x7f\x1f", 4);
	CHECK_TEXT(out, " ~\\x7f\\x1f");
	printable(out, sizeof(out), "a\n\x1b\\", 4);
	CHECK_TEXT(out, "a\\x0a\\x1b\\x5c");
	printable(out, sizeof(out), "\xc3\xa9\0\x7f", 4);
	CHECK_TEXT(out, "\\xc3\\xa9\\x00"); /* cut at a whole escape */
	printable(out, sizeof(out), "0123456789abcdefgh", 18);
	CHECK_TEXT(out, "0123456789abcde");
	printable(out, sizeof(out), "0123456789abcd\n", 15);
	CHECK_TEXT(out, "0123456789abcd");
	printable(tiny, sizeof(tiny), "abc", 3);
	CHECK_TEXT(tiny, "");
	for (int i = 0; i < 256; i++)
		bytes[i] = (char)i;
	printable(all, sizeof(all), bytes, sizeof(bytes));
	for (const char *p = all; *p; p++)
		CHECK(*p >= 0x20 && *p < 0x7f);
}

static void sizes(void)
{
	static const struct {
		int64_t bytes;
		const char *want;
	} cases[] = {
		{ 0, "0 B" },
		{ 1023, "1023 B" },
		{ 1024, "1.0 KiB" },
		{ 1536, "1.5 KiB" },
		{ -1023, "-1023 B" },
		{ -1024, "-1.0 KiB" },
		{ INT64_C(1023) * 1024, "1023.0 KiB" },
		{ 1 << 20, "1.0 MiB" },
		{ 5ll << 30, "5.0 GiB" },
		{ 5ll << 40, "5.0 TiB" },
		{ 5ll << 50, "5.0 PiB" },
		/* there is no larger unit */
		{ 5ll << 60, "5120.0 PiB" },
		{ INT64_MIN, "-8192.0 PiB" },
	};
	char out[32], cut[4];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		check_case = cases[i].want;
		CHECK_TEXT(format_bytes(out, sizeof(out), cases[i].bytes), cases[i].want);
	}
	check_case = "";
	CHECK_TEXT(format_bytes(cut, sizeof(cut), 1 << 20), "1.0");
}

/* Characters that would act on a terminal or turn a line around, and their neighbours. */
static void check_controls(void)
{
	static const struct {
		uint32_t from, to;
	} ranges[] = { { 0, 0x1f },        { 0x7f, 0x9f },     { 0x61c, 0x61c },
		       { 0x200e, 0x200f }, { 0x2028, 0x202e }, { 0x2066, 0x2069 } };

	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		CHECK(utf8_is_control(ranges[i].from) && utf8_is_control(ranges[i].to));
		CHECK(!utf8_is_control(ranges[i].to + 1));
		if (ranges[i].from)
			CHECK(!utf8_is_control(ranges[i].from - 1));
	}
}

/* One word, whatever is in it: as much as there is room for, and no half of an escape. */
static void one_word(void)
{
	static const struct {
		const char *text, *want;
		size_t size;
	} cases[] = {
		{ "", "", 64 },
		{ "web-1", "web-1", 64 },
		{ " ", "\\x20", 64 },
		{ "a b  c", "a\\x20b\\x20\\x20c", 64 },
		{ " a ", "\\x20a\\x20", 64 },
		{ "a\n\x1b\\", "a\\x0a\\x1b\\x5c", 64 },
		{ "0123456789", "01234", 8 + 1 },
		{ "0123 5", "0123\\x20", 8 + 1 },
		{ "01234 6", "01234", 8 + 1 },
		{ "\n\n", "\\x0a\\x0a", 8 + 1 },
		{ "\n", "", 4 },
	};
	char out[64];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		check_case = cases[i].text;
		memset(out, 'x', sizeof(out));
		printable_word(out, cases[i].size, cases[i].text);
		CHECK_TEXT(out, cases[i].want);
		CHECK(cases[i].size == sizeof(out) || out[cases[i].size] == 'x');
	}
	check_case = "";
}

/* What utf8_stand_in() has written is read back by this. */
static void utf8(void)
{
	static const struct {
		const char *text;
		size_t len;
		uint32_t character;
	} cases[] = {
		{ "", 1, 0 },
		{ "a", 1, 'a' },
		{ "\x7f", 1, 0x7f },
		{ "\xc2\x80", 2, 0x80 },
		{ "\xc3\xa8p", 2, 0xe8 },
		{ "\xdf\xbf", 2, 0x7ff },
		{ "\xe0\xa0\x80", 3, 0x800 },
		{ "\xef\xbf\xbf", 3, 0xffff },
		{ "\xf0\x90\x80\x80", 4, 0x10000 },
		{ "\xf4\x8f\xbf\xbf", 4, 0x10ffff },
		/* cut, alone, overlong, a surrogate, too large */
		{ "\xc3", 0, 0 },
		{ "\xe2\x82", 0, 0 },
		{ "\xf0\x9f\x98", 0, 0 },
		{ "\xa8", 0, 0 },
		{ "\xc3(", 0, 0 },
		{ "\xc0\x80", 0, 0 },
		{ "\xc1\xbf", 0, 0 },
		{ "\xe0\x9f\xbf", 0, 0 },
		{ "\xf0\x8f\xbf\xbf", 0, 0 },
		{ "\xed\xa0\x80", 0, 0 },
		{ "\xed\xbf\xbf", 0, 0 },
		{ "\xf4\x90\x80\x80", 0, 0 },
		{ "\xf8\x88\x80\x80", 0, 0 },
		{ "\xff", 0, 0 },
		/* those that stand in for bytes, and their neighbours */
		{ "\xf4\x8f\xb8\x80", 0, 0 },
		{ "\xf4\x8f\xbb\xbf", 0, 0 },
		{ "\xf0\xa0\x80\x80", 4, 0x20000 },
		{ "\xed\x9f\xbf", 3, 0xd7ff },
		{ "\xee\x80\x80", 3, 0xe000 },
		{ "\xf0\x9f\x98\x28", 0, 0 },
		{ "\xe2\x82\x28", 0, 0 },
		{ "\xf4\x8f\xb7\xbf", 4, 0x10fdff },
		{ "\xf4\x8f\xbc\x80", 4, 0x10ff00 },
	};
	uint32_t c;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		check_case = cases[i].text;
		CHECK_INT(utf8_decode(cases[i].text, &c), cases[i].len);
		CHECK_INT(c, cases[i].character);
	}
	check_case = "";
	for (unsigned byte = 0; byte < 256; byte++) {
		char out[UTF8_MAX + 2];

		memset(out, '#', sizeof(out));
		utf8_stand_in(out, (unsigned char)byte);
		CHECK_INT(strlen(out), 4);
		CHECK((unsigned char)out[0] == 0xf4 && (unsigned char)out[1] == 0x8f &&
		      (unsigned char)out[2] == (0xb8 | byte >> 6) &&
		      (unsigned char)out[3] == (0x80 | (byte & 63)));
		CHECK(out[UTF8_MAX + 1] == '#');
		CHECK_INT(utf8_decode(out, &c), 0);
	}
	check_controls();
}

/* The vectors of FNV's authors (draft-eastlake-fnv, test_fnv.c). */
static void hashes(void)
{
	CHECK(text_hash("") == 0xcbf29ce484222325);
	CHECK(text_hash("a") == 0xaf63dc4c8601ec8c);
	CHECK(text_hash("foobar") == 0x85944171f73967e8);
}

static void sizes_in_text(void)
{
	static const struct {
		const char *text;
		int r;
		int64_t value;
	} cases[] = {
		{ "0", 0, 0 },         { "512", 0, 512 },
		{ "1K", 0, 1024 },     { "3M", 0, 3 << 20 },
		{ "1G", 0, 1 << 30 },  { "1T", 0, (int64_t)1 << 40 },
		{ "2T", -ERANGE, 0 },  { "1099511627777", -ERANGE, 0 },
		{ "-1", -ERANGE, 0 },  { "-1K", -ERANGE, 0 },
		{ "", -EINVAL, 0 },    { "K", -EINVAL, 0 },
		{ "1k", -EINVAL, 0 },  { "1KK", -EINVAL, 0 },
		{ "1 K", -EINVAL, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t v = 4711;

		check_case = cases[i].text;
		CHECK_INT(parse_size(cases[i].text, strlen(cases[i].text), (int64_t)1 << 40,
				     &v),
			  cases[i].r);
		CHECK(v == (cases[i].r ? 4711 : cases[i].value));
	}
	check_case = "";
}

int main(void)
{
	RUN(sizes);
	RUN(integers);
	RUN(sizes_in_text);
	RUN(harmless);
	RUN(one_word);
	RUN(utf8);
	RUN(hashes);
	return check_end();
}
