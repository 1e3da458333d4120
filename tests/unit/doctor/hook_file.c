/* SPDX-License-Identifier: Apache-2.0 */
/* hook/doctor/hook_file.c: files of hooks, and what is found wrong with each. */
#include "doctor/hook_file.h"

#include <errno.h>

#include "base/json_reader.h"
#include "base/macros.h"
#include "check.h"

#define PATH "/etc/containers/oci/hooks.d/50-ksm-hook.json"

static struct finding findings[8];

/* "ID:LEVEL …" of what is found in the file; "JSON" where it is none. */
static const char *judge_text(const char *text, struct hook_file *h, bool *works)
{
	struct doctor d = { .finding = findings, .self = "/usr/sbin/ksm-hook" };
	static char out[256];
	struct error err;
	size_t len = 0;

	out[0] = '\0';
	*works = false;
	if (hook_file_parse(h, PATH, text, strlen(text), &err) < 0)
		return "JSON";
	*works = hook_file_judge(&d, PATH, h);
	for (size_t i = 0; i < d.n; i++)
		CHECK(d.finding[i].level == FINDING_NOTE || d.finding[i].fix[0] ||
		      d.finding[i].advice[0]);
	for (size_t i = 0; i < d.n; i++)
		len += (size_t)snprintf(out + len, sizeof(out) - len, "%s%s:%s", i ? " " : "",
					check_id_name(d.finding[i].id),
					finding_level_name(d.finding[i].level));
	return out;
}

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
		char text[512];

		check_case = cases[i].when;
		snprintf(text, sizeof(text),
			 "{\"version\":\"1.0.0\",\"hook\":{\"path\":\"/usr/sbin/ksm-hook\","
			 "\"args\":[\"ksm-hook\",\"createRuntime\"]},\"when\":%s,"
			 "\"stages\":[\"createRuntime\"]}",
			 cases[i].when);
		CHECK_TEXT(judge_text(text, &h, &works), cases[i].found);
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
		char text[512];
		bool works;

		check_case = cases[i].timeout;
		snprintf(text, sizeof(text),
			 "{\"version\":\"1.0.0\",\"hook\":{\"path\":\"/usr/sbin/ksm-hook\","
			 "\"args\":[\"ksm-hook\",\"createRuntime\"],\"timeout\":%s},"
			 "\"when\":{\"always\":true},\"stages\":[\"createRuntime\"]}",
			 cases[i].timeout);
		CHECK_TEXT(judge_text(text, &h, &works), cases[i].found);
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

/* What is advised where a file is not to be written anew. */
static void test_advice(void)
{
	static const struct {
		const char *rest, *advice;
	} cases[] = {
		{ "\"when\":{},\"stages\":[\"createRuntime\"]",
		  "make \"when\" match io.ksm.merge=true;" },
		{ "\"when\":{\"always\":true},\"stages\":[\"createRuntime\",\"prestart\"]",
		  "take one of the two out of \"stages\";" },
		{ "\"hook\":{\"timeout\":0},\"when\":{\"always\":true},\"stages\":["
		  "\"createRuntime\"]",
		  "set \"timeout\" to 10;" },
		{ "\"hook\":{\"args\":[]},\"when\":{\"always\":true},\"stages\":["
		  "\"createRuntime\"]",
		  "let \"args\" be \"ksm-hook\", \"createRuntime\";" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct hook_file h;
		char text[512];
		bool works;

		check_case = cases[i].advice;
		snprintf(text, sizeof(text),
			 "{\"comment\":\"mine\",\"hook\":{\"path\":\"/"
			 "x\",\"args\":[\"ksm-hook\","
			 "\"createRuntime\"]},%s}",
			 cases[i].rest);
		CHECK_HAS(judge_text(text, &h, &works), ":");
		CHECK_HAS(findings[0].advice, cases[i].advice);
		CHECK_TEXT(findings[0].fix, "");
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

/* What the fix writes has to be a file with which nothing is wrong. */
static void test_fix(void)
{
	struct doctor d = { .finding = findings, .self = "/opt/ksm/sbin/ksm-hook" };
	struct finding *f = finding_add(&d, FINDING_BROKEN, ID_HOOK_JSON, "why", "what");
	char text[768] = "";
	const char *begin, *end;
	struct hook_file h;
	bool works = false;

	check_case = "fix";
	hook_file_fix(&d, f, PATH);
	CHECK_HAS(f->fix, "mkdir -p /etc/containers/oci/hooks.d && echo '");
	CHECK_HAS(f->fix, "' >" PATH);
	begin = strchr(f->fix, '{');
	end = strrchr(f->fix, '}');
	if (CHECK(begin && end))
		snprintf(text, sizeof(text), "%.*s", (int)(end + 1 - begin), begin);
	CHECK_TEXT(judge_text(text, &h, &works), "");
	CHECK(works && h.create && !h.poststart);
	CHECK_TEXT(h.program, "/opt/ksm/sbin/ksm-hook");
}

/* A file is written anew only where nothing is lost by that. */
static void test_custom(void)
{
	static const struct {
		const char *text;
		bool custom;
	} cases[] = {
		{ "{\"version\":\"1.0.0\",\"hook\":{\"path\":\"/x\",\"args\":[\"a\",\"b\"],"
		  "\"timeout\":10},\"when\":{\"annotations\":{\"^io[.]ksm[.]merge$\":\"yes\"}},"
		  "\"stages\":[\"createRuntime\",\"prestart\",\"CreateRuntime\"]}",
		  false },
		{ "{\"VERSION\":2,\"Hook\":{\"Args\":\"a\",\"timeout\":0},\"when\":{\"always\":"
		  "false}}",
		  false },
		{ "{\"hook\":{\"timeout\":99999999999999999999,\"env\":null}}", false },
		{ "{\"when\":{\"annotations\":{\"(\":\"true\"}}}", false },
		{ "[]", false },
		{ "{\"hook\":{\"args\":[\"a\",\"b\",\"c\"]}}", true },
		{ "{\"hook\":{\"env\":[\"A=b\"]}}", true },
		{ "{\"hook\":{\"timeout\":30}}", true },
		{ "{\"hook\":{\"timeout\":1}}", true },
		{ "{\"hook\":{\"timeout\":2147483647}}", true },
		{ "{\"hook\":{\"timeout\":2147483648}}", false },
		{ "{\"hook\":{\"timeout\":\"30\"}}", false },
		{ "{\"hook\":{\"args\":{\"ksm\":\"a\"}}}", true },
		{ "{\"stages\":[\"createContainer\"]}", true },
		{ "{\"stages\":[\"startContainer\"]}", true },
		{ "{\"stages\":[\"poststop\"]}", true },
		{ "{\"stages\":[\"prestart\",\"precreate\"]}", false },
		{ "{\"when\":{\"always\":true}}", true },
		{ "{\"when\":{\"commands\":[\"sh$\"]}}", true },
		{ "{\"when\":{\"hasBindMounts\":true}}", true },
		{ "{\"when\":{\"annotations\":{\"^team$\":\"a\"}}}", true },
		{ "{\"stages\":[\"createRuntime\",\"poststart\"]}", true },
		{ "{\"comment\":\"mine\"}", true },
		/* a condition that is right is kept */
		{ "{\"when\":{\"annotations\":{\"^io[.]ksm[.]merge$\":\".*\"}}}", false },
		{ "{\"when\":{\"annotations\":{\"^io\\\\.ksm\\\\.merge(/.*)?$\":\".*\"}}}",
		  false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct doctor d = { .finding = findings, .self = "/usr/sbin/ksm-hook" };
		struct finding *f =
			finding_add(&d, FINDING_BROKEN, ID_HOOK_JSON, "why", "what");
		struct hook_file h;
		struct error err;

		check_case = cases[i].text;
		CHECK_INT(hook_file_parse(&h, PATH, cases[i].text, strlen(cases[i].text), &err),
			  0);
		CHECK_INT(h.custom, cases[i].custom);
		hook_file_mend(&d, f, PATH, &h, "mend it");
		CHECK_INT(f->fix[0] != 0, !cases[i].custom);
		CHECK_INT(f->advice[0] != 0, cases[i].custom);
	}
}

/* Where the arguments are missing they are put in, and the rest stays as it is. */
static void test_no_arguments(void)
{
#define HEAD "{\"version\":\"1.0.0\",\"hook\":{"
#define TAIL                                                                      \
	"},\"when\":{\"annotations\":{\"io.ksm.merge\":\"^true$\"}},\"stages\":[" \
	"\"createRuntime\"]}"
#define ADDED "|&, \"args\": [\"ksm-hook\", \"createRuntime\"]|' " PATH
	static const struct {
		const char *text, *fix; /* "": advice */
	} cases[] = {
		{ HEAD "\"path\":\"/usr/sbin/ksm-hook\"" TAIL,
		  "sed -i 's|\"path\"[[:blank:]]*:[[:blank:]]*\"/usr/sbin/ksm-hook\"" ADDED },
		{ HEAD "\"timeout\":30,\"path\" : \"/a/ksm-hook\",\"env\":[\"A=b\"]" TAIL,
		  "sed -i 's|\"path\"[[:blank:]]*:[[:blank:]]*\"/a/ksm-hook\"" ADDED },
		/* what sed would not find, or change what it should not */
		{ HEAD "\"Path\":\"/usr/sbin/ksm-hook\"" TAIL, "" },
		{ HEAD "\"path\"\n:\"/usr/sbin/ksm-hook\"" TAIL, "" },
		{ HEAD "\"path\":\"\\/usr/sbin/ksm-hook\"" TAIL, "" },
		{ HEAD "\"path\":\"/usr/a b/ksm-hook\"" TAIL, "" },
		{ "{\"x\":{\"path\":\"/a/ksm-hook\"},\"version\":\"1.0.0\",\"hook\":{"
		  "\"path\":\"/a/ksm-hook\"" TAIL,
		  "" },
		/* and where there are some, the condition is not written over either */
		{ HEAD "\"path\":\"/a/ksm-hook\",\"args\":[\"ksm-hook\"]" TAIL, "" },
		{ HEAD "\"path\":\"/a/ksm-hook\",\"args\":null" TAIL, "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct doctor d = { .finding = findings, .self = "/usr/sbin/ksm-hook" };
		struct hook_file h;
		struct error err;

		check_case = cases[i].text;
		CHECK_INT(hook_file_parse(&h, PATH, cases[i].text, strlen(cases[i].text), &err),
			  0);
		CHECK(!hook_file_judge(&d, PATH, &h));
		CHECK_INT(d.n, 1);
		CHECK_TEXT(findings[0].fix, cases[i].fix);
		CHECK_INT(findings[0].advice[0] != 0, !cases[i].fix[0]);
	}
}

int main(void)
{
	RUN(test_no_arguments);
	RUN(test_conditions);
	RUN(test_timeouts);
	RUN(test_commands_and_stages);
	RUN(test_twice);
	RUN(test_advice);
	RUN(test_form);
	RUN(test_files);
	RUN(test_fix);
	RUN(test_custom);
	return check_end();
}
