/* SPDX-License-Identifier: Apache-2.0 */
/* hook/doctor/hook_file.c: files of hooks, and what is found wrong with each. */
#include "doctor/hook_file.h"

#include <errno.h>
#include <stdlib.h>

#include "base/json_reader.h"
#include "base/macros.h"
#include "check.h"
#include "doctor/judged_hook.h"

#define NEVER   "hook-condition:broken", false
#define WORKS   "", true
#define SOME    "hook-condition:note", true
#define UNKNOWN "hook-condition:note", true

static void test_conditions(void)
{
	static const struct {
		const char *when, *found;
		bool works;
	} cases[] = {
		/* the forms of "when" */
		{ "{\"annotations\":{\"^io[.]ksm[.]merge$\":\".*\"}}", WORKS },
		{ "{\"annotations\":{\"^io\\\\.ksm\\\\.merge$\":\"^true$\"}}", WORKS },
		{ "{\"annotations\":{\"io.ksm.*\":\"true\"}}", WORKS },
		{ "{\"annotations\":{\"\":\"\"}}", WORKS },
		{ "{\"annotations\":{\"^io[.]ksm[.]merges?$\":\".*\"}}", WORKS },
		{ "{\"always\":true}", WORKS },
		{ "{\"always\":false}", NEVER },
		{ "{}", NEVER },
		{ "null", NEVER },
		{ "[{\"a\":\"b\"}]", NEVER },
		{ "{\"annotations\":{}}", NEVER },
		{ "{\"annotations\":[\"^io.ksm.merge$\"]}", NEVER },
		{ "{\"annotations\":{\"^io[.]ksm[.]merge$\":true}}", NEVER },
		/* what does not match the annotation */
		{ "{\"annotations\":{\"^ksm$\":\".*\"}}", NEVER },
		{ "{\"annotations\":{\"^io[.]ksm[.]merge$\":\"^yes$\"}}", NEVER },
		{ "{\"annotations\":{\"^io[.]ksm[.]method$\":\"true\"}}", NEVER },
		{ "{\"commands\":[\"/bin/nothing$\"]}", NEVER },
		{ "{\"hasBindMounts\":true}", NEVER },
		/* what is to be met as well */
		{ "{\"annotations\":{\"^io[.]ksm[.]merge$\":\".*\"},\"commands\":[\".*\"]}",
		  SOME },
		{ "{\"annotations\":{\"^io[.]ksm[.]merge$\":\".*\"},\"hasBindMounts\":true}",
		  SOME },
		{ "{\"always\":true,\"annotations\":{\"^team$\":\"a\"}}", SOME },
		{ "{\"annotations\":{\"^io[.]ksm[.]merge$\":\"true\",\"^team$\":\"a\"}}",
		  SOME },
		{ "{\"always\":false,\"annotations\":{\"^io[.]ksm[.]merge$\":\".*\"}}", NEVER },
		/* patterns in Go's syntax, which we cannot evaluate */
		{ "{\"annotations\":{\"^io[.]ksm[.]merge++++++++++++++++++++++++++++++$\":\".*"
		  "\"}}",
		  UNKNOWN },
		{ "{\"annotations\":{\"((((((((((((((((((((((a+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+"
		  ")+)+)+)"
		  "+)+)+\":\".*\"}}",
		  UNKNOWN },
		/* repetitions and groups that mean the same to both, and one too many */
		{ "{\"annotations\":{\"^i+o+[.]+k+s+m+[.]+m+erge$\":\".*\"}}", WORKS },
		{ "{\"annotations\":{\"^i+o+[.]+k+s+m+[.]+m+e+rge$\":\".*\"}}", UNKNOWN },
		{ "{\"annotations\":{\"^(io)[.]ksm([.]merge)$\":\".*\"}}", WORKS },
		{ "{\"annotations\":{\"^(io)?[.]*ksm[.]+(merge)*$\":\".*\"}}", WORKS },
		/* what stands in brackets is not told apart */
		{ "{\"annotations\":{\"^io[.(?]ksm[.]merge$\":\".*\"}}", UNKNOWN },
		{ "{\"annotations\":{\"(((m{999}){999}){999}){999}\":\".*\"}}", UNKNOWN },
		{ "{\"annotations\":{\"(?i)^io\\\\.ksm\\\\.merge$\":\"^(?:true|yes)$\"}}",
		  UNKNOWN },
		{ "{\"annotations\":{\"^io\\\\.ksm\\\\.merge$\":\"^(?:true|yes)$\"}}",
		  UNKNOWN },
		{ "{\"annotations\":{\"^io\\\\.ksm\\\\.merge$\":\"\\\\w+\"}}", UNKNOWN },
		{ "{\"annotations\":{\"^io.*?merge$\":\"true\"}}", UNKNOWN },
		{ "{\"annotations\":{\"^io.+?merge$\":\"true\"}}", UNKNOWN },
		{ "{\"annotations\":{\"^io.??ksm.merge$\":\"true\"}}", UNKNOWN },
		{ "{\"annotations\":{\"^io.{1}?ksm.merge$\":\"true\"}}", UNKNOWN },
		{ "{\"annotations\":{\"^io[.]ksm[.]merge$\":\"(\"}}", UNKNOWN },
		{ "{\"annotations\":{\"^team$\":\"(?i)a\"}}", NEVER },
		{ "{\"annotations\":{\"^io[.]ksm[.]merge$\":\".*\",\"(?i)team\":\"a\"}}",
		  SOME },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		bool works = !cases[i].works;
		struct hook_file h;
		char keys[300];

		check_case = cases[i].when;
		snprintf(keys, sizeof(keys), "\"when\":%s,\"stages\":[\"createRuntime\"]",
			 cases[i].when);
		CHECK_TEXT(judge_hook("", keys, &h, &works), cases[i].found);
		CHECK_INT(works, cases[i].works);
	}
}

/* A hook that gets no time at all, which runc kills. */
static void test_timeouts(void)
{
	static const struct {
		const char *timeout, *found;
	} cases[] = {
		{ "0", "hook-timeout:broken" },
		{ "-1", "hook-timeout:broken" },
		{ "1", "" },
		{ "10", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct hook_file h;
		char timeout[32];
		bool works;

		check_case = cases[i].timeout;
		snprintf(timeout, sizeof(timeout), ",\"timeout\":%s", cases[i].timeout);
		CHECK_TEXT(judge_hook(timeout,
				      "\"when\":{\"always\":true},"
				      "\"stages\":[\"createRuntime\"]",
				      &h, &works),
			   cases[i].found);
		CHECK_INT(works, !cases[i].found[0]);
	}
}

/* Of what is given twice the last one counts. */
static void test_twice(void)
{
#define HOOK_OF(args) \
	"\"hook\":{\"path\":\"/usr/sbin/ksm-hook\"," args "},\"when\":{\"always\":true},"
#define COMMAND "\"args\":[\"ksm-hook\",\"createRuntime\"]"
	static const struct {
		const char *text, *found;
		bool works, create, poststart, precreate;
	} cases[] = {
		{ "{" HOOK_OF(COMMAND) "\"stages\":[\"createRuntime\",\"precreate\"],"
				       "\"stages\":[\"poststart\"]}",
		  "", true, false, true, false },
		{ "{" HOOK_OF(
			  COMMAND) "\"stages\":[\"poststart\"],\"stages\":[\"createRuntime\"]}",
		  "", true, true, false, false },
		{ "{" HOOK_OF(
			  COMMAND) "\"stages\":[\"prestart\"],\"stages\":[\"createRuntime\"]}",
		  "", true, true, false, false },
		{ "{" HOOK_OF(COMMAND ",\"args\":[]") "\"stages\":[\"createRuntime\"]}",
		  "hook-condition:broken", false, true, false, false },
		{ "{" HOOK_OF("\"args\":[]," COMMAND) "\"stages\":[\"createRuntime\"]}", "",
		  true, true, false, false },
		{ "{" HOOK_OF(COMMAND
			      ",\"timeout\":0,\"timeout\":5") "\"stages\":[\"createRuntime\"]}",
		  "", true, true, false, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		bool works = !cases[i].works;
		struct hook_file h;

		check_case = cases[i].text;
		CHECK_TEXT(judge_text(cases[i].text, &h, &works), cases[i].found);
		CHECK_INT(works, cases[i].works);
		CHECK_INT(h.create, cases[i].create);
		CHECK_INT(h.poststart, cases[i].poststart);
		CHECK_INT(h.precreate, cases[i].precreate);
	}
}

static void test_commands_and_stages(void)
{
	static const struct {
		const char *args, *stages, *found;
		bool works, create, poststart, precreate;
	} cases[] = {
		{ "\"ksm-hook\",\"createRuntime\"", "\"createRuntime\"", "", true, true, false,
		  false },
		{ "\"ksm-hook\",\"prestart\"", "\"prestart\"", "", true, true, false, false },
		{ "\"x\",\"createRuntime\",\"more\"", "\"createRuntime\"", "", true, true,
		  false, false },
		{ "\"ksm-hook\",\"poststart\"", "\"poststart\"", "", true, false, true, false },
		{ "\"ksm-hook\",\"precreate\"", "\"precreate\"", "", true, false, false, true },
		{ "\"ksm-hook\",\"createRuntime\"", "\"createRuntime\",\"prestart\"",
		  "hook-stages:warning", true, true, false, false },
		{ "\"ksm-hook\",\"createRuntime\"", "\"createRuntime\",\"poststart\"", "", true,
		  true, true, false },
		/* the name of the program forgotten, nothing at all, another command */
		{ "\"createRuntime\"", "\"createRuntime\"", "hook-condition:broken", false,
		  true, false, false },
		{ "", "\"createRuntime\"", "hook-condition:broken", false, true, false, false },
		{ "\"ksm-hook\",\"poststop\"", "\"createRuntime\"", "hook-condition:broken",
		  false, true, false, false },
		/* a stage that no engine has */
		{ "\"ksm-hook\",\"createRuntime\"", "\"CreateRuntime\"", "", true, false, false,
		  false },
		{ "\"ksm-hook\",\"createRuntime\"", "", "", true, false, false, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		bool works = !cases[i].works;
		struct hook_file h;
		char text[512], name[128];

		snprintf(name, sizeof(name), "[%s] [%s]", cases[i].args, cases[i].stages);
		check_case = name;
		snprintf(text, sizeof(text),
			 "{\"hook\":{\"path\":\"/usr/sbin/ksm-hook\",\"args\":[%s]},"
			 "\"when\":{\"always\":true},\"stages\":[%s]}",
			 cases[i].args, cases[i].stages);
		CHECK_TEXT(judge_text(text, &h, &works), cases[i].found);
		CHECK_INT(works, cases[i].works);
		CHECK_INT(h.create, cases[i].create);
		CHECK_INT(h.poststart, cases[i].poststart);
		CHECK_INT(h.precreate, cases[i].precreate);
	}
}

/* The form is looked at on the way. */
static void test_form(void)
{
	struct hook_file h;
	bool works;

	check_case = "form";
	(void)judge_text("{}", &h, &works);
	CHECK_HAS(h.form.fault, "no \"version\"");
	CHECK_HAS(h.form.later_fault, "no \"stages\"");
	(void)judge_text(
		"{\"version\":\"1.0.0\",\"hook\":{\"path\":\"/x\"},\"stages\":[\"x\"]}", &h,
		&works);
	CHECK_TEXT(h.form.fault, "");
	CHECK_HAS(h.form.later_fault, "no stage \"x\"");
}

static void test_files(void)
{
	static const struct {
		const char *text, *program;
	} cases[] = {
		{ "{\"hook\":{\"path\":\"/a/b\"}}", "/a/b" },
		{ "{\"hook\":{\"path\":7}}", NULL },
		{ "{\"path\":\"/a/b\"}", NULL },
		{ "[]", NULL },
	};
	struct hook_file h;
	struct error err;
	bool works;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		check_case = cases[i].text;
		CHECK_INT(hook_file_parse(&h, PATH, cases[i].text, strlen(cases[i].text), &err),
			  0);
		CHECK_TEXT(h.program ? h.program : "none",
			   cases[i].program ? cases[i].program : "none");
	}
	check_case = "not JSON";
	CHECK_TEXT(judge_text("{", &h, &works), "JSON");
	CHECK_TEXT(judge_text("", &h, &works), "JSON");
	CHECK_TEXT(judge_text("hello", &h, &works), "JSON");
}

/* Where "path" and the program stand beside each other, and once: what a pattern of sed(1) can find. */
static void test_plain_paths(void)
{
#define HOOK(path) "{\"hook\":{\"path\"" path "}}"
	static const struct {
		const char *text;
		bool plain;
	} cases[] = {
		{ HOOK(":\"/usr/libexec/ksm-hook\""), true },
		{ HOOK(" \t:\t \"/a\""), true },
		{ HOOK(":\"/ABCDEFGHIJKLMNOPQRSTUVWXYZ/abcdefghijklmnopqrstuvwxyz/"
		       "0123456789._-\""),
		  true },
		/* a line ends where sed's pattern does */
		{ HOOK(":\n\"/a\""), false },
		{ HOOK("\n:\"/a\""), false },
		/* what means something to sed, to a shell, or to JSON */
		{ HOOK(":\"/a|b\""), false },
		{ HOOK(":\"/a'b\""), false },
		{ HOOK(":\"/a*b\""), false },
		{ HOOK(":\"/a b\""), false },
		{ HOOK(":\"/a~b\""), false },
		{ HOOK(":\"\\u002fa\""), false },
		{ "{\"hook\":{\"p\\u0061th\":\"/a\"}}", false },
		{ HOOK(":\"\""), false },
		{ "{\"hook\":{}}", false },
		/* twice */
		{ HOOK(":\"/a\",\"path\":\"/a\""), false },
		{ "{\"path\":\"/a\",\"hook\":{\"path\":\"/a\"}}", false },
		/* others do no harm */
		{ "{\"path\":\"/b\",\"hook\":{\"path\":\"/a\"}}", true },
		{ "{\"path\":\"/ab\",\"hook\":{\"path\":\"/a\"}}", true },
		{ "{\"path\":7,\"hook\":{\"path\":\"/a\"}}", true },
		{ HOOK(":\"/a\",\"args\":[\"path\",\"path\"]"), true },
		/* nor does an end, wherever it comes */
		{ "{\"hook\":{\"path\":\"/a\"", true },
		{ "{\"hook\":{\"path\":\"/a\",\"path\"", true },
		{ "{\"hook\":{\"path\":\"/a\",\"path\" ", true },
		{ "{\"hook\":{\"path\":\"/a\",\"path\":", true },
		{ "{\"hook\":{\"path\":\"/a\",\"path\":\"/", true },
		{ "{\"hook\":{\"path\":\"/a\",\"path\":\"/a", true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		/* exactly as long as its text, so that a sanitizer sees what is read */
		size_t len = strlen(cases[i].text);
		char *exact = malloc(len);
		struct hook_file h;
		struct error err;

		memcpy(exact, cases[i].text, len);
		check_case = cases[i].text;
		(void)hook_file_parse(&h, PATH, exact, len, &err);
		CHECK_INT(h.path_plain, cases[i].plain);
		free(exact);
	}
	check_case = "";
}

int main(void)
{
	RUN(test_conditions);
	RUN(test_timeouts);
	RUN(test_commands_and_stages);
	RUN(test_twice);
	RUN(test_form);
	RUN(test_files);
	RUN(test_plain_paths);
	return check_end();
}
