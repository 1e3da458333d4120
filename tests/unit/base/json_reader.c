/* SPDX-License-Identifier: Apache-2.0 */
/* The bounded walk over JSON: what it reports, what it refuses, and where. */
#include "base/json_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/macros.h"
#include "check.h"
#include "json_seen.h"

static struct error err;

/* The text is put into memory of exactly its length, so that a sanitizer sees what is read. */
static int walk_len(const char *text, size_t len, bool comments)
{
	char *exact = malloc(len ? len : 1);
	int r;

	memcpy(exact, text, len);
	json_release();
	seen[0] = err.msg[0] = '\0';
	visits = 0;
	r = json_walk("sample", exact, len, comments, visit, NULL, &err);
	free(exact);
	return r;
}

static int walk(const char *text)
{
	return walk_len(text, strlen(text), false);
}

static void values(void)
{
	CHECK_INT(walk("{\"a\":1,\"b\":[true,null,[-2.5e3],{\"c\":\"x\"}],\"d\":false}"), 0);
	CHECK_TEXT(seen, "={\n/a=#1\n/b=[\n/b/0=b1\n/b/1=n\n/b/2=[\n/b/2/0=#-2.5e3\n/b/3={\n"
			 "/b/3/c=sx\n/d=b0\n");
	/* escapes are decoded, numbers stand as they were written */
	CHECK_INT(walk("{\"k\\u0041\":\"\\n\\u00e9\\ud83d\\ude00\\/\",\"n\":1.0E+2}"), 0);
	CHECK_TEXT(seen, "={\n/kA=s\n\xc3\xa9\xf0\x9f\x98\x80/\n/n=#1.0E+2\n");
	CHECK_INT(walk(" \t\r\n {} \n"), 0);
	CHECK_TEXT(seen, "={\n");
	CHECK_INT(walk("7"), 0);
	CHECK_TEXT(seen, "=#7\n");
	CHECK_INT(walk("{\"\":{\"\":1}}"), 0);
	CHECK_TEXT(seen, "={\n/={\n//=#1\n");
	/* a key given twice is visited twice */
	CHECK_INT(walk("{\"a\":1,\"a\":2}"), 0);
	CHECK_TEXT(seen, "={\n/a=#1\n/a=#2\n");
	/* of an element there is no key, whatever stood so deep before */
	CHECK_INT(walk("{\"a\":{\"x\":1},\"b\":[2,3]}"), 0);
	CHECK_TEXT(seen, "={\n/a={\n/a/x=#1\n/b=[\n/b/0=#2\n/b/1=#3\n");
}

static void nuls(void)
{
	/* in a string: whole, with its length */
	CHECK_INT(walk("{\"a\":\"x\\u0000y\"}"), 0);
	CHECK_HAS(seen, "/a=sx");
	/* in a key: refused, or "pid\0x" would pass for "pid" */
	CHECK_INT(walk("{\"pid\\u0000x\":1}"), -EINVAL);
	CHECK_HAS(err.msg, "sample:1:2: a key holds a NUL");
	CHECK_INT(walk("{\"a\":\n [{\"x\\u0000\":1}]}"), -EINVAL);
	CHECK_HAS(err.msg, "sample:2:4: a key holds a NUL");
	/* raw, anywhere */
	CHECK_INT(walk_len("{\"a\":1}\0", 8, false), -EINVAL);
	CHECK_INT(walk_len("{\"a\0\":1}", 8, false), -EINVAL);
	CHECK_INT(walk_len("\0\0\0\0", 4, false), -EINVAL);
}

static void syntax(void)
{
	static const char *const bad[] = {
		"{",         "}",         "{]",      "[1,]",     "{\"a\":}",
		"{\"a\" 1}", "{a:1}",     "{'a':1}", "nul",      "01",
		"+1",        ".5",        "1.",      "-",        "\"a",
		"\"\\x\"",   "\"\\u12\"", "\"\n\"",  "{} {}",    "{}x",
		"[1 2]",     "{,}",       "NaN",     "Infinity", "\xef\xbb\xbf{}",
	};
	static const char *const not_utf8[] = {
		"\"\xff\"",     "\"\xc3\"",         "\"\x80\"",
		"\"\xe2\x82\"", "\"\xf0\x9f\x98\"", "{\"\xfe\":1}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		check_case = bad[i];
		CHECK_INT(walk(bad[i]), -EINVAL);
		CHECK_HAS(err.msg, strchr(bad[i], '\n') ? "sample:" : "sample:1:");
	}
	for (size_t i = 0; i < ARRAY_SIZE(not_utf8); i++) {
		check_case = not_utf8[i];
		CHECK_INT(walk(not_utf8[i]), -EINVAL);
		CHECK_HAS(err.msg, "UTF8");
	}
	check_case = "";
	/* yajl lets an overlong form through; it stays as it is and means nothing */
	CHECK_INT(walk("\"\xc0\xaf\""), 0);
	CHECK_TEXT(seen, "=s\xc0\xaf\n");
	CHECK_INT(walk(""), -EINVAL);
	CHECK_HAS(err.msg, "empty");
	CHECK_INT(walk(" \n\t "), -EINVAL);
	CHECK_HAS(err.msg, "empty");
	CHECK(strchr(err.msg, '\n') == NULL);
}

static void comments(void)
{
	static const char text[] = "/* one */ { // two\n \"a\": /* three */ 1 } // end\n";

	CHECK_INT(walk_len(text, strlen(text), true), 0);
	CHECK_TEXT(seen, "={\n/a=#1\n");
	CHECK_INT(walk_len(text, strlen(text), false), -EINVAL);
	CHECK_INT(walk_len("{ /* no end", 11, true), -EINVAL);
	CHECK_INT(walk_len("/**/", 4, true), -EINVAL);
}

/* Where it went wrong: the first byte that cannot be. */
static void positions(void)
{
	static const struct {
		const char *text, *where;
	} cases[] = {
		{ "x", ":1:1:" },
		{ "{\"a\": x}", ":1:7:" },
		{ "{\n  \"a\": 1,\n  \"b\": x\n}", ":3:8:" },
		{ "{\n  \"a\": 1\n  \"b\": 2\n}", ":3:4:" },
		{ "{\"a\": 1}}", ":1:9:" },
		{ "{\"a\": 1", ":1:8:" },
		{ "{\"a\": 1\n", ":2:1:" },
		{ "[1, 2,, 3]", ":1:7:" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		check_case = cases[i].text;
		CHECK_INT(walk(cases[i].text), -EINVAL);
		CHECK_HAS(err.msg, cases[i].where);
	}
	check_case = "";
}

static char *repeat(const char *unit, size_t n, size_t *len)
{
	size_t unit_len = strlen(unit);
	char *text = malloc(n * unit_len + 1);

	for (size_t i = 0; i < n; i++)
		memcpy(text + i * unit_len, unit, unit_len);
	text[n * unit_len] = '\0';
	*len = n * unit_len;
	return text;
}

static int nested(const char *open, size_t depth, const char *close)
{
	size_t a_len, b_len;
	char *a = repeat(open, depth, &a_len), *b = repeat(close, depth, &b_len);
	char *both = malloc(a_len + b_len + 2);
	int r;

	snprintf(both, a_len + b_len + 2, "%s%s%s", a, *open == '{' ? "1" : "", b);
	r = walk(both);
	free(a);
	free(b);
	free(both);
	return r;
}

static int ends_with_y(void *arg, const struct json_path *path, const struct json_value *v,
		       struct error *e)
{
	(void)arg;
	(void)v;
	(void)e;
	CHECK(path->depth <= JSON_DEPTH_MAX);
	if (json_path_is(path, "y", NULL))
		snprintf(seen, sizeof(seen), "y");
	return 0;
}

static void depth(void)
{
	CHECK_INT(nested("[", JSON_DEPTH_MAX, "]"), 0);
	CHECK_INT(nested("{\"a\":", JSON_DEPTH_MAX, "}"), 0);
	CHECK_INT(nested("[", JSON_DEPTH_MAX + 1, "]"), -E2BIG);
	CHECK_TEXT(err.msg, "sample:1:65: nested more than 64 deep");
	CHECK_INT(nested("{\"a\":", JSON_DEPTH_MAX + 1, "}"), -E2BIG);
	CHECK_INT(nested("[", 200000, ""), -E2BIG);
	CHECK_INT(nested("[", 200000, "]"), -E2BIG);
	CHECK_INT(nested("{\"a\":", 200000, ""), -E2BIG);
	/* many, but beside each other */
	CHECK_INT(nested("[],", 0, ""), -EINVAL);
}

/* What is too deep is not visited, and what comes behind it is; bad JSON and a NUL are found there too. */
static void any_depth(void)
{
	static const struct {
		const char *open, *middle, *close;
		int r;
	} cases[] = {
		{ "[", "\"s\"", "]", 0 },
		{ "[", "", "]", 0 },
		{ "{\"a\":", "null", "}", 0 },
		{ "[", "1 2", "]", -EINVAL },
		{ "[", "{\"\\u0000\":1}", "]", -EINVAL },
		{ "[", "", "}", -EINVAL },
	};
	static const size_t depths[] = { 1,
					 JSON_DEPTH_MAX - 2,
					 JSON_DEPTH_MAX - 1,
					 JSON_DEPTH_MAX,
					 JSON_DEPTH_MAX + 1,
					 30000 };

	for (size_t i = 0; i < ARRAY_SIZE(cases) * ARRAY_SIZE(depths); i++) {
		size_t n = i % ARRAY_SIZE(cases), depth = depths[i / ARRAY_SIZE(cases)];
		size_t a_len, b_len, size;
		char *a = repeat(cases[n].open, depth, &a_len);
		char *b = repeat(cases[n].close, depth, &b_len);
		char *text = malloc(size = a_len + b_len + 64);

		check_case = cases[n].middle;
		snprintf(text, size, "{\"x\":%s%s%s,\"y\":1}", a, cases[n].middle, b);
		json_release();
		seen[0] = '\0';
		CHECK_INT(json_walk_any_depth("sample", text, strlen(text), ends_with_y, NULL,
					      &err),
			  cases[n].r);
		if (cases[n].r == 0)
			CHECK_TEXT(seen, "y");
		free(a);
		free(b);
		free(text);
	}
	check_case = "";
}

static void truncated(void)
{
	static const char text[] =
		"{ \"ociVersion\": \"1.0.2\", \"id\": \"a\\u00e9\\n\xc3\xa9\", \"pid\": 4711,\n"
		"\"annotations\": { \"io.ksm.merge\": \"true\", \"x\": [1, -2.5e-3, null, "
		"[true, {\"y\": false}]] } }";
	char where[16];

	CHECK_INT(walk(text), 0);
	for (size_t len = 0; len < strlen(text); len++) {
		snprintf(where, sizeof(where), "%zu bytes", len);
		check_case = where;
		CHECK_INT(walk_len(text, len, false), -EINVAL);
		CHECK(err.msg[0] != '\0');
	}
	check_case = "";
}

/* A megabyte, the most that a state may have, in the shapes that need most memory. */
static void large(void)
{
	static const char *const units[] = { "\"\",", "\"a\",", "[],",
					     "{},",   "1,",     "\"\\u0041\"," };
	size_t len;
	char *text;

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		check_case = units[i];
		text = repeat(units[i], (1u << 20) / strlen(units[i]), &len);
		text[0] = '[';
		text[len - 1] = ']';
		memset(text + 1, ' ', strlen(units[i]) - 1);
		CHECK_INT(walk_len(text, len, false), 0);
		free(text);
	}
	check_case = "";
	text = repeat("x", 1u << 20, &len);
	text[0] = text[len - 1] = '"';
	CHECK_INT(walk_len(text, len, false), 0);
	/* the end of the string is missing: yajl keeps all of it until more comes */
	CHECK_INT(walk_len(text, len - 1, false), -EINVAL);
	for (size_t i = 1; i + 2 < len - 1; i += 2)
		text[i] = '\\', text[i + 1] = 'n';
	text[len - 2] = 'x';
	CHECK_INT(walk_len(text, len, false), 0);
	free(text);
	/* strings that double each time, so that no buffer fits the next one */
	text = repeat(" ", 1u << 20, &len);
	text[0] = '[';
	for (size_t i = 1, n = 1000; i + n + 3 < len; i += n + 3, n *= 2) {
		memset(text + i, 'x', n + 2);
		text[i] = text[i + n + 1] = '"';
		text[i + n + 2] = i + 3 * n + 6 < len ? ',' : ' ';
	}
	text[len - 1] = ']';
	CHECK_INT(walk_len(text, len, false), 0);
	free(text);
}

static void visitor(void)
{
	refuse_at = 3;
	CHECK_INT(walk("{\"a\":1,\"b\":2,\"c\":3}"), -EXDEV);
	CHECK_TEXT(err.msg, "enough");
	CHECK_TEXT(seen, "={\n/a=#1\n");
	refuse_at = 0;
}

static void paths(void)
{
	struct json_path p = { .depth = 3, .key = { "annotations", NULL, "x" } };
	struct json_path root = { 0 };

	CHECK(json_path_is(&p, "annotations", "*", "x", NULL));
	CHECK(!json_path_is(&p, "annotations", "*", NULL));
	CHECK(!json_path_is(&p, "annotations", "*", "x", "y", NULL));
	CHECK(!json_path_is(&p, "annotation", "*", "x", NULL));
	CHECK(!json_path_is(&p, "annotations", "x", "x", NULL));
	CHECK(!json_path_is(&p, NULL));
	CHECK(json_path_is(&root, NULL));
	CHECK(!json_path_is(&root, "a", NULL));
	CHECK(json_path_has(&p, 0, "annotations") && json_path_has(&p, 2, "x"));
	CHECK(!json_path_has(&p, 0, "annotation") && !json_path_has(&p, 1, "*"));
	CHECK(!json_path_has(&p, 3, "x") && !json_path_has(&root, 0, "annotations"));
	/* a member whose name is a star is no array element, and the other way round */
	p.key[1] = "*";
	CHECK(json_path_is(&p, "annotations", "*", "x", NULL));
	p.key[1] = "y";
	CHECK(!json_path_is(&p, "annotations", "*", "x", NULL));
}

static void kept(void)
{
	const char *a, *b;
	size_t len;
	char *big;

	json_release();
	a = json_keep("ab\0c", 4);
	b = json_keep("", 0);
	CHECK(a && memcmp(a, "ab\0c", 5) == 0);
	CHECK(b && *b == '\0');
	CHECK(json_keep("x", (size_t)64 << 20) == NULL);
	CHECK(json_keep("x", SIZE_MAX) == NULL);
	CHECK(json_keep("x", SIZE_MAX - 16) == NULL);
	json_release();
	/* two megabytes with their NULs, once they were forgotten all of it again */
	big = repeat("x", 2u << 20, &len);
	CHECK(json_keep(big, len) == NULL);
	CHECK(json_keep(big, len - 2) != NULL);
	CHECK(json_keep("", 0) != NULL);
	CHECK(json_keep("", 0) == NULL);
	json_release();
	CHECK(json_keep(big, len - 1) != NULL);
	json_release();
	big[0] = big[len - 1] = '"';
	CHECK_INT(walk_len(big, len, false), 0);
	free(big);
	big = repeat("x", (2u << 20) + 3, &len);
	big[0] = big[len - 1] = '"';
	CHECK_INT(walk_len(big, len, false), -E2BIG);
	CHECK_HAS(err.msg, "sample: too much text");
	free(big);
	json_release();
}

int main(void)
{
	RUN(values);
	RUN(nuls);
	RUN(syntax);
	RUN(comments);
	RUN(positions);
	RUN(depth);
	RUN(any_depth);
	RUN(truncated);
	RUN(large);
	RUN(visitor);
	RUN(paths);
	RUN(kept);
	return check_end();
}
