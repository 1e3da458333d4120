/* SPDX-License-Identifier: Apache-2.0 */
/* config.json: every key, every value and every mistake. */
#include "policy/config.h"

#include <errno.h>
#include <stdbool.h>

#include "base/macros.h"
#include "check.h"
#include "policy/parsed.h"
#include "policy/rule_fit.h"

static void defaults(void)
{
	CHECK_INT(parse(""), 0);
	CHECK(!config.required && !config.log_given && config.allow.n + config.deny.n == 0);
	CHECK_INT(parse("{}"), 0);
	CHECK_INT(config.containers, CONTAINERS_ANNOTATED);
	CHECK_INT(config.method, METHOD_AUTO);
	CHECK(!config.required);
	CHECK(!config.log_given);
	CHECK_INT(config.allow.n, 0);
	CHECK_INT(config.deny.n, 0);
}

static void every_key(void)
{
	CHECK_INT(parse("// what is merged\n{\n\t\"containers\": \"all\", /* for now */\n"
			"\t\"method\": \"inject\",\n\t\"required\": true,\n\t\"log\": "
			"\"debug\",\n"
			"\t\"allow\": [{\"annotation\": \"a\", \"match\": \"x*\"},\n"
			"\t\t{\"match\": \"\", \"annotation\": \"b\"}],\n"
			"\t\"deny\": [{\"annotation\": \"c\", \"match\": \"?\"}]\n}\n"),
		  0);
	CHECK_TEXT(err.msg, "");
	CHECK_INT(config.containers, CONTAINERS_ALL);
	CHECK_INT(config.method, METHOD_INJECT);
	CHECK(config.required);
	CHECK(config.log_given);
	CHECK_INT(config.log, LOG_LEVEL_DEBUG);
	CHECK_INT(config.allow.n, 2);
	CHECK_TEXT(config.allow.rule[0].annotation, "a");
	CHECK_TEXT(config.allow.rule[0].match, "x*");
	CHECK_TEXT(config.allow.rule[1].annotation, "b");
	CHECK_TEXT(config.allow.rule[1].match, "");
	CHECK_INT(config.deny.n, 1);
	CHECK_TEXT(config.deny.rule[0].annotation, "c");
	CHECK_INT(parse("{\"allow\": [], \"deny\": [], \"required\": false}"), 0);
	CHECK_INT(config.allow.n, 0);
}

static void every_value(void)
{
	static const char *const containers[] = { "annotated", "all", "none" };
	static const char *const methods[] = { "auto", "inject", "preload" };
	static const char *const levels[] = { "error", "warning", "info", "debug" };
	char text[64];

	for (size_t i = 0; i < 3; i++) {
		snprintf(text, sizeof(text), "{\"containers\":\"%s\"}", containers[i]);
		CHECK_INT(parse(text), 0);
		CHECK_INT(config.containers, i);
		snprintf(text, sizeof(text), "{\"method\":\"%s\"}", methods[i]);
		CHECK_INT(parse(text), 0);
		CHECK_INT(config.method, i);
	}
	for (size_t i = 0; i < 4; i++) {
		snprintf(text, sizeof(text), "{\"log\":\"%s\"}", levels[i]);
		CHECK_INT(parse(text), 0);
		CHECK_INT(config.log, i);
	}
}

static void words(void)
{
	CHECK_INT(parse("{\"unknown\": \"allow\"}"), 0);
	CHECK(config.allow_unknown);
	CHECK_INT(parse("{\"unknown\": \"deny\"}"), 0);
	CHECK(!config.allow_unknown);
	CHECK_INT(parse("{\"mode\": \"observe\"}"), 0);
	CHECK(config.observe);
	CHECK_INT(parse("{\"mode\": \"enforce\"}"), 0);
	CHECK(!config.observe);
	CHECK_INT(parse("{\"economy\": \"off\"}"), 0);
	CHECK(config.no_economy);
	CHECK_INT(parse("{\"economy\": \"on\"}"), 0);
	CHECK(!config.no_economy);
	CHECK_INT(parse("{\"audit\": true}"), 0);
	CHECK(config.audit);
	CHECK_INT(parse("{\"audit\": false}"), 0);
	CHECK(!config.audit);
	CHECK_INT(parse("{\"max_sparse\": \"256G\"}"), 0);
	CHECK(config.max_sparse == (int64_t)256 << 30);
	CHECK_INT(parse("{\"max_sparse\": \"999999T\"}"), 0);
	CHECK(config.max_sparse == (int64_t)999999 << 40);
	CHECK_INT(parse("{\"max_sparse\": \"0\"}"), 0);
	CHECK(config.max_sparse == 0);
	CHECK_INT(parse("{\"$schema\": \"https://example.com/x\"}"), 0);
	CHECK_TEXT(config.warning, "");
	CHECK(!config.log_given);
}

static void groups(void)
{
	char text[POLICY_RULES_MAX * 5 + 32] = "{\"deny_groups\": [\"a\"";

	CHECK_INT(parse("{}"), 0);
	CHECK(!config.shared_layout && config.allow_groups.n == 0 && config.deny_groups.n == 0);
	CHECK_INT(parse("{\"shared_layout\": true, \"allow_groups\": [\"a\", \"b/*\"], "
			"\"deny_groups\": []}"),
		  0);
	CHECK(config.shared_layout && !config.shared_by_image);
	CHECK_INT(config.allow_groups.n, 2);
	CHECK_TEXT(config.allow_groups.glob[1], "b/*");
	CHECK_INT(config.deny_groups.n, 0);
	CHECK_INT(parse("{\"shared_layout\": \"image\"}"), 0);
	CHECK(config.shared_layout && config.shared_by_image);
	CHECK_INT(parse("{\"shared_layout\": false}"), 0);
	CHECK(!config.shared_layout && !config.shared_by_image && !config.shared_v8);
	CHECK_INT(parse("{\"shared_layout\": true, \"shared_v8\": true}"), 0);
	CHECK(config.shared_layout && config.shared_v8);
	CHECK_INT(parse("{\"shared_v8\": false}"), 0);
	CHECK(!config.shared_layout && !config.shared_v8);
	for (int i = 1; i <= POLICY_RULES_MAX; i++) {
		size_t len = strlen(text);

		snprintf(text + len, sizeof(text) - len, ",\"a\"");
	}
	snprintf(text + strlen(text), sizeof(text) - strlen(text), "]}");
	CHECK_INT(parse(text), -EINVAL);
}

static void runtimes(void)
{
	char text[CONFIG_RUNTIME_MAX + 32];

	CHECK_INT(parse("{\"runtimes\": [\"/usr/libexec/crun-1.2\", \"runc\", \"k8s.runsc\"]}"),
		  0);
	CHECK_INT(config.runtimes, 3);
	CHECK_TEXT(config.runtime[0], "/usr/libexec/crun-1.2");
	CHECK_TEXT(config.runtime[2], "k8s.runsc");
	for (int over = 0; over <= 1; over++) {
		snprintf(text, sizeof(text), "{\"runtimes\": [\"%0*d\"]}",
			 CONFIG_RUNTIME_MAX + over, 0);
		CHECK_INT(parse(text), over ? -EINVAL : 0);
	}
}

/* Each is refused with the file's name, the key's and what would be right. */
static void mistakes(void)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "[]", "must hold an object" },
		{ "null", "must hold an object" },
		{ "\"all\"", "must hold an object" },
		{ "5", "must hold an object" },
		{ "{\"containers\": \"some\"}",
		  "\"containers\" must be \"annotated\", \"all\"" },
		{ "{\"containers\": true}", "\"containers\" must be" },
		{ "{\"containers\": null}", "\"containers\" must be" },
		{ "{\"containers\": [\"all\"]}", "\"containers\" must be" },
		{ "{\"containers\": {\"all\": 1}}", "\"containers\" must be" },
		{ "{\"containers\": \"all\\u0000x\"}", "\"containers\" must be" },
		{ "{\"method\": \"Auto\"}", "\"method\" must be \"auto\", \"inject\"" },
		{ "{\"method\": 1}", "\"method\" must be" },
		{ "{\"method\": \"auto\\u0000\"}", "\"method\" must be" },
		{ "{\"required\": \"true\"}", "\"required\" must be true or false" },
		{ "{\"required\": 1}", "\"required\" must be true or false" },
		{ "{\"required\": null}", "\"required\" must be true or false" },
		{ "{\"log\": \"verbose\"}", "\"log\" must be \"error\", \"warning\"" },
		{ "{\"log\": 3}", "\"log\" must be" },
		{ "{\"log\": \"info\\u0000\"}", "\"log\" must be" },
		{ "{\"unknown\": \"Allow\"}", "\"unknown\" must be \"deny\" or \"allow\"" },
		{ "{\"unknown\": \"b\"}", "\"unknown\" must be" },
		{ "{\"unknown\": \"\"}", "\"unknown\" must be" },
		{ "{\"unknown\": true}", "\"unknown\" must be" },
		{ "{\"unknown\": \"allow\\u0000\"}", "\"unknown\" must be" },
		{ "{\"mode\": \"watch\"}", "\"mode\" must be \"enforce\" or \"observe\"" },
		{ "{\"mode\": 1}", "\"mode\" must be" },
		{ "{\"audit\": \"yes\"}", "\"audit\" must be true or false" },
		{ "{\"audit\": true, \"audit\": true}", "\"audit\" is given twice" },
		{ "{\"max_sparse\": 256}", "\"max_sparse\" must be a size such as" },
		{ "{\"max_sparse\": \"\"}", "\"max_sparse\" must be a size" },
		{ "{\"max_sparse\": \"-1\"}", "\"max_sparse\" must be a size" },
		{ "{\"max_sparse\": \"1P\"}", "\"max_sparse\" must be a size" },
		{ "{\"max_sparse\": \"-0\"}", "\"max_sparse\" must be a size" },
		{ "{\"max_sparse\": \"1000000T\"}", "\"max_sparse\" must be a size" },
		{ "{\"$schema\": 7}", "\"$schema\" must be a text" },
		{ "{\"deny_groups\": [\"[\"]}",
		  "\"deny_groups\" must be a glob(7) pattern whose" },
		{ "{\"runtimes\": [\" runc\"]}", "\"runtimes\" must be" },
		{ "{\"runtimes\": [\"ru\\u007fnc\"]}", "\"runtimes\" must be" },
		{ "{\"runtimes\": [\".runc\"]}", "\"runtimes\" must be" },
		{ "{\"economy\": false}", "\"economy\" must be \"on\" or \"off\"" },
		{ "{\"economy\": \"\"}", "\"economy\" must be \"on\" or \"off\"" },
		{ "{\"shared_layout\": 1}",
		  "\"shared_layout\" must be true, false or \"image\"" },
		{ "{\"shared_v8\": \"shared\"}", "\"shared_v8\" must be true or false" },
		{ "{\"allow_groups\": \"a\"}", "\"allow_groups\" must be a list of patterns" },
		{ "{\"deny_groups\": [7]}", "\"deny_groups\" must be a list of patterns" },
		{ "{\"deny_groups\": [[\"a\"]]}", "\"deny_groups\" must be" },
		{ "{\"deny_groups\": [\"a\"], \"deny_groups\": []}", "given twice" },
		{ "{\"runtimes\": \"runc\"}", "\"runtimes\" must be a list of names" },
		{ "{\"runtimes\": [1]}", "\"runtimes\" must be" },
		{ "{\"runtimes\": [[\"runc\"]]}", "\"runtimes\" must be" },
		{ "{\"runtimes\": [{\"runc\": {}}]}", "\"runtimes\" must be" },
		{ "{\"runtimes\": [\"\"]}", "\"runtimes\" must be" },
		{ "{\"runtimes\": [\"bin/runc\"]}", "\"runtimes\" must be" },
		{ "{\"runtimes\": [\"./runc\"]}", "\"runtimes\" must be" },
		{ "{\"runtimes\": [\"../runc\"]}", "\"runtimes\" must be" },
		{ "{\"runtimes\": [\"-runc\"]}", "\"runtimes\" must be" },
		{ "{\"runtimes\": [\"/usr/../tmp/runc\"]}", "\"runtimes\" must be" },
		{ "{\"runtimes\": [\"/usr/..\"]}", "\"runtimes\" must be" },
		{ "{\"runtimes\": [\"/usr/bin/\"]}", "\"runtimes\" must be" },
		{ "{\"runtimes\": [\"runc --debug\"]}", "\"runtimes\" must be" },
		{ "{\"runtimes\": [\"runc\\n\"]}", "\"runtimes\" must be" },
		{ "{\"runtimes\": [\"runc\\u0000\"]}", "\"runtimes\" must be" },
		{ "{\"runtimes\": [\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]}",
		  "8 at the most" },
		{ "{\"denny\": []}", ":1:2: unknown key \"denny\": it may be meant to deny" },
		{ "{\"Deny\": []}", "unknown key \"Deny\": it may be meant to deny" },
		{ "{\"required\": true, \"required\": false}", "\"required\" is given twice" },
		{ "{\"required\": true,}", ":1:" },
		{ "{\"required\": tru}", ":1:" },
		{ "{\n\"required\": true\n\"log\": \"info\"}", ":3:" },
		{ "// only a comment\n", "empty" },
		{ "{} {}", ":1:" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		check_case = cases[i].text;
		CHECK_INT(parse(cases[i].text), -EINVAL);
		CHECK_HAS(err.msg, "config.json:");
		CHECK_HAS(err.msg, cases[i].says);
	}
	check_case = "";
}

static int add(const char *name, const char *text)
{
	return config_parse(&(struct config_text){ name, name, text, strlen(text) }, &config,
			    NULL, NULL, &err);
}

/* Rules add up, what there is only one of is the last file's. */
static void several_files(void)
{
	json_release();
	config = (struct policy_config){ 0 };
	CHECK_INT(add("a", "{\"deny\": [{\"pod\": \"1\"}], \"required\": true, "
			   "\"runtimes\": [\"x\", \"y\"], \"containers\": \"all\"}"),
		  0);
	CHECK_INT(add("b", "{\n\"deny\": [{\"pod\": \"2\"}], \"required\": false, "
			   "\"runtimes\": [\"z\"]}"),
		  0);
	CHECK_INT(config.deny.n, 2);
	CHECK_TEXT(config.deny.rule[1].glob[TRUSTED_POD], "2");
	CHECK_TEXT(policy_rule_file(&config.deny.rule[1]), "b");
	CHECK_INT(config.deny.rule[1].line, 2);
	CHECK_INT(config.deny.rule[1].column, 10);
	CHECK(!config.required);
	CHECK_INT(config.containers, CONTAINERS_ALL);
	CHECK_INT(config.runtimes, 1);
	CHECK_TEXT(config.runtime[0], "z");
	/* the number of a rule that is wrong is that in its file */
	CHECK_INT(add("c", "{\"deny\": [{}]}"), -EINVAL);
	CHECK_HAS(err.msg, "c:1:11: \"deny\" rule 1 needs");
}

int main(void)
{
	RUN(defaults);
	RUN(every_key);
	RUN(every_value);
	RUN(words);
	RUN(groups);
	RUN(runtimes);
	RUN(mistakes);
	RUN(several_files);
	return check_end();
}
