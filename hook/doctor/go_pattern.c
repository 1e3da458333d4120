/* SPDX-License-Identifier: Apache-2.0 */
/* Pure: is a pattern one that Go's regexp refuses? Engines refuse the file that it stands in. */
#include "doctor/go_pattern.h"

#include <stddef.h>
#include <string.h>

/* Behind the class that p is in, or NULL where it is not closed. */
static const char *skip_go_class(const char *p)
{
	p += *p == '^';
	p += *p == ']';
	while (*p && *p != ']') {
		const char *end = p[0] == '[' && p[1] == ':' ? strstr(p + 2, ":]") : NULL;

		if (end)
			p = end + 2;
		else
			p += 1 + (p[0] == '\\' && p[1]);
	}
	return *p ? p + 1 : NULL;
}

/* Behind what makes a group a special one: (?:  (?i)  (?i:  (?P<name>  (?<name> */
static const char *skip_go_group(const char *p)
{
	const char *name;

	if (*p != '?')
		return p;
	name = p[1] == 'P' ? p + 2 : p + 1;
	if (*name == '<')
		return strchr(name, '>') ? strchr(name, '>') + 1 : NULL;
	p++;
	p += strspn(p, "imsU-");
	return *p == ':' ? p + 1 : *p == ')' ? p : NULL;
}

/* Behind an escape; "" where there is nothing to be escaped. \Q quotes up to \E, or to the end. */
static const char *skip_go_escape(const char *p)
{
	const char *end;

	if (*p != 'Q')
		return *p ? p + 1 : NULL;
	end = strstr(p, "\\E");
	return end ? end + 2 : p + strlen(p);
}

const char *go_pattern_fault(const char *pattern)
{
	static const char unclosed[] = "a bracket is not closed";
	enum { ONCE, REPEATED, LAZILY } before = ONCE;
	bool repeatable = false;
	const char *p = pattern;
	size_t depth = 0;

	while (*p) {
		char c = *p++;
		bool repeats = c == '*' || c == '+' || c == '?';

		if (repeats && (before == LAZILY || (before == REPEATED && c != '?')))
			return "a repetition is repeated";
		if (repeats && !repeatable)
			return "nothing is repeated";
		before = !repeats ? ONCE : before == REPEATED ? LAZILY : REPEATED;
		repeatable = c != '|' && c != '(';
		if (c == '\\') {
			p = skip_go_escape(p);
			if (!p)
				return "it ends with a backslash";
		} else if (c == '[') {
			p = skip_go_class(p);
			if (!p)
				return unclosed;
		} else if (c == '(') {
			depth++;
			p = skip_go_group(p);
			if (!p)
				return "a group begins as none does";
		} else if (c == ')' && depth-- == 0) {
			return "a bracket was not opened";
		}
	}
	return depth ? unclosed : NULL;
}
