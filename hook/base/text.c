/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers out of text, bytes made harmless for a terminal, sizes for a reader. */
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"

int parse_int(const char *text, size_t len, int64_t min, int64_t max, int64_t *out)
{
	char copy[24], *end;
	long long v;

	if (len >= sizeof(copy))
		return -ERANGE;
	memcpy(copy, text, len);
	copy[len] = '\0';
	/* strtoll would take leading blanks and a '+' */
	if (len == 0 || strspn(copy, "-0123456789") < len)
		return -EINVAL;
	errno = 0;
	v = strtoll(copy, &end, 10);
	if (end == copy || *end != '\0')
		return -EINVAL;
	if (errno == ERANGE || v < min || v > max)
		return -ERANGE;
	*out = v;
	return 0;
}

int parse_size(const char *text, size_t len, int64_t max, int64_t *out)
{
	static const char units[] = "KMGT";
	const char *unit = len ? memchr(units, text[len - 1], sizeof(units) - 1) : NULL;
	int shift = unit ? 10 * (int)(unit - units + 1) : 0;
	int64_t v;
	int r = parse_int(text, len - (unit != NULL), 0, max >> shift, &v);

	if (r == 0)
		*out = v << shift;
	return r;
}

void printable(char *out, size_t size, const char *text, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	size_t o = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c >= 0x20 && c < 0x7f && c != '\\') {
			if (o + 1 >= size)
				break;
			out[o++] = (char)c;
			continue;
		}
		if (o + 4 >= size)
			break;
		out[o++] = '\\';
		out[o++] = 'x';
		out[o++] = hex[c >> 4];
		out[o++] = hex[c & 15];
	}
	out[o] = '\0';
}

void printable_word(char *out, size_t size, const char *text)
{
	static const char blank[] = "\\x20";
	size_t n = 0;

	out[0] = '\0';
	for (; *text && n + sizeof(blank) <= size; text++) {
		if (*text == ' ')
			memcpy(out + n, blank, sizeof(blank));
		else
			printable(out + n, size - n, text, 1);
		n += strlen(out + n);
	}
}

/* U+10FE00 to U+10FEFF */
#define STAND_IN 0x10fe00

size_t utf8_decode(const char *text, uint32_t *character)
{
	/* the first byte of so many, and the least that is not overlong */
	static const struct {
		unsigned char mask, lead;
		uint32_t least;
	} form[] = { { 0x80, 0x00, 0 },
		     { 0xe0, 0xc0, 0x80 },
		     { 0xf0, 0xe0, 0x800 },
		     { 0xf8, 0xf0, 0x10000 } };
	const unsigned char *p = (const unsigned char *)text;

	*character = 0;
	for (size_t n = 0; n < UTF8_MAX; n++) {
		uint32_t c = (uint32_t)(*p & ~form[n].mask);

		if ((*p & form[n].mask) != form[n].lead)
			continue;
		for (size_t i = 1; i <= n; i++) {
			if ((p[i] & 0xc0) != 0x80)
				return 0;
			c = c << 6 | (p[i] & 0x3f);
		}
		if (c < form[n].least || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ||
		    (c & ~0xffu) == STAND_IN)
			return 0;
		*character = c;
		return n + 1;
	}
	return 0;
}

bool utf8_is_control(uint32_t c)
{
	/* C0, DEL and C1; marks, embeddings, overrides and isolates; line and paragraph */
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || c == 0x200e ||
	       c == 0x200f || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

void utf8_stand_in(char out[UTF8_MAX + 1], unsigned char byte)
{
	uint32_t c = STAND_IN + byte;

	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	out[4] = '\0';
}

const char *format_bytes(char *out, size_t size, int64_t bytes)
{
	static const char *const unit[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };
	double v = (double)bytes;
	size_t i = 0;

	while ((v >= 1024 || v <= -1024) && i + 1 < ARRAY_SIZE(unit)) {
		v /= 1024;
		i++;
	}
	snprintf(out, size, i ? "%.1f %s" : "%.0f %s", v, unit[i]);
	return out;
}

uint64_t text_hash(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3;
	return hash;
}
