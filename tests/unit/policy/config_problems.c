/* SPDX-License-Identifier: Apache-2.0 */
/* hook/policy/config.c: what is told of a config.json with several problems, each once. */
#include <errno.h>

#include "check.h"
#include "policy/config.h"
#include "policy/parsed.h"

static char lines[2048];

static void collect(void *arg, const struct config_problem *problem)
{
	CHECK(arg == &config);
	snprintf(lines + strlen(lines), sizeof(lines) - strlen(lines), "%c %.40s\n",
		 problem->advice  ? 'a' :
		 problem->warning ? 'w' :
				    'e',
		 problem->text);
	CHECK(problem->warning || !problem->advice);
}

/* How many there are, and what they begin with: errors, warnings and advice. */
static void count_problems(const char *text, const char *kinds)
{
	char got[16] = "", *at = lines;

	check_case = text;
	json_release();
	lines[0] = '\0';
	config = (struct policy_config){ 0 };
	(void)config_parse(&(struct config_text){ "f", NULL, text, strlen(text) }, &config,
			   collect, &config, &err);
	for (size_t n = 0; *at && n < sizeof(got) - 1; n++) {
		got[n] = *at;
		at = strchr(at, '\n') + 1;
	}
	CHECK_TEXT(got, kinds);
	check_case = "";
}

/* What is refused, or not known, is so with all that is in it: said once. */
static void said_once(void)
{
	static char many[POLICY_RULES_MAX * 16 + 100] = "{\"deny\": [{\"pod\":\"a\"}";

	count_problems("[{\"containers\": 1}, {\"a\": 2}]", "e");
	count_problems("{\"containers\": {\"all\": [1, 2]}}", "e");
	count_problems("{\"containers\": {\"all\": [1, 2]}, \"method\": 1}", "ee");
	count_problems("{\"later\": {\"containers\": [1, 2]}}", "w");
	count_problems("{\"denny\": [{\"a\": 1}], \"log\": 1}", "ee");
	count_problems("{\"log\": \"info\", \"log\": {\"x\": {}}}", "e");
	count_problems("{\"deny\": [{\"pod\": {\"x\": [1, 2]}}, {\"pod\": \"a\"}]}", "e");
	count_problems("{\"deny\": [{\"pod\": \"a\", \"node\": [{\"x\": 1}, {\"y\": 2}]}]}",
		       "w");
	count_problems("{\"deny\": [[{\"x\": 1}]]}", "e");
	count_problems("{\"runtimes\": {\"a\": [1]}, \"allow_groups\": {\"a\": [1]}}", "ee");
	/* one engine's annotation */
	count_problems(
		"{\"deny\": [{\"annotation\": \"io.kubernetes.pod.name\", \"match\": \"a\"}]}",
		"a");
	count_problems("{\"deny\": [{\"annotation\": \"team\", \"match\": "
		       "\"io.kubernetes.pod.name\"}]}",
		       "");
	count_problems("{\"deny\": [{\"pod\": \"io.kubernetes.pod.name\"}]}", "");
	for (int i = 0; i < POLICY_RULES_MAX + 2; i++) {
		size_t len = strlen(many);

		snprintf(many + len, sizeof(many) - len, ",{\"pod\":\"a\"}");
	}
	snprintf(many + strlen(many), sizeof(many) - strlen(many), "]}");
	count_problems(many, "e");
	CHECK_HAS(err.msg, "\"deny\" must be a list");
	/* which way it is not understood */
	CHECK_INT(parse("{\"deny\": [{\"node\": 1}]}"), 0);
	CHECK_HAS(config.warning, "denies whatever the rest of it fits");
	CHECK_INT(parse("{\"allow\": [{\"node\": 1}]}"), 0);
	CHECK_HAS(config.warning, "allows nothing");
}

/* Each in a line of its own; the first is the error. */
static void all_problems(void)
{
	static const char text[] =
		"// ours\n{\n  \"containers\": \"some\",\n"
		"  \"later\": {},\n  \"deny\": [\n"
		"    {\"namespace\": 1, \"pod\": []},\n"
		"    {\"match\": \"x\\\"y\"},\n    7\n  ],\n"
		"  \"runtimes\": [\"a b\", \"c d\"],\n  \"log\": \"info\"\n}\n";

	json_release();
	lines[0] = '\0';
	config = (struct policy_config){ 0 };
	CHECK_INT(config_parse(&(struct config_text){ "f", NULL, text, strlen(text) }, &config,
			       collect, &config, &err),
		  -EINVAL);
	CHECK_HAS(err.msg, "f:3:3: \"containers\" must be");
	CHECK_TEXT(lines, "e f:3:3: \"containers\" must be \"annotated\",\n"
			  "w f:4:3: unknown key \"later\": not understo\n"
			  "e f:6:6: \"namespace\" must be a text, a glo\n"
			  "e f:6:22: \"pod\" must be a text, a glob(7) \n"
			  "e f:8:5: \"deny\" must be a list of rules su\n"
			  "e f:10:16: \"runtimes\" must be a list of na\n"
			  "e f:10:23: \"runtimes\" must be a list of na\n"
			  "e f:7:5: \"deny\" rule 2 needs \"annotation\" \n");
}

int main(void)
{
	RUN(said_once);
	RUN(all_problems);
	return check_end();
}
