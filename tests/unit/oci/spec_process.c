/* SPDX-License-Identifier: Apache-2.0 */
/* "process" of config.json: what is found in an environment, and what keeps the preload out. */
#include "oci/spec_process.h"

#include "base/json_reader.h"
#include "base/macros.h"
#include "check.h"
#include "oci/spec.h"

#define MOUNT "\"mounts\":[{\"destination\":\"/dev\",\"type\":\"tmpfs\"}]"

static struct spec parse(const char *process)
{
	static const struct policy_config config;
	static const struct spec_origin origin;
	char text[3000];
	struct decision d;
	struct error err;
	struct spec s;
	bool syntax;

	check_case = process;
	json_release();
	snprintf(text, sizeof(text), "{" MOUNT "%s%s}", *process ? ",\"process\":" : "",
		 process);
	CHECK_INT(spec_parse(text, strlen(text), &origin, &config, &s, NULL, &d, &syntax, &err),
		  0);
	return s;
}

static const struct {
	const char *env; /* the elements of process.env */
	enum spec_env preload, add;
	enum reason blocker;
} environments[] = {
	{ "", SPEC_ENV_FIRST, SPEC_ENV_FIRST, REASON_NONE },
	{ "\"A=b\"", SPEC_ENV_ADD, SPEC_ENV_ADD, REASON_NONE },
	{ "\"LD_PRELOAD=\"", SPEC_ENV_SET, SPEC_ENV_ADD, REASON_NONE },
	{ "\"LD_PRELOAD=\",\"A=b\"", SPEC_ENV_SET, SPEC_ENV_ADD, REASON_NONE },
	{ "\"LD_PRELOAD=a\"", SPEC_ENV_APPEND, SPEC_ENV_ADD, REASON_NONE },
	{ "\"LD_PRELOAD=a\",\"A=b\"", SPEC_ENV_APPEND, SPEC_ENV_ADD, REASON_NONE },
	{ "\"A=b\",\"LD_PRELOAD=a\",\"C=d\"", SPEC_ENV_APPEND, SPEC_ENV_ADD, REASON_NONE },
	/* other variables */
	{ "\"LD_PRELOAD\"", SPEC_ENV_ADD, SPEC_ENV_ADD, REASON_NONE },
	{ "\"LD_PRELOADS=a\"", SPEC_ENV_ADD, SPEC_ENV_ADD, REASON_NONE },
	{ "\"XLD_PRELOAD=a\"", SPEC_ENV_ADD, SPEC_ENV_ADD, REASON_NONE },
	{ "\"LD_PRELOAX=a\"", SPEC_ENV_ADD, SPEC_ENV_ADD, REASON_NONE },
	/* in the list, however it is separated */
	{ "\"LD_PRELOAD=" SPEC_LIBRARY "\"", SPEC_ENV_THERE, SPEC_ENV_ADD, REASON_NONE },
	{ "\"LD_PRELOAD=a:" SPEC_LIBRARY "\"", SPEC_ENV_THERE, SPEC_ENV_ADD, REASON_NONE },
	{ "\"LD_PRELOAD=" SPEC_LIBRARY " b\"", SPEC_ENV_THERE, SPEC_ENV_ADD, REASON_NONE },
	{ "\"LD_PRELOAD=::a  " SPEC_LIBRARY ":\"", SPEC_ENV_THERE, SPEC_ENV_ADD, REASON_NONE },
	{ "\"LD_PRELOAD=ab:c\"", SPEC_ENV_APPEND, SPEC_ENV_ADD, REASON_NONE },
	/* another copy of it */
	{ "\"LD_PRELOAD=/x" SPEC_LIBRARY "\"", SPEC_ENV_ADD, SPEC_ENV_ADD,
	  REASON_PRELOAD_FOREIGN_COPY },
	{ "\"LD_PRELOAD=libksm_preload.so\"", SPEC_ENV_ADD, SPEC_ENV_ADD,
	  REASON_PRELOAD_FOREIGN_COPY },
	/* twice: which of the two counts is the program's business */
	{ "\"LD_PRELOAD=a\",\"LD_PRELOAD=a\"", SPEC_ENV_APPEND, SPEC_ENV_ADD,
	  REASON_PRELOAD_ENVIRONMENT },
	{ "\"A=b\",7", SPEC_ENV_ADD, SPEC_ENV_THERE, REASON_PRELOAD_ENVIRONMENT },
	{ "null", SPEC_ENV_FIRST, SPEC_ENV_THERE, REASON_PRELOAD_ENVIRONMENT },
	/* it is not wanted */
	{ "\"KSM_PRELOAD=off\"", SPEC_ENV_ADD, SPEC_ENV_ADD, REASON_PRELOAD_OPTED_OUT },
	{ "\"KSM_PRELOAD=of\"", SPEC_ENV_ADD, SPEC_ENV_ADD, REASON_NONE },
	{ "\"KSM_PRELOAD=offf\"", SPEC_ENV_ADD, SPEC_ENV_ADD, REASON_NONE },
	{ "\"KSM_PRELOAD=\"", SPEC_ENV_ADD, SPEC_ENV_ADD, REASON_NONE },
	{ "\"KSM_MERGE=no\"", SPEC_ENV_ADD, SPEC_ENV_ADD, REASON_PRELOAD_OPTED_OUT },
	{ "\"KSM_MERGE=yes\"", SPEC_ENV_ADD, SPEC_ENV_ADD, REASON_NONE },
	/* the first reason counts */
	{ "\"KSM_MERGE=no\",7", SPEC_ENV_ADD, SPEC_ENV_THERE, REASON_PRELOAD_OPTED_OUT },
};

static void in_environments(void)
{
	char process[512];

	for (size_t i = 0; i < ARRAY_SIZE(environments); i++) {
		struct spec s;

		snprintf(process, sizeof(process), "{\"env\":[%s]}", environments[i].env);
		s = parse(process);
		CHECK_INT(s.env, environments[i].preload);
		CHECK_INT(s.add, environments[i].add);
		CHECK_INT(s.blocker.reason, environments[i].blocker);
		CHECK_INT(s.blocker.msg[0] != '\0', environments[i].blocker != REASON_NONE);
	}
}

static const struct {
	const char *process;
	enum spec_env add;
	enum reason blocker;
} processes[] = {
	{ "", SPEC_ENV_THERE, REASON_PRELOAD_PROCESS },
	{ "null", SPEC_ENV_THERE, REASON_PRELOAD_PROCESS },
	{ "[]", SPEC_ENV_THERE, REASON_PRELOAD_PROCESS },
	{ "7", SPEC_ENV_THERE, REASON_PRELOAD_PROCESS },
	{ "{}", SPEC_ENV_THERE, REASON_PRELOAD_PROCESS },
	{ "{\"cwd\":\"/\"}", SPEC_ENV_LIST, REASON_NONE },
	{ "{\"env\":null}", SPEC_ENV_THERE, REASON_PRELOAD_ENVIRONMENT },
	{ "{\"env\":\"A=b\"}", SPEC_ENV_THERE, REASON_PRELOAD_ENVIRONMENT },
	{ "{\"env\":{\"A\":\"b\"}}", SPEC_ENV_THERE, REASON_PRELOAD_ENVIRONMENT },
	{ "{\"env\":[],\"env\":[]}", SPEC_ENV_THERE, REASON_PRELOAD_ENVIRONMENT },
	{ "{\"x\":{\"env\":[7]}}", SPEC_ENV_LIST, REASON_NONE },
	{ "{\"env\":[]},\"process\":{\"env\":[]}", SPEC_ENV_THERE, REASON_SPEC_INVALID },
};

static void of_processes(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(processes); i++) {
		struct spec s = parse(processes[i].process);

		CHECK_INT(s.add, processes[i].add);
		CHECK_INT(s.blocker.reason, processes[i].blocker);
	}
}

static void texts(void)
{
	char text[1000], want[800];
	struct spec s;

	CHECK_TEXT(parse("{\"args\":[\"sh\",\"-c\"],\"env\":[\"PATH=/bin\"]}").program, "sh");
	CHECK_TEXT(parse("{\"args\":[7,\"sh\"]}").program, "");
	CHECK_TEXT(parse("{\"args\":{\"a\":\"sh\"}}").program, "");
	CHECK_TEXT(parse("{\"args\":\"sh\"}").program, "");
	CHECK_TEXT(parse("{\"args\":[[\"sh\"]]}").program, "");
	CHECK_TEXT(parse("{\"argv\":[\"sh\"]}").program, "");
	CHECK_TEXT(parse("{\"args\":[\"s\\u0000h\"]}").program, "");
	CHECK_TEXT(parse("{\"cwd\":\"/a\"}").cwd, "/a");
	CHECK_TEXT(parse("{\"cwd\":7}").cwd, "");
	CHECK_TEXT(parse("{\"cwd\":[\"/a\"]}").cwd, "");
	CHECK_TEXT(parse("{\"cwd\":\"/a\\u0000\"}").cwd, "");
	CHECK_TEXT(parse("{\"env\":[\"PATH=/a:/b\"]}").path, "/a:/b");
	CHECK_TEXT(parse("{\"env\":[\"PATH=/a\",\"PATH=/b\"]}").path, "/b");
	CHECK_TEXT(parse("{\"env\":[\"PATHS=/a\"]}").path, "");
	/* the longest, and none rather than a part of one */
	for (size_t len = sizeof(s.path) - 1; len <= sizeof(s.path); len++) {
		memset(want, 'x', len);
		want[len] = '\0';
		snprintf(text, sizeof(text), "{\"env\":[\"PATH=%s\"]}", want);
		s = parse(text);
		CHECK_TEXT(s.path, len < sizeof(s.path) ? want : "");
	}
	check_case = "";
}

/* What the image sets stays, even where it is empty. */
static void seeds(void)
{
	struct spec s = parse("{\"env\":[\"PYTHONHASHSEED=0\"]}");

	CHECK(s.python_seed && !s.perl_seed);
	s = parse("{\"env\":[\"PERL_PERTURB_KEYS=\"]}");
	CHECK(!s.python_seed && s.perl_seed);
	s = parse("{\"env\":[\"PERL_HASH_SEED=\"]}");
	CHECK(!s.python_seed && s.perl_seed);
	CHECK(!s.v8_seed);
	s = parse("{\"env\":[\"KSM_PRELOAD_V8_SEED=\"]}");
	CHECK(!s.python_seed && !s.perl_seed && s.v8_seed);
	s = parse("{\"env\":[\"XPYTHONHASHSEED=0\",\"PERL_HASH_SEEDS=1\"]}");
	CHECK(!s.python_seed && !s.perl_seed);
}

int main(void)
{
	RUN(in_environments);
	RUN(of_processes);
	RUN(texts);
	RUN(seeds);
	return check_end();
}
