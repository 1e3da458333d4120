/* SPDX-License-Identifier: Apache-2.0 */
/* As much of TOML as it takes to find a few settings in an engine's configuration. */
#include "doctor/toml.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct toml_scanner {
	char *p;
	int line;
	size_t nested; /* arrays and inline tables around p */
	struct toml_path path;
	toml_visit visit;
	void *arg;
};

/* Values nest: one in braces has pairs, and a pair has a value. */
static bool parse_toml_value(struct toml_scanner *s);

static void skip_toml_blanks(struct toml_scanner *s)
{
	s->p += strspn(s->p, " \t\r");
}

/* Blanks, ends of lines and comments. */
static void skip_toml_space(struct toml_scanner *s)
{
	for (;;) {
		skip_toml_blanks(s);
		if (*s->p == '#')
			s->p += strcspn(s->p, "\n");
		if (*s->p != '\n')
			return;
		s->line++;
		s->p++;
	}
}

/*
 * The string that p is at, decoded in its place: it never gets longer. Escapes that no path
 * or pattern needs are not understood.
 */
static char *parse_toml_string(struct toml_scanner *s)
{
	char quote = *s->p++, *out = s->p, *text = out;

	while (*s->p != quote) {
		if (*s->p == '\0' || *s->p == '\n')
			return NULL;
		if (*s->p == '\\' && quote == '"') {
			s->p++;
			if (*s->p != '"' && *s->p != '\\')
				return NULL;
		}
		*out++ = *s->p++;
	}
	s->p++;
	*out = '\0';
	return text;
}

/* A key of one or more parts is added to the path; what follows it, which is skipped. */
static char parse_toml_key(struct toml_scanner *s)
{
	static const char bare[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				   "0123456789_-";
	char next;

	do {
		char *text, *end;

		skip_toml_blanks(s);
		if (s->path.depth == TOML_DEPTH_MAX)
			return '\0';
		if (*s->p == '"' || *s->p == '\'') {
			text = parse_toml_string(s);
			end = NULL;
		} else {
			text = s->p;
			s->p += strspn(s->p, bare);
			end = s->p > text ? s->p : NULL;
			if (!end)
				return '\0';
		}
		if (!text)
			return '\0';
		skip_toml_blanks(s);
		next = *s->p;
		if (next == '\0')
			return '\0';
		s->p++;
		if (end)
			*end = '\0';
		s->path.key[s->path.depth++] = text;
	} while (next == '.');
	return next;
}

static bool parse_toml_pair(struct toml_scanner *s)
{
	size_t depth = s->path.depth;
	bool ok;

	if (parse_toml_key(s) != '=')
		return false;
	skip_toml_blanks(s);
	ok = parse_toml_value(s);
	s->path.depth = depth;
	return ok;
}

/* After an element: 1 another follows, 0 that was the last, -1 not understood. */
static int has_next_element(struct toml_scanner *s, char close)
{
	skip_toml_space(s);
	if (*s->p == ',') {
		s->p++;
		skip_toml_space(s);
		return *s->p != close;
	}
	return *s->p == close ? 0 : -1;
}

/* [ ... ] or { ... }: what each of its elements is. arg is the list's value, or NULL. */
static bool parse_toml_bracketed(struct toml_scanner *s, char close,
				 bool (*each)(struct toml_scanner *, struct toml_value *),
				 struct toml_value *v)
{
	int more;

	if (s->nested++ == TOML_DEPTH_MAX)
		return false;
	s->p++;
	skip_toml_space(s);
	more = *s->p != close;
	while (more > 0)
		more = each(s, v) ? has_next_element(s, close) : -1;
	s->nested--;
	s->p += more == 0;
	return more == 0;
}

static bool parse_toml_inline_pair(struct toml_scanner *s, struct toml_value *v)
{
	(void)v;
	return parse_toml_pair(s);
}

static bool is_multi_line(const struct toml_scanner *s)
{
	return (*s->p == '"' || *s->p == '\'') && s->p[1] == *s->p && s->p[2] == *s->p;
}

static bool skip_toml_multi_line(struct toml_scanner *s)
{
	const char *end = *s->p == '"' ? "\"\"\"" : "'''";
	char *p = strstr(s->p + 3, end);

	if (!p)
		return false;
	for (; s->p < p + 3; s->p++)
		s->line += *s->p == '\n';
	return true;
}

/* Numbers, truths, dates. */
static bool skip_toml_bare_value(struct toml_scanner *s)
{
	size_t n = strcspn(s->p, ",]}#\n");

	s->p += n;
	return n > 0;
}

/* Keep a pair {append=true} to itself: it says something of the list that it stands in. */
static void visit_toml_append(void *arg, const struct toml_path *path,
			      const struct toml_value *v)
{
	bool *append = arg;

	if (v->type == TOML_OTHER && strcmp(path->key[path->depth - 1], "append") == 0)
		*append = true;
}

static bool parse_toml_element(struct toml_scanner *s, struct toml_value *v)
{
	struct toml_value inner = { .type = TOML_LIST };

	if (is_multi_line(s)) {
		v->type = TOML_OTHER;
		return skip_toml_multi_line(s);
	}
	if (*s->p == '"' || *s->p == '\'') {
		char *text = parse_toml_string(s);

		if (v->n == TOML_LIST_MAX)
			v->type = TOML_OTHER;
		else
			v->text[v->n++] = text;
		return text;
	}
	if (*s->p == '{') {
		toml_visit visit = s->visit;
		void *arg = s->arg;
		bool ok;

		s->visit = visit_toml_append;
		s->arg = &v->append;
		ok = parse_toml_bracketed(s, '}', parse_toml_inline_pair, NULL);
		s->visit = visit;
		s->arg = arg;
		return ok;
	}
	v->type = TOML_OTHER;
	return *s->p == '[' ? parse_toml_bracketed(s, ']', parse_toml_element, &inner) :
			      skip_toml_bare_value(s);
}

static bool parse_toml_value(struct toml_scanner *s)
{
	struct toml_value v = { .type = TOML_OTHER, .line = s->line };
	bool ok;

	if (*s->p == '{')
		return parse_toml_bracketed(s, '}', parse_toml_inline_pair, NULL);
	if (*s->p == '[') {
		v.type = TOML_LIST;
		ok = parse_toml_bracketed(s, ']', parse_toml_element, &v);
	} else if (is_multi_line(s)) {
		ok = skip_toml_multi_line(s);
	} else if (*s->p == '"' || *s->p == '\'') {
		v.type = TOML_STRING;
		v.text[v.n++] = parse_toml_string(s);
		ok = v.text[0];
	} else {
		v.bare = s->p;
		ok = skip_toml_bare_value(s);
	}
	if (ok)
		s->visit(s->arg, &s->path, &v);
	return ok;
}

static bool parse_toml_header(struct toml_scanner *s)
{
	bool many = s->p[1] == '[';
	size_t len, blank;

	s->p += 1 + many;
	len = strcspn(s->p, "]\n");
	blank = strcspn(s->p, " \t");
	s->path.table_plain = blank >= len && *s->p != '"' && *s->p != '\'';
	s->path.depth = 0;
	s->path.table_line = s->line;
	if (parse_toml_key(s) != ']' || (many && *s->p != ']'))
		return false;
	s->p += many;
	s->path.table_depth = s->path.depth;
	return true;
}

int toml_scan(const char *name, char *text, toml_visit visit, void *arg, struct error *err)
{
	struct toml_scanner s = { .p = text, .line = 1, .visit = visit, .arg = arg };

	for (skip_toml_space(&s); *s.p; skip_toml_space(&s)) {
		int line = s.line;
		bool ok = *s.p == '[' ? parse_toml_header(&s) : parse_toml_pair(&s);

		skip_toml_blanks(&s);
		if (!ok || !strchr("#\n", *s.p))
			return err_set(err, EINVAL, "%s: line %d is not understood", name,
				       line);
	}
	return 0;
}

/* What stands in front of a number of another base than ten. */
static int base_of(const char *digits)
{
	if (digits[0] != '0')
		return 10;
	return digits[1] == 'x' ? 16 : digits[1] == 'o' ? 8 : digits[1] == 'b' ? 2 : 10;
}

bool toml_integer(const struct toml_value *value, long *out)
{
	size_t len = value->bare ? strcspn(value->bare, " \t\r\n,]}#") : 0, n = 0;
	const char *behind = len ? value->bare + len : "";
	char digits[80], *first, *end;
	int base;

	if (len == 0 || len >= sizeof(digits) ||
	    !strchr("\r\n,]}#", behind[strspn(behind, " \t")]))
		return false;
	/* 1_000 */
	for (size_t i = 0; i < len; i++) {
		if (value->bare[i] != '_')
			digits[n++] = value->bare[i];
	}
	digits[n] = '\0';
	base = base_of(digits);
	first = digits + (base == 10 ? 0 : 2);
	errno = 0;
	*out = strtol(first, &end, base);
	return errno == 0 && end > first && *end == '\0';
}

bool toml_path_is(const struct toml_path *path, ...)
{
	const char *want;
	bool same = true;
	size_t i = 0;
	va_list ap;

	va_start(ap, path);
	while ((want = va_arg(ap, const char *)) != NULL && same) {
		same = i < path->depth &&
		       (strcmp(want, "*") == 0 || strcmp(want, path->key[i]) == 0);
		i++;
	}
	va_end(ap);
	return same && i == path->depth;
}
