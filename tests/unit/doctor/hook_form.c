/* SPDX-License-Identifier: Apache-2.0 */
/* hook/doctor/hook_form.c: files that podman 4.3 refused, or took. */
#include "doctor/hook_form.h"

#include "base/macros.h"
#include "check.h"

#define VERSION_ "\"version\":\"1.0.0\","
#define HOOK     "\"hook\":{\"path\":\"/bin/true\"},"
#define WHEN     "\"when\":{\"always\":true},"
#define STAGES   "\"stages\":[\"createRuntime\"]"

static int visit(void *arg, const struct json_path *path, const struct json_value *v,
		 struct error *err)
{
	(void)err;
	hook_form_visit(arg, path, v);
	return 0;
}

static void test_form(void)
{
	static const struct {
		const char *text;
		const char *fault, *later; /* a part of it; "": none */
	} cases[] = {
		{ "{" VERSION_ HOOK WHEN STAGES "}", "", "" },
		{ "{" VERSION_ HOOK STAGES "}", "", "" },
		{ "{" VERSION_ HOOK WHEN "\"stages\":[]}", "", "" },
		{ "{" VERSION_ HOOK WHEN STAGES ",\"more\":[1]}", "", "" },
		/* keys are found whatever their case */
		{ "{\"Version\":\"1.0.0\",\"HOOK\":{\"Path\":\"/x\"},\"Stages\":[]}", "", "" },
		/* the version */
		{ "{" HOOK WHEN STAGES "}", "no \"version\"", "" },
		{ "{\"version\":\"\"," HOOK WHEN STAGES "}", "no \"version\"", "" },
		{ "{\"version\":null," HOOK WHEN STAGES "}", "no \"version\"", "" },
		{ "{\"version\":\"2.0.0\"," HOOK WHEN STAGES "}", "2.0.0", "" },
		{ "{\"version\":\"0.1.0\"," HOOK WHEN STAGES "}", "0.1.0", "" },
		{ "{\"version\":1," HOOK WHEN STAGES "}", "\"version\" is not a string", "" },
		{ "{\"version\":\"0.1.0\",\"hook\":\"/bin/true\",\"stage\":[\"prestart\"]}", "",
		  "" },
		/* stages */
		{ "{" VERSION_ HOOK WHEN "\"stages\":[\"CreateRuntime\"]}", "",
		  "no stage \"CreateRuntime\"" },
		{ "{" VERSION_ HOOK WHEN "\"stages\":[\"prestart\",\"poststop\",\"x\"]}", "",
		  "no stage \"x\"" },
		{ "{" VERSION_ HOOK WHEN "\"stages\":[\"prestart\",\"createRuntime\","
		  "\"createContainer\",\"startContainer\",\"poststart\",\"poststop\"]}",
		  "", "" },
		{ "{" VERSION_ HOOK "\"when\":{\"always\":true}}", "", "no \"stages\"" },
		{ "{" VERSION_ HOOK WHEN "\"stages\":null}", "", "no \"stages\"" },
		{ "{" VERSION_ HOOK WHEN "\"stages\":\"createRuntime\"}", "\"stages\" is not",
		  "" },
		/* the hook */
		{ "{" VERSION_ "\"hook\":{}," WHEN STAGES "}", "\"hook.path\"", "" },
		{ "{" VERSION_ WHEN STAGES "}", "\"hook.path\"", "" },
		{ "{" VERSION_ "\"hook\":{\"path\":\"/x\",\"args\":\"y\"}," STAGES "}",
		  "\"hook.args\" is not a list", "" },
		{ "{" VERSION_ "\"hook\":{\"path\":\"/x\",\"args\":[\"y\",1]}," STAGES "}",
		  "something in \"hook.args\" is not a string", "" },
		{ "{" VERSION_ "\"hook\":{\"path\":\"/x\",\"args\":null}," STAGES "}", "", "" },
		/* podman refuses what does not fit 64 bits, crun 1.8 what does not fit 32 */
		{ "{" VERSION_ "\"hook\":{\"path\":\"/x\",\"timeout\":10}," STAGES "}", "",
		  "" },
		{ "{" VERSION_ "\"hook\":{\"path\":\"/x\",\"timeout\":2147483647}," STAGES "}",
		  "", "" },
		{ "{" VERSION_ "\"hook\":{\"path\":\"/x\",\"timeout\":0}," STAGES "}", "", "" },
		{ "{" VERSION_ "\"hook\":{\"path\":\"/x\",\"timeout\":-1}," STAGES "}", "",
		  "" },
		{ "{" VERSION_ "\"hook\":{\"path\":\"/x\",\"timeout\":-2147483649}," STAGES "}",
		  "\"hook.timeout\" is not a whole number of 32 bits", "" },
		{ "{" VERSION_ "\"hook\":{\"path\":\"/x\",\"timeout\":2147483648}," STAGES "}",
		  "\"hook.timeout\" is not a whole number of 32 bits", "" },
		{ "{" VERSION_ "\"hook\":{\"path\":\"/x\",\"timeout\":9300000000}," STAGES "}",
		  "\"hook.timeout\" is not a whole number of 32 bits", "" },
		{ "{" VERSION_
		  "\"hook\":{\"path\":\"/x\",\"timeout\":99999999999999999999}," STAGES "}",
		  "\"hook.timeout\" is not a whole number of 32 bits", "" },
		{ "{" VERSION_ "\"hook\":{\"path\":\"/x\",\"timeout\":1.5}," STAGES "}",
		  "\"hook.timeout\" is not a whole number of 32 bits", "" },
		{ "{" VERSION_ "\"hook\":{\"path\":\"/x\",\"timeout\":1e1}," STAGES "}",
		  "\"hook.timeout\" is not a whole number of 32 bits", "" },
		{ "{" VERSION_ "\"hook\":{\"path\":\"/x\",\"timeout\":\"9\"}," STAGES "}",
		  "\"hook.timeout\" is not a whole number of 32 bits", "" },
		/* the conditions */
		{ "{" VERSION_ HOOK "\"when\":{\"always\":\"true\"}," STAGES "}",
		  "\"when.always\" is not true or false", "" },
		{ "{" VERSION_ HOOK "\"when\":{\"annotations\":[\"a\"]}," STAGES "}",
		  "\"when.annotations\" is not an object", "" },
		{ "{" VERSION_ HOOK "\"when\":{\"annotations\":{\"a\":true}}," STAGES "}",
		  "something in \"when.annotations\" is not a string", "" },
		{ "{" VERSION_ HOOK "\"when\":{\"annotations\":{\"(\":\"a\"}}," STAGES "}", "",
		  "the pattern \"(\" is broken" },
		{ "{" VERSION_ HOOK "\"when\":{\"annotations\":{\"a\":\"*\"}}," STAGES "}", "",
		  "the pattern \"*\" is broken" },
		{ "{" VERSION_ HOOK "\"when\":{\"annotations\":{\"(?i)a\":\"(?:x)\"}}," STAGES
		  "}",
		  "", "" },
		{ "{" VERSION_ HOOK "\"when\":{\"commands\":[\"(\"]}," STAGES "}", "",
		  "the pattern \"(\" is broken" },
		{ "{" VERSION_ HOOK "\"when\":{\"hasBindMounts\":1}," STAGES "}",
		  "\"when.hasBindMounts\" is not", "" },
		{ "{\"version\":\"1\"," HOOK WHEN STAGES "}", "its version \"1\" is not 1.0.0",
		  "" },
		{ "{" VERSION_ "\"hook\":{\"path\":\"/\"}," STAGES "}", "", "" },
		{ "{" VERSION_ "\"hook\":{\"path\":\"\"}," STAGES "}", "no \"hook.path\"", "" },
		/* nothing of the old form is looked at */
		{ "{\"hook\":\"/bin/true\",\"stages\":[\"x\"],\"when\":7}", "", "" },
		/* each value that has a type */
		{ "{" VERSION_ "\"hook\":7," STAGES "}", "\"hook\" is not an object", "" },
		{ "{" VERSION_ "\"hook\":{\"path\":7}," STAGES "}",
		  "\"hook.path\" is not a string", "" },
		{ "{" VERSION_ "\"hook\":{\"path\":\"/x\",\"env\":\"A=b\"}," STAGES "}",
		  "\"hook.env\" is not a list", "" },
		{ "{" VERSION_ "\"hook\":{\"path\":\"/x\",\"env\":[\"A=b\",7]}," STAGES "}",
		  "something in \"hook.env\" is not a string", "" },
		{ "{" VERSION_ "\"hook\":{\"path\":\"/x\",\"env\":[\"A=b\"]}," STAGES "}", "",
		  "" },
		{ "{" VERSION_ HOOK "\"when\":[]," STAGES "}", "\"when\" is not an object",
		  "" },
		{ "{" VERSION_ HOOK "\"when\":{\"commands\":\"a\"}," STAGES "}",
		  "\"when.commands\" is not a list", "" },
		{ "{" VERSION_ HOOK "\"when\":{\"commands\":[\"a\",true]}," STAGES "}",
		  "something in \"when.commands\" is not a string", "" },
		{ "{" VERSION_ HOOK
		  "\"when\":{\"commands\":[\"a\"],\"hasBindMounts\":true}," STAGES "}",
		  "", "" },
		{ "{" VERSION_ HOOK WHEN "\"stages\":[\"prestart\",7]}",
		  "something in \"stages\" is not a string", "" },
		{ "{" VERSION_ HOOK WHEN "\"stages\":[\"precreate\"]}", "", "" },
		/* the first one is told, and all of it */
		{ "{\"version\":7,\"hook\":7," STAGES "}", "\"version\" is not a string", "" },
		{ "{" VERSION_ HOOK
		  "\"when\":{\"annotations\":{\"a\":\"(xxxxxxxxxxxxxxxxxxxxxxxxx"
		  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxy\"}}," STAGES "}",
		  "",
		  "the pattern "
		  "\"(xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\" is "
		  "broken: a bracket is not closed" },
		{ "[]", "it is not an object", "\"stages\"" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct hook_form f = { 0 };
		struct error err;

		check_case = cases[i].text;
		json_release();
		CHECK_INT(json_walk("f", cases[i].text, strlen(cases[i].text), false, visit, &f,
				    &err),
			  0);
		hook_form_end(&f);
		/* where the place comes first, nothing is in front of it */
		if (cases[i].fault[0] == '"' && strstr(cases[i].fault, " is not"))
			CHECK(strstr(f.fault, cases[i].fault) == f.fault);
		if (cases[i].fault[0])
			CHECK_HAS(f.fault, cases[i].fault);
		else
			CHECK_TEXT(f.fault, "");
		if (cases[i].later[0])
			CHECK_HAS(f.later_fault, cases[i].later);
		else
			CHECK_TEXT(f.later_fault, "");
	}
}

int main(void)
{
	RUN(test_form);
	return check_end();
}
