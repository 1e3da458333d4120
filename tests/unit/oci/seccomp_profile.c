/* SPDX-License-Identifier: Apache-2.0 */
/* What seccomp profiles do to the preload library's calls, as a table. */
#include "oci/seccomp_profile.h"

#include "base/error.h"
#include "base/macros.h"
#include "check.h"

#define DENY  "\"defaultAction\":\"SCMP_ACT_ERRNO\""
#define ALLOW "\"defaultAction\":\"SCMP_ACT_ALLOW\""
#define RULE(names, action, args) \
	"\"syscalls\":[{\"names\":[" names "],\"action\":\"SCMP_ACT_" action "\"" args "}]"
#define ARG(index, value, op) \
	"{\"index\":" #index ",\"value\":" #value ",\"op\":\"SCMP_CMP_" op "\"}"
#define MASK(index, mask, value)                                         \
	"{\"index\":" #index ",\"value\":" #mask ",\"valueTwo\":" #value \
	",\"op\":\"SCMP_CMP_MASKED_EQ\"}"
#define ARGS(list) ",\"args\":[" list "]"
#define BOTH       "\"prctl\",\"madvise\""

/* Answers: get, off, on, madvise; a allows, r refuses, k kills. */
static const struct row {
	const char *profile, *answers;
} table[] = {
	{ "null", "aaaa" },
	{ "{" ALLOW "}", "aaaa" },
	{ "{" DENY "}", "rrrr" },
	{ "{\"defaultAction\":\"SCMP_ACT_KILL\"}", "kkkk" },
	{ "{\"defaultAction\":\"SCMP_ACT_KILL_PROCESS\"}", "kkkk" },
	{ "{\"defaultAction\":\"SCMP_ACT_KILL_THREAD\"}", "kkkk" },
	{ "{\"defaultAction\":\"SCMP_ACT_TRAP\"}", "kkkk" },
	{ "{\"defaultAction\":\"SCMP_ACT_TRACE\"}", "rrrr" },
	{ "{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}", "rrrr" },
	{ "{\"defaultAction\":\"SCMP_ACT_LOG\"}", "aaaa" },
	{ "{\"defaultAction\":\"SCMP_ACT_NEW\"}", "rrrr" },
	{ "{\"defaultAction\":7}", "rrrr" },
	{ "{}", "rrrr" },

	/* by name */
	{ "{" DENY "," RULE(BOTH, "ALLOW", "") "}", "aaaa" },
	{ "{" RULE(BOTH, "ALLOW", "") "," DENY "}", "aaaa" },
	{ "{" DENY "," RULE("\"read\",\"prctl\"", "ALLOW", "") "}", "aaar" },
	{ "{" DENY "," RULE("\"madvise\"", "ALLOW", ARGS("")) "}", "rrra" },
	{ "{" DENY "," RULE("\"prctl64\",\"prct\"", "ALLOW", "") "}", "rrrr" },
	{ "{" ALLOW "," RULE("\"prctl\"", "ERRNO", "") "}", "rrra" },
	{ "{" ALLOW "," RULE("\"prctl\"", "KILL", ",\"args\":null") "}", "kkka" },
	{ "{" ALLOW "," RULE(BOTH, "TRAP", "") "}", "kkkk" },
	{ "{" ALLOW ",\"syscalls\":[{\"action\":\"SCMP_ACT_ERRNO\",\"names\":[\"madvise\"]}]}",
	  "aaar" },
	{ "{" ALLOW ",\"syscalls\":[{\"names\":[\"madvise\"]}]}", "aaar" },
	{ "{" ALLOW ",\"syscalls\":null}", "aaaa" },

	/* "architectures" adds to the native one and takes nothing away */
	{ "{" ALLOW ",\"architectures\":[\"SCMP_ARCH_S390X\"]}", "aaaa" },
	{ "{" DENY ",\"architectures\":[\"SCMP_ARCH_X86\"]," RULE(BOTH, "ALLOW", "") "}",
	  "aaaa" },

	/* what is no rule, or no place for one */
	{ "{" ALLOW ",\"syscalls\":[[{\"names\":[\"prctl\"],\"action\":\"SCMP_ACT_KILL\"}]]}",
	  "aaaa" },
	{ "{" ALLOW ",\"syscall\":[{\"names\":[\"prctl\"],\"action\":\"SCMP_ACT_KILL\"}]}",
	  "aaaa" },
	{ "{" ALLOW ",\"x\":{\"defaultAction\":\"SCMP_ACT_KILL\"}}", "aaaa" },
	{ "{" ALLOW
	  ",\"syscalls\":[{\"names\":[\"prctl\"],\"x\":{\"action\":\"SCMP_ACT_KILL\"},"
	  "\"action\":\"SCMP_ACT_ALLOW\"}]}",
	  "aaaa" },
	/* of one rule nothing stays for the next */
	{ "{" ALLOW ",\"syscalls\":[{\"names\":[" BOTH "],\"action\":\"SCMP_ACT_ALLOW\"},"
	  "{\"names\":[\"read\"],\"action\":\"SCMP_ACT_KILL\"}]}",
	  "aaaa" },
	{ "{" ALLOW
	  ",\"syscalls\":[{\"names\":[\"prctl\"],\"action\":\"SCMP_ACT_ERRNO\",\"args\":[" ARG(
		  0, 15, "EQ") "]},{\"names\":[\"madvise\"],\"action\":\"SCMP_ACT_KILL\"}]}",
	  "aaak" },
	{ "{" DENY
	  ",\"syscalls\":[{\"names\":[\"prctl\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[" ARG(
		  0, 15, "EQ") "]},{\"names\":[\"prctl\"],\"action\":\"SCMP_ACT_ALLOW\"}]}",
	  "aaar" },
	/* nor of one condition */
	{ "{" ALLOW "," RULE("\"prctl\"", "ERRNO",
			     ARGS(ARG(0, 67, "EQ") ",{\"index\":1,\"value\":1}")) "}",
	  "arra" },
	{ "{" ALLOW
	  "," RULE("\"prctl\"", "ERRNO",
		   ARGS(ARG(0, 67, "EQ") ",{\"value\":1,\"op\":\"SCMP_CMP_EQ\"}")) "}",
	  "arra" },
	{ "{" ALLOW "," RULE("\"prctl\"", "ERRNO",
			     ARGS("{\"index\":0,\"value\":67,\"op\":7,"
				  "\"op\":\"SCMP_CMP_EQ\"}")) "}",
	  "arra" },
	{ "{" ALLOW "," RULE("\"prctl\"", "ERRNO",
			     ARGS("{\"index\":0,\"value\":15,\"op\":\"SCMP_CMP_GT\","
				  "\"op\":\"SCMP_CMP_EQ\"}")) "}",
	  "aaaa" },
	/* madvise's other arguments are whatever they are */
	{ "{" ALLOW
	  "," RULE("\"madvise\"", "ERRNO", ARGS(ARG(0, 1, "EQ") "," ARG(2, 4, "EQ"))) "}",
	  "aaaa" },

	/* by argument */
	{ "{" ALLOW "," RULE("\"prctl\"", "ERRNO", ARGS(ARG(0, 67, "EQ"))) "}", "arra" },
	{ "{" ALLOW "," RULE("\"prctl\"", "KILL", ARGS(ARG(0, 68, "EQ"))) "}", "kaaa" },
	{ "{" ALLOW "," RULE("\"prctl\"", "ERRNO", ARGS(ARG(0, 15, "EQ"))) "}", "aaaa" },
	{ "{" ALLOW "," RULE("\"prctl\"", "ERRNO", ARGS(ARG(0, 15, "NE"))) "}", "rrra" },
	{ "{" ALLOW "," RULE("\"prctl\"", "ERRNO", ARGS(ARG(0, 67, "LT"))) "}", "aaaa" },
	{ "{" ALLOW "," RULE("\"prctl\"", "ERRNO", ARGS(ARG(0, 67, "LE"))) "}", "arra" },
	{ "{" ALLOW "," RULE("\"prctl\"", "ERRNO", ARGS(ARG(0, 67, "GT"))) "}", "raaa" },
	{ "{" ALLOW "," RULE("\"prctl\"", "ERRNO", ARGS(ARG(0, 68, "GE"))) "}", "raaa" },
	{ "{" ALLOW "," RULE("\"prctl\"", "ERRNO", ARGS(MASK(0, 64, 64))) "}", "rrra" },
	{ "{" ALLOW "," RULE("\"prctl\"", "ERRNO", ARGS(MASK(0, 3, 3))) "}", "arra" },
	{ "{" DENY "," RULE("\"prctl\"", "ALLOW", ARGS(ARG(0, 67, "EQ"))) "}", "raar" },
	{ "{" DENY
	  "," RULE("\"prctl\"", "ALLOW", ARGS(ARG(0, 67, "EQ") "," ARG(1, 1, "EQ"))) "}",
	  "rrar" },
	{ "{" ALLOW
	  "," RULE("\"prctl\"", "KILL", ARGS(ARG(0, 67, "EQ") "," ARG(1, 0, "EQ"))) "}",
	  "akaa" },
	{ "{" ALLOW "," RULE("\"madvise\"", "ERRNO", ARGS(ARG(2, 12, "EQ"))) "}", "aaar" },
	{ "{" ALLOW "," RULE("\"madvise\"", "ERRNO", ARGS(ARG(2, 4, "EQ"))) "}", "aaaa" },
	{ "{" ALLOW
	  "," RULE("\"prctl\"", "ERRNO", ARGS(ARG(0, 18446744073709551615, "EQ"))) "}",
	  "aaaa" },

	/* an argument twice: the runtimes join with "or" */
	{ "{" ALLOW
	  "," RULE("\"prctl\"", "ERRNO", ARGS(ARG(0, 15, "EQ") "," ARG(0, 67, "EQ"))) "}",
	  "arra" },
	{ "{" DENY
	  "," RULE("\"prctl\"", "ALLOW", ARGS(ARG(0, 15, "EQ") "," ARG(0, 67, "EQ"))) "}",
	  "rrrr" },

	/* what is not known here is taken for the worst */
	{ "{" ALLOW "," RULE("\"madvise\"", "ERRNO", ARGS(ARG(0, 4096, "EQ"))) "}", "aaar" },
	{ "{" DENY "," RULE("\"madvise\"", "ALLOW", ARGS(ARG(1, 0, "GT"))) "}", "rrrr" },
	{ "{" ALLOW "," RULE("\"prctl\"", "KILL", ARGS(ARG(5, 0, "EQ"))) "}", "kkka" },
	{ "{" ALLOW "," RULE("\"prctl\"", "ERRNO", ARGS(ARG(0, 67, "NEW"))) "}", "rrra" },
	{ "{" ALLOW "," RULE("\"prctl\"", "ERRNO", ARGS(ARG(0, 1.5, "EQ"))) "}", "rrra" },
	{ "{" ALLOW "," RULE("\"prctl\"", "ERRNO", ARGS(ARG(9, 67, "EQ"))) "}", "rrra" },
	{ "{" ALLOW "," RULE("\"prctl\"", "ERRNO", ARGS(ARG(0, -67, "EQ"))) "}", "rrra" },

	{ "{" ALLOW
	  "," RULE("\"prctl\"", "ERRNO",
		   ARGS(ARG(0, 15, "EQ") "," ARG(6, 0, "EQ") "," ARG(6, 0, "EQ"))) "}",
	  "aaaa" },
	/* what is written as a text, or has more digits than a number */
	{ "{" ALLOW "," RULE("\"prctl\"", "ERRNO", ARGS(ARG(0, "67", "EQ"))) "}", "rrra" },
	{ "{" ALLOW
	  "," RULE("\"prctl\"", "ERRNO", ARGS(ARG(0, 18446744073709551616, "EQ"))) "}",
	  "rrra" },
	{ "{" ALLOW
	  "," RULE("\"prctl\"", "ERRNO", ARGS(ARG(0, 18446744073709551616, "EQ"))) "," DENY "}",
	  "rrrr" },
	/* a list where a name has to be */
	{ "{" ALLOW "," RULE("[\"prctl\"]", "ERRNO", "") "}", "aaaa" },

	/* rules that overlap */
	{ "{" DENY ",\"syscalls\":[{\"names\":[\"prctl\"],\"action\":\"SCMP_ACT_ALLOW\"},"
	  "{\"names\":[\"prctl\"],\"action\":\"SCMP_ACT_ERRNO\",\"args\":[" ARG(0, 67,
										"EQ") "]}]}",
	  "arrr" },
	{ "{" DENY ",\"syscalls\":[{\"names\":[\"prctl\"],\"action\":\"SCMP_ACT_KILL\"},"
	  "{\"names\":[" BOTH "],\"action\":\"SCMP_ACT_ALLOW\"}]}",
	  "kkka" },
};

static int visit(void *arg, const struct json_path *path, const struct json_value *v,
		 struct error *err)
{
	(void)err;
	if (path->depth > 1)
		profile_visit(arg, path, v);
	return 0;
}

static int leave(void *arg, const struct json_path *path, size_t end, struct error *err)
{
	(void)end;
	(void)err;
	if (path->depth > 1)
		profile_leave(arg, path);
	return 0;
}

static void answers(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		char text[1024], got[PROFILE_CALLS + 1] = "";
		struct profile p = { 0 };
		struct error err = { "" };

		check_case = table[i].profile;
		snprintf(text, sizeof(text), "{\"linux\":{\"seccomp\":%s}}", table[i].profile);
		CHECK_INT(json_scan("test", text, strlen(text), visit, leave, &p, &err), 0);
		CHECK_TEXT(err.msg, "");
		for (int c = 0; c < PROFILE_CALLS; c++)
			got[c] = "ark"[profile_answer(&p, (enum profile_call)c)];
		CHECK_TEXT(got, table[i].answers);
	}
}

int main(void)
{
	RUN(answers);
	return check_end();
}
