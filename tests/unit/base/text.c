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
		{ 1023 * 1024, "1023.0 KiB" },
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

int main(void)
{
	sizes();
	integers();
	harmless();
	return check_end();
}
