/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pure: is a pattern one that Go's regexp refuses? The syntax is that of Go's package regexp/syntax
 * with its flag Perl, which regexp.Compile sets.
 */
#include "doctor/go_pattern.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/text.h"

/* Both of regexp/syntax: how often at most, also by repetitions within each other; how deep. */
#define REPEAT_MAX 1000
#define DEPTH_MAX  1000
#define RUNE_MAX   0x10ffff

#define DIGITS  "0123456789"
#define HEX     DIGITS "abcdefABCDEF"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static const char unclosed[] = "a bracket is not closed";
static const char unknown_escape[] = "there is no such escape";
static const char unknown_class[] = "there is no class of that name";
static const char unknown_group[] = "a group begins as none does";
static const char too_often[] = "a repetition is of more than 1000, or ends before it begins";

/* What is repeated, and what may still be. */
struct go_scan {
	const char *p;     /* what has not been read */
	const char *fault; /* once there is one, nothing more is read */
	enum { ONCE, REPEATED, LAZILY } before;
	bool repeatable;
	/* how often something is repeated at most: of the last atom, and of each open group */
	unsigned atom, most[DEPTH_MAX];
	size_t depth;
};

static bool is_one_of(char c, const char *set)
{
	return c && strchr(set, c);
}

static bool has_text(const char *list[], size_t n, const char *text, size_t len)
{
	for (size_t i = 0; i < n; i++) {
		if (strlen(list[i]) == len && memcmp(list[i], text, len) == 0)
			return true;
	}
	return false;
}

/* Of an escape in octal or hexadecimal behind p's "0" or "x"; false where it is none. */
static bool read_digits(struct go_scan *s, char kind, uint32_t *rune)
{
	char copy[4] = "";
	size_t n;

	if (kind != 'x') {
		copy[0] = kind;
		for (n = 1; n < 3 && is_one_of(*s->p, "01234567"); n++)
			copy[n] = *s->p++;
		*rune = (uint32_t)strtoul(copy, NULL, 8);
		return kind == '0' || n > 1;
	}
	if (*s->p == '{') {
		unsigned long value = strtoul(s->p + 1, NULL, 16);

		n = strspn(s->p + 1, HEX);
		if (n == 0 || s->p[1 + n] != '}' || value > RUNE_MAX)
			return false;
		*rune = (uint32_t)value;
		s->p += n + 2;
		return true;
	}
	if (strspn(s->p, HEX) < 2)
		return false;
	memcpy(copy, s->p, 2);
	*rune = (uint32_t)strtoul(copy, NULL, 16);
	s->p += 2;
	return true;
}

/* One character's escape, behind its backslash. */
static uint32_t read_escaped_rune(struct go_scan *s)
{
	static const char names[] = "afnrtv", values[] = "\a\f\n\r\t\v";
	uint32_t rune = 0;
	char c = *s->p;

	if (!c) {
		s->fault = "it ends with a backslash";
		return 0;
	}
	s->p++;
	if (is_one_of(c, names))
		return (uint32_t)values[strchr(names, c) - names];
	if (is_one_of(c, "01234567x")) {
		if (!read_digits(s, c, &rune))
			s->fault = unknown_escape;
		return rune;
	}
	if ((unsigned char)c >= 0x80 || is_one_of(c, DIGITS LETTERS))
		s->fault = unknown_escape;
	return (uint32_t)(unsigned char)c;
}

/* \pN, \p{NAME}, \p{^NAME}, behind its p. */
static void read_unicode_class(struct go_scan *s)
{
	static const char *pairs[] = { "Cc", "Cf", "Cn", "Co", "Cs", "LC", "Ll", "Lm",
				       "Lo", "Lt", "Lu", "Mc", "Me", "Mn", "Nd", "Nl",
				       "No", "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps",
				       "Sc", "Sk", "Sm", "So", "Yi", "Zl", "Zp", "Zs" };
	const char *name = s->p + (*s->p == '{'), *end;
	size_t len = 1;

	if (*s->p == '{') {
		end = strchr(name, '}');
		if (!end) {
			s->fault = unclosed;
			return;
		}
		name += *name == '^';
		len = (size_t)(end - name);
		s->p = end;
	}
	if (!*s->p || (len == 1 && !is_one_of(*name, "CLMNPSZ")) ||
	    (len == 2 && !has_text(pairs, ARRAY_SIZE(pairs), name, len)) || len == 0 ||
	    (len > 2 && (strspn(name, LETTERS "_") != len || *name < 'A' || *name > 'Z'))) {
		s->fault = unknown_class;
		return;
	}
	s->p++;
}

/* [:NAME:] and [:^NAME:] in a class; false where it is no such thing. */
static bool read_posix_class(struct go_scan *s)
{
	static const char *names[] = { "alnum", "alpha", "ascii", "blank", "cntrl",
				       "digit", "graph", "lower", "print", "punct",
				       "space", "upper", "word",  "xdigit" };
	const char *end = s->p[0] == '[' && s->p[1] == ':' ? strstr(s->p + 2, ":]") : NULL;
	const char *name = s->p + 2;

	if (!end)
		return false;
	name += *name == '^';
	if (name > end || !has_text(names, ARRAY_SIZE(names), name, (size_t)(end - name)))
		s->fault = unknown_class;
	s->p = end + 2;
	return true;
}

/* \d and its like, \p and \P: what stands for many characters in a class and outside. */
static bool read_many(struct go_scan *s)
{
	if (s->p[0] != '\\' || !is_one_of(s->p[1], "dDsSwWpP"))
		return false;
	s->p += 2;
	if (s->p[-1] == 'p' || s->p[-1] == 'P')
		read_unicode_class(s);
	return true;
}

static uint32_t read_class_rune(struct go_scan *s)
{
	uint32_t rune = 0;
	size_t n;

	if (!*s->p) {
		s->fault = unclosed;
		return 0;
	}
	if (*s->p == '\\') {
		s->p++;
		return read_escaped_rune(s);
	}
	n = utf8_decode(s->p, &rune);
	if (n == 0)
		rune = (unsigned char)*s->p;
	s->p += n ? n : 1;
	return rune;
}

/* Behind its "[". */
static void read_class(struct go_scan *s)
{
	uint32_t low;

	s->p += *s->p == '^';
	for (bool first = true; !s->fault && (*s->p != ']' || first); first = false) {
		if (read_posix_class(s) || read_many(s))
			continue;
		low = read_class_rune(s);
		if (s->fault || s->p[0] != '-' || !s->p[1] || s->p[1] == ']')
			continue;
		s->p++;
		if (read_class_rune(s) < low && !s->fault)
			s->fault = "a range ends before it begins";
	}
	s->p += !s->fault;
}

/* An atom was read that what follows may repeat. */
static void end_atom(struct go_scan *s, unsigned repeated)
{
	s->before = ONCE;
	s->repeatable = true;
	s->atom = repeated;
	if (s->most[s->depth] < repeated)
		s->most[s->depth] = repeated;
}

static void open_group(struct go_scan *s)
{
	if (s->depth == DEPTH_MAX - 1) {
		s->fault = "its groups are nested too deeply";
		return;
	}
	s->most[++s->depth] = 1;
	s->before = ONCE;
	s->repeatable = false;
}

/* Behind "(?": flags that hold from here on are no group, and nothing that could be repeated. */
static void read_flags(struct go_scan *s)
{
	s->p += strspn(s->p, "imsU");
	if (*s->p == '-') {
		size_t off = strspn(++s->p, "imsU");

		s->p += off;
		if (off == 0)
			s->fault = unknown_group;
	}
	if (*s->p == ':')
		open_group(s);
	else if (*s->p == ')')
		s->before = ONCE;
	else
		s->fault = unknown_group;
	s->p += !s->fault;
}

/* Behind its "(": plain, with flags, or with a name: (?P<NAME>, and since Go 1.22 (?<NAME> */
static void read_group(struct go_scan *s)
{
	size_t len, skip = strncmp(s->p, "?P<", 3) == 0 ? 3 :
			   strncmp(s->p, "?<", 2) == 0  ? 2 :
							  0;

	if (!skip) {
		if (*s->p != '?') {
			open_group(s);
		} else {
			s->p++;
			read_flags(s);
		}
		return;
	}
	len = strspn(s->p + skip, DIGITS LETTERS "_");
	if (len == 0 || s->p[skip + len] != '>') {
		s->fault = unknown_group;
		return;
	}
	s->p += skip + len + 1;
	open_group(s);
}

static void close_group(struct go_scan *s)
{
	if (s->depth == 0) {
		s->fault = "a bracket was not opened";
		return;
	}
	s->depth--;
	end_atom(s, s->most[s->depth + 1]);
}

/* Behind its backslash. \Q quotes up to \E, or to the end. */
static void read_escape(struct go_scan *s)
{
	const char *end;

	if (*s->p == 'Q') {
		end = strstr(s->p, "\\E");
		/* nothing quoted is nothing that could be repeated, but what stands before is */
		if (end == s->p + 1)
			s->before = ONCE;
		else
			end_atom(s, 1);
		s->p = end ? end + 2 : s->p + strlen(s->p);
		return;
	}
	s->p--;
	if (!read_many(s)) {
		s->p++;
		if (is_one_of(*s->p, "AbBz"))
			s->p++;
		else
			(void)read_escaped_rune(s);
	}
	end_atom(s, 1);
}

/* How often at most: a number without leading zeros. More than enough stays more than enough. */
static bool read_count(const char **p, unsigned *n)
{
	size_t len = strspn(*p, DIGITS);

	if (len == 0 || (len > 1 && **p == '0'))
		return false;
	*n = len > 4 ? REPEAT_MAX + 1 : (unsigned)strtoul(*p, NULL, 10);
	*p += len;
	return true;
}

/* {N}, {N,} and {N,M} behind their bracket; anything else stands for itself. */
static bool read_counts(struct go_scan *s, unsigned *times)
{
	unsigned low, high;
	const char *p = s->p;

	if (!read_count(&p, &low))
		return false;
	high = low;
	if (*p == ',' && *++p != '}' && !read_count(&p, &high))
		return false;
	if (*p != '}')
		return false;
	/* what is more than may be repeat() finds */
	if (low > high)
		s->fault = too_often;
	*times = high;
	s->p = p + 1;
	return true;
}

/* By how many times: 1 where there is no bound that counts. */
static void repeat(struct go_scan *s, unsigned times)
{
	unsigned product = s->atom * (times ? times : 1);

	if (s->before != ONCE)
		s->fault = "a repetition is repeated";
	else if (!s->repeatable)
		s->fault = "nothing is repeated";
	else if (product > REPEAT_MAX)
		s->fault = too_often;
	if (s->fault)
		return;
	end_atom(s, times ? product : 1);
	s->before = REPEATED;
}

static void read_repetition(struct go_scan *s, char c)
{
	unsigned times = 1;

	if (c == '{' && !read_counts(s, &times))
		end_atom(s, 1);
	else if (c == '?' && s->before == REPEATED)
		s->before = LAZILY;
	else if (!s->fault)
		repeat(s, times);
}

const char *go_pattern_fault(const char *pattern)
{
	struct go_scan s = { .p = pattern, .most = { 1 } };

	while (*s.p && !s.fault) {
		char c = *s.p++;

		if (is_one_of(c, "*+?{")) {
			read_repetition(&s, c);
		} else if (c == '\\') {
			read_escape(&s);
		} else if (c == '[') {
			read_class(&s);
			end_atom(&s, 1);
		} else if (c == '(') {
			read_group(&s);
		} else if (c == ')') {
			close_group(&s);
		} else if (c == '|') {
			s.before = ONCE;
			s.repeatable = false;
		} else {
			end_atom(&s, 1);
		}
	}
	return s.fault ? s.fault : s.depth ? unclosed : NULL;
}
