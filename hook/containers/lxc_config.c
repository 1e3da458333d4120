/* SPDX-License-Identifier: Apache-2.0 */
/* The environment that an LXC configuration file gives its container. */
#include "containers/lxc_config.h"

#include <string.h>

/* A piece of the text: from p up to end. */
struct span {
	const char *p, *end;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct span trimmed(struct span s)
{
	while (s.p < s.end && is_blank(*s.p))
		s.p++;
	while (s.end > s.p && is_blank(s.end[-1]))
		s.end--;
	return s;
}

static bool span_is(struct span s, const char *text)
{
	size_t len = strlen(text);

	return (size_t)(s.end - s.p) == len && memcmp(s.p, text, len) == 0;
}

/* LXC takes one pair of quotes off, if they are of one kind. */
static struct span unquoted(struct span s)
{
	if (s.end - s.p > 1 && (*s.p == '"' || *s.p == '\'') && s.end[-1] == *s.p) {
		s.p++;
		s.end--;
	}
	return s;
}

/* Cut at the first '='; false where there is none. */
static bool cut(struct span whole, struct span *key, struct span *value)
{
	const char *eq = whole.p < whole.end ?
				 memchr(whole.p, '=', (size_t)(whole.end - whole.p)) :
				 NULL;

	if (!eq)
		return false;
	*key = (struct span){ whole.p, eq };
	*value = (struct span){ eq + 1, whole.end };
	return true;
}

bool lxc_config_variable(const char *text, size_t len, const char *name, char *value,
			 size_t size)
{
	const char *end = text + len;
	struct span key, setting, found = { 0 };

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		struct span line = { text, newline ? newline : end };

		text = line.end + 1;
		if (!cut(line, &key, &setting))
			continue;
		key = trimmed(key);
		/* a comment's key begins with '#' and is another */
		if (!span_is(key, "lxc.environment"))
			continue;
		setting = unquoted(trimmed(setting));
		if (setting.p == setting.end)
			found = (struct span){ 0 };
		else if (cut(setting, &key, &setting) && span_is(key, name))
			found = setting;
	}
	if (!found.p)
		return false;
	len = (size_t)(found.end - found.p);
	if (len >= size)
		len = size - 1;
	memcpy(value, found.p, len);
	value[len] = '\0';
	return true;
}
