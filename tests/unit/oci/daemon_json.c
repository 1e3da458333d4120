/* SPDX-License-Identifier: Apache-2.0 */
/* hook/oci/daemon_json.c: the runtime goes into daemon.json and out again, and nothing else moves. */
#include "oci/daemon_json.h"

#include <errno.h>

#include "base/macros.h"
#include "check.h"

#define PATH   "/usr/sbin/ksm-runc"
#define MEMBER "\"ksm-runc\": { \"path\": \"" PATH "\" }"

static char buffer[65536 + DAEMON_JSON_ROOM];
static struct daemon_text text = { buffer, 0 };

static void load(const char *from)
{
	text.len = strlen(from);
	memcpy(buffer, from, text.len);
}

static const char *now(void)
{
	buffer[text.len] = '\0';
	return buffer;
}

/* What is there after adding; removing has to restore the text byte by byte. */
static void test_there_and_back(void)
{
	static const struct {
		const char *text, *with;
	} cases[] = {
		{ "{}", "{\"runtimes\": { " MEMBER " }}" },
		{ "{ }\n", "{\"runtimes\": { " MEMBER " } }\n" },
		{ "{\"a\":1}", "{\"runtimes\": { " MEMBER " },\"a\":1}" },
		{ "{\n\t\"a\": 1.10,\n\t\"b\": 1e2\n}\n",
		  "{\n\t\"runtimes\": { " MEMBER " },\n\t\"a\": 1.10,\n\t\"b\": 1e2\n}\n" },
		{ "{\r\n  \"hard\": 9223372036854775807\r\n}\r\n",
		  "{\r\n  \"runtimes\": { " MEMBER
		  " },\r\n  \"hard\": 9223372036854775807\r\n}\r\n" },
		{ "\xef\xbb\xbf{\"debug\":true}",
		  "\xef\xbb\xbf{\"runtimes\": { " MEMBER " },\"debug\":true}" },
		{ "{\"runtimes\":{\"a\":{\"path\":\"/a\"}}}",
		  "{\"runtimes\":{" MEMBER ",\"a\":{\"path\":\"/a\"}}}" },
		{ "{\"runtimes\": {\n    \"a\": {}\n  }\n}",
		  "{\"runtimes\": {\n    " MEMBER ",\n    \"a\": {}\n  }\n}" },
		/* dockerd takes over both, and the last null undoes what was before it */
		{ "{\"runtimes\":{\"a\":{}},\"runtimes\":{\"b\":{}}}",
		  "{\"runtimes\":{\"a\":{}},\"runtimes\":{" MEMBER ",\"b\":{}}}" },
		{ "{\"runtimes\":null,\"runtimes\":{\"b\":{}}}",
		  "{\"runtimes\":null,\"runtimes\":{" MEMBER ",\"b\":{}}}" },
		/* keys and values that look like ours */
		{ "{\"x\":{\"runtimes\":{\"ksm-runc\":{\"path\":\"/x\"}}}}",
		  "{\"runtimes\": { " MEMBER
		  " },\"x\":{\"runtimes\":{\"ksm-runc\":{\"path\":\"/x\"}}}}" },
		{ "{\"\\\"runtimes\\\\\":{},\"runtimes\":{\"k\\\\\\\"\":{}}}",
		  "{\"\\\"runtimes\\\\\":{},\"runtimes\":{" MEMBER ",\"k\\\\\\\"\":{}}}" },
		{ "{\"r\\u0075ntimes\" : {\"a\":{}}}",
		  "{\"r\\u0075ntimes\" : {" MEMBER ",\"a\":{}}}" },
	};
	struct error err;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		bool had = !strstr(cases[i].with, "\"runtimes\": { \"ksm-runc");

		check_case = cases[i].text;
		load(cases[i].text);
		CHECK_INT(daemon_json_add("f", &text, PATH, &err), 0);
		CHECK_TEXT(now(), cases[i].with);
		CHECK_INT(daemon_json_add("f", &text, PATH, &err), 1);
		CHECK_TEXT(now(), cases[i].with);
		CHECK_INT(daemon_json_remove("f", &text, PATH, had, &err), 0);
		CHECK_TEXT(now(), cases[i].text);
		CHECK_INT(daemon_json_remove("f", &text, PATH, had, &err), 1);
		CHECK_TEXT(now(), cases[i].text);
	}
	check_case = "";
}

/* Where there is nothing, a whole file comes about; null gives way to an object. */
static void test_from_nothing(void)
{
	static const char *const nothing[] = { "", " ", "\n\r\t\n" };
	struct error err;

	for (size_t i = 0; i < ARRAY_SIZE(nothing); i++) {
		load(nothing[i]);
		CHECK(daemon_json_is_empty(&text));
		CHECK(!daemon_json_has_runtimes(&text));
		CHECK_INT(daemon_json_remove("f", &text, PATH, false, &err), 1);
		CHECK_INT(daemon_json_add("f", &text, PATH, &err), 0);
		CHECK_TEXT(now(), "{\n  \"runtimes\": {\n    " MEMBER "\n  }\n}\n");
		CHECK(!daemon_json_is_empty(&text));
		CHECK(daemon_json_has_runtimes(&text));
		CHECK_INT(daemon_json_remove("f", &text, PATH, false, &err), 0);
		CHECK_TEXT(now(), "{\n}\n");
		CHECK(daemon_json_is_empty(&text));
	}
	load("{\"runtimes\": null, \"a\":0}");
	CHECK(!daemon_json_is_empty(&text));
	CHECK_INT(daemon_json_add("f", &text, PATH, &err), 0);
	CHECK_TEXT(now(), "{\"runtimes\": { " MEMBER " }, \"a\":0}");
	/* dockerd takes the keys of a runtime in any case */
	load("{\"runtimes\":{\"ksm-runc\":{\"PATH\":\"" PATH "\"}}}");
	CHECK_INT(daemon_json_add("f", &text, PATH, &err), 1);
	CHECK_INT(daemon_json_remove("f", &text, PATH, false, &err), 0);
	/* null takes back what stands before it */
	load("{\"runtimes\":{" MEMBER "},\"runtimes\":null}");
	CHECK_INT(daemon_json_add("f", &text, PATH, &err), 0);
	CHECK_TEXT(now(), "{\"runtimes\":{" MEMBER
			  "},\"runtimes\":null, \"runtimes\": { " MEMBER " }}");
	CHECK_INT(daemon_json_remove("f", &text, PATH, false, &err), 0);
	CHECK_TEXT(now(), "{\"runtimes\":{" MEMBER "},\"runtimes\":null}");
	/* and goes on doing so */
	load("{\"runtimes\":{\"a\":{}},\"runtimes\":null,\"b\":1}");
	CHECK_INT(daemon_json_add("f", &text, PATH, &err), 0);
	CHECK_TEXT(now(), "{\"runtimes\":{\"a\":{}},\"runtimes\":null, \"runtimes\": { " MEMBER
			  " },\"b\":1}");
}

/* Whatever else was written around it: it goes, with its comma. */
static void test_cut_out(void)
{
	static const struct {
		const char *text, *without;
		bool keep;
	} cases[] = {
		{ "{\"runtimes\":{\"a\":{}," MEMBER "}}", "{\"runtimes\":{\"a\":{}}}" },
		{ "{\"runtimes\":{\"a\":{} , " MEMBER " , \"b\":{}}}",
		  "{\"runtimes\":{\"a\":{} , \"b\":{}}}" },
		{ "{\"a\":1,\"runtimes\":{" MEMBER "}}", "{\"a\":1}" },
		{ "{\"a\":1,\"runtimes\":{ " MEMBER " }}", "{\"a\":1,\"runtimes\":{ }}", true },
		{ "{\"runtimes\":{" MEMBER "}}", "{}" },
		{ "{\"default-runtime\":\"runc\",\"runtimes\":{" MEMBER "}}",
		  "{\"default-runtime\":\"runc\"}" },
		{ "{\"default-runtime\":\"abc-runc\",\"runtimes\":{" MEMBER "}}",
		  "{\"default-runtime\":\"abc-runc\"}" },
		{ "{\"runtimes\" : \n {" MEMBER "}}", "{}" },
		{ "{\"runtimes\":{\"ksm-\\u0072unc\"\t:\r{\"path\":\"" PATH
		  "\",\"x\":\"y\"},\"b\":{}}}",
		  "{\"runtimes\":{\"b\":{}}}" },
		{ "{\"runtimes\":{" MEMBER "," MEMBER "}}", "{}" },
		{ "{\"runtimes\":{" MEMBER "},\"runtimes\":{" MEMBER ",\"b\":{}}}",
		  "{\"runtimes\":{},\"runtimes\":{\"b\":{}}}" },
		/* as jq writes it */
		{ "{\n  \"debug\": true,\n  \"runtimes\": {\n    \"ksm-runc\": {\n"
		  "      \"path\": \"" PATH "\"\n    }\n  }\n}\n",
		  "{\n  \"debug\": true\n}\n" },
	};
	struct error err;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		check_case = cases[i].text;
		load(cases[i].text);
		CHECK_INT(daemon_json_remove("f", &text, PATH, cases[i].keep, &err), 0);
		CHECK_TEXT(now(), cases[i].without);
	}
	check_case = "";
}

static void test_refused(void)
{
	static const struct {
		const char *text, *path;
		int add, remove;
		const char *says;
	} cases[] = {
		{ "{", PATH, -EINVAL, -EINVAL, "f:1:" },
		{ "{} {}", PATH, -EINVAL, -EINVAL, "f:1:" },
		{ "{} \"", PATH, -EINVAL, -EINVAL, "f: there is more" },
		{ "[]", PATH, -EINVAL, -EINVAL, "f: is not a JSON object" },
		{ "7", PATH, -EINVAL, -EINVAL, "f: is not a JSON object" },
		{ "{ /* no */ }", PATH, -EINVAL, -EINVAL, "f:1:" },
		{ "{\n// no\n}", PATH, -EINVAL, -EINVAL, "probable comment" },
		{ "{\"runtimes\":[]}", PATH, -EINVAL, -EINVAL,
		  "\"runtimes\" is not an object" },
		{ "{\"runtimes\":\"ksm-runc\"}", PATH, -EINVAL, -EINVAL, "is not an object" },
		{ "{\"runtimes\":{\"ksm-runc\":{\"path\":\"/b\"}}}", PATH, -EEXIST, -EEXIST,
		  "/b" },
		{ "{\"runtimes\":{\"ksm-runc\":{\"runtimeType\":\"x\"}}}", PATH, -EEXIST,
		  -EEXIST, "ksm-runc" },
		{ "{\"runtimes\":{\"ksm-runc\":\"" PATH "\"}}", PATH, -EEXIST, -EEXIST,
		  "ksm-runc" },
		/* the last one counts */
		{ "{\"runtimes\":{" MEMBER ",\"ksm-runc\":{\"path\":\"/b\"}}}", PATH, -EEXIST,
		  -EEXIST, "/b" },
		{ "{\"runtimes\":{" MEMBER ",\"ksm-runc\":{}}}", PATH, -EEXIST, -EEXIST,
		  "ksm-runc" },
		{ "{\"default-runtime\":\"ksm-runc\",\"runtimes\":{" MEMBER "}}", PATH, 1,
		  -EBUSY, "default-runtime" },
		{ "{}", "ksm-runc", -EINVAL, 1, "absolute" },
		{ "{}", "/usr/sbin/other", -EINVAL, 1, "absolute" },
		{ "{}", "/a\"/ksm-runc", -EINVAL, 1, "absolute" },
		{ "{}", "/a\n/ksm-runc", -EINVAL, 1, "absolute" },
		/* UTF-16, which PowerShell writes */
		{ "\xff\xfe{", PATH, -EINVAL, -EINVAL, "f:1:" },
	};
	struct error err;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		check_case = cases[i].text;
		load(cases[i].text);
		err.msg[0] = '\0';
		CHECK_INT(daemon_json_add("f", &text, cases[i].path, &err), cases[i].add);
		if (cases[i].add < 0)
			CHECK_HAS(err.msg, cases[i].says);
		CHECK_TEXT(now(), cases[i].text);
		CHECK_INT(daemon_json_remove("f", &text, cases[i].path, false, &err),
			  cases[i].remove);
		if (cases[i].remove < 0)
			CHECK_HAS(err.msg, cases[i].says);
	}
	check_case = "";
	CHECK(!daemon_json_is_empty(&text));
	CHECK(daemon_json_has_runtimes(&text)); /* no telling: it is kept */
	load("{\"a\":1}");
	CHECK(!daemon_json_is_empty(&text));
	CHECK(!daemon_json_has_runtimes(&text));
	load("{\"runtimes\":{\"ksm-runc\":{\"path\":\"" PATH
	     "\",\"runtimeArgs\":[],\"x\":\"y\"}}}");
	CHECK_INT(daemon_json_add("f", &text, PATH, &err), 1);
	CHECK(daemon_json_has_runtimes(&text));
}

/* Paths that need no escapes in JSON, and are not too long. */
static void test_paths(void)
{
	static const struct {
		const char *path;
		int r;
	} cases[] = {
		{ PATH, 0 },
		{ "/ksm-runc", 0 },
		{ "/a b/ksm-runc", 0 },
		{ "/\xc3\xa9/ksm-runc", 0 },
		{ "/a\x1f/ksm-runc", -EINVAL },
		{ "/a\x10/ksm-runc", -EINVAL },
		{ "/a\\/ksm-runc", -EINVAL },
		{ "/a\"/ksm-runc", -EINVAL },
		{ "/ksm-runc/", -EINVAL },
		{ "a/ksm-runc", -EINVAL },
		{ "/a/xksm-runc", -EINVAL },
		{ "", -EINVAL },
	};
	char path[1100];
	struct error err;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		check_case = cases[i].path;
		CHECK_INT(daemon_json_path_check(cases[i].path, &err), cases[i].r);
	}
	check_case = "long";
	for (int len = 600; len <= 1025; len += len == 600 ? 424 : 1) {
		memset(path, 'p', sizeof(path));
		path[0] = '/';
		snprintf(path + len - 9, 10, "/ksm-runc");
		CHECK_INT(daemon_json_path_check(path, &err), len <= 1024 ? 0 : -EINVAL);
	}
	check_case = "";
}

/* Nothing behind the text is moved, or written to. */
static void test_behind(void)
{
	static const char whole[] = "{\"runtimes\":{\"a\":{}},\"b\":1}";
	struct error err;

	for (size_t i = 0; i < sizeof(buffer); i++)
		buffer[i] = (char)(i % 251);
	load(whole);
	CHECK_INT(daemon_json_add("f", &text, PATH, &err), 0);
	for (size_t i = text.len; i < text.len + 2000; i++)
		CHECK(buffer[i] == (char)(i % 251));
	for (size_t i = text.len; i < sizeof(buffer); i++)
		buffer[i] = (char)(i % 251);
	CHECK_INT(daemon_json_remove("f", &text, PATH, false, &err), 0);
	CHECK_INT((long long)text.len, (long long)strlen(whole));
	CHECK(memcmp(buffer, whole, strlen(whole)) == 0);
}

/* White space has no limit in JSON; the room has one. */
static void test_much_space(void)
{
	struct error err;

	memset(buffer, ' ', 20000);
	buffer[0] = '{';
	snprintf(buffer + 20000, sizeof(buffer) - 20000, "\"a\":1}");
	text.len = 20006;
	CHECK_INT(daemon_json_add("f", &text, PATH, &err), -EFBIG);
	CHECK_INT((long long)text.len, 20006);
	/* to the byte: the gap, the member, a comma and a NUL */
	for (size_t gap = DAEMON_JSON_ROOM - 100; gap < DAEMON_JSON_ROOM; gap++) {
		size_t member = strlen("\"runtimes\": { " MEMBER " }");

		memset(buffer, ' ', gap + 1);
		buffer[0] = '{';
		text.len = gap + 1 + (size_t)sprintf(buffer + gap + 1, "\"a\":1}");
		CHECK_INT(daemon_json_add("f", &text, PATH, &err),
			  gap + member + 2 <= DAEMON_JSON_ROOM ? 0 : -EFBIG);
	}
}

/* However a text ends too early, it is refused and nothing is read behind it. */
static void test_truncated(void)
{
	static const char whole[] = "{\"a\":[1,{\"b\":null}],\"runtimes\":{" MEMBER
				    ",\"x\":{\"path\":\"\\u0041\"}}}";
	struct error err;

	for (size_t n = 1; n < sizeof(whole) - 1; n++) {
		char cut[sizeof(whole)];

		memcpy(cut, whole, n);
		cut[n] = '\0';
		load(cut);
		CHECK_INT(daemon_json_add("f", &text, PATH, &err), -EINVAL);
		CHECK_INT(daemon_json_remove("f", &text, PATH, false, &err), -EINVAL);
	}
}

int main(void)
{
	RUN(test_there_and_back);
	RUN(test_from_nothing);
	RUN(test_cut_out);
	RUN(test_refused);
	RUN(test_paths);
	RUN(test_behind);
	RUN(test_much_space);
	RUN(test_truncated);
	return check_end();
}
