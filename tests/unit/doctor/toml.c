/* SPDX-License-Identifier: Apache-2.0 */
/* hook/doctor/toml.c: what is found in a text, and which texts are not understood. */
#include "doctor/toml.h"

#include <errno.h>

#include "base/macros.h"
#include "check.h"

/* "a.b=text" and "a.b=[one,two]" in lines, as they are visited */
static char seen[2048];

static void visit(void *arg, const struct toml_path *p, const struct toml_value *v)
{
	size_t len = strlen(seen);

	(void)arg;
#define ADD(...) len += (size_t)snprintf(seen + len, sizeof(seen) - len, __VA_ARGS__)
	for (size_t i = 0; i < p->depth; i++)
		ADD("%s%s", i ? "/" : "", p->key[i]);
	ADD("=");
	if (v->type == TOML_LIST)
		ADD("[");
	for (size_t i = 0; i < v->n; i++)
		ADD("%s%s", i ? "," : "", v->text[i]);
	ADD("%s%s\n",
	    v->type == TOML_LIST  ? "]" :
	    v->type == TOML_OTHER ? "?" :
				    "",
	    v->append ? "+" : "");
#undef ADD
}

static int scan(const char *text, struct error *err)
{
	static char copy[2048];

	seen[0] = '\0';
	snprintf(copy, sizeof(copy), "%s", text);
	return toml_scan("test", copy, visit, NULL, err);
}

static void found(const char *text, const char *want)
{
	struct error err;

	check_case = text;
	CHECK_INT(scan(text, &err), 0);
	CHECK_TEXT(seen, want);
}

static void refused(const char *text, const char *line)
{
	struct error err = { "" };

	check_case = text;
	CHECK_INT(scan(text, &err), -EINVAL);
	CHECK_HAS(err.msg, line);
}

static void test_values(void)
{
	found("", "");
	found("# nothing", "");
	found("a = \"b\"", "a=b\n");
	found("a='b'# c", "a=b\n");
	found("a = \"x\\\\y\\\"z\"", "a=x\\y\"z\n");
	found("a = 'x\\y'", "a=x\\y\n");
	found("a = 1\nb = true # t\nc = 1979-05-27\r\n", "a=?\nb=?\nc=?\n");
	found("a = \"\"\"\nb = \"c\"\n\"\"\"\nd = 'e'", "a=?\nd=e\n");
	found("a = \"\"", "a=\n");
	found("AZaz09_- = 1", "AZaz09_-=?\n");
}

static void test_lists(void)
{
	found("a = []", "a=[]\n");
	found("a = [\"b\", 'c',]", "a=[b,c]\n");
	found("a = [ # one\n \"b\", # two\n\n \"c\"\n]\nd = 'e'", "a=[b,c]\nd=e\n");
	found("a = [\"b\", {append=true}]", "a=[b]+\n");
	found("a = [1, 2]", "a=?\n");
	found("a = [[\"b\"], [\"c\"]]", "a=?\n");
}

static void test_tables(void)
{
	found("[t]\na = 'b'\n[u.v]\nc = 'd'", "t/a=b\nu/v/c=d\n");
	found("[ t . \"io.x\" . 'y' ]\na.b = 'c'", "t/io.x/y/a/b=c\n");
	found("[[t]]\na = 'b'", "t/a=b\n");
	found("o = { a = 'b', c = { d = ['e'] } }\nf = 'g'", "o/a=b\no/c/d=[e]\nf=g\n");
	found("o = {}", "");
}

static void test_lines(void)
{
	char text[] = "\n[t]\n# c\nl = [\n'x'\n]\nm = '''\n\n'''\n[u]\na = 1";
	struct error err;

	check_case = "lines";
	CHECK_INT(toml_scan("test", text, visit, NULL, &err), 0);
	refused("a = 1\nb", "line 2 is not understood");
	refused("a = [\n'b'\n]\nc = \"d", "line 4 is not understood");
	refused("a = '''\n\n'''\n=", "line 4 is not understood");
}

static void test_not_understood(void)
{
	static const char *const texts[] = {
		"a",         "a =",         "a = \"b", "a = \"\\n\"",   "a = 'b' c",
		"[t",        "[t] a = 'b'", "[[t]",    "a = [\"b\"",    "a = [\"b\" \"c\"]",
		"a = { b }", "a = { b = 1", "= 'b'",   ". = 1",         "a = '''b",
		"a..b = 1",  "[]",          "a = [,]", "a = ['x', 'y'", "a = {b = 'c' d = 'e'}",
		"\"a = 1",   "a b = 1",
	};
	char deep[256] = "a = ";

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		refused(texts[i], "line 1 is not understood");
	memset(deep + 4, '[', 100);
	refused(deep, "line 1");
	/* closed, too: so deep and no deeper, and beside each other as many as there may be */
	memset(deep + 4 + TOML_DEPTH_MAX, ']', TOML_DEPTH_MAX);
	deep[4 + 2 * TOML_DEPTH_MAX] = '\0';
	found(deep, "a=?\n");
	memset(deep + 4, '[', TOML_DEPTH_MAX + 1);
	memset(deep + 4 + TOML_DEPTH_MAX + 1, ']', TOML_DEPTH_MAX + 1);
	deep[4 + 2 * (TOML_DEPTH_MAX + 1)] = '\0';
	refused(deep, "line 1");
	found("a = [[], [], [], [], [], [], [], [], [], [], [], [], [], [], []]", "a=?\n");
	refused("a.b.c.d.e.f.g.h.i.j.k.l.m = 1", "line 1");
}

static void is(void *arg, const struct toml_path *p, const struct toml_value *v)
{
	bool *ok = arg;

	(void)v;
	*ok = toml_path_is(p, "t", "*", "c", NULL) && !toml_path_is(p, "t", "*", NULL) &&
	      !toml_path_is(p, "t", "b", "c", "d", NULL) &&
	      !toml_path_is(p, "x", "*", "c", NULL) && p->table_depth == 2 &&
	      p->table_line == 1;
}

static void test_path(void)
{
	char text[] = "[t.b]\nc = 1";
	struct error err;
	bool ok = false;

	check_case = "path";
	CHECK_INT(toml_scan("test", text, is, &ok, &err), 0);
	CHECK(ok);
}

int main(void)
{
	RUN(test_values);
	RUN(test_lists);
	RUN(test_tables);
	RUN(test_lines);
	RUN(test_not_understood);
	RUN(test_path);
	return check_end();
}
