/* SPDX-License-Identifier: Apache-2.0 */
/* hook/doctor/hook_file.c: what is done about a file: written anew, edited, or left to its owner. */
#include "base/macros.h"
#include "check.h"
#include "doctor/hook_file.h"
#include "doctor/judged_hook.h"

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
	RUN(test_advice);
	RUN(test_fix);
	RUN(test_custom);
	RUN(test_no_arguments);
	return check_end();
}
