/* SPDX-License-Identifier: Apache-2.0 */
/* config.json: every key, every mistake, and files that are not to be trusted. */
#include "policy/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/json_reader.h"
#include "base/macros.h"
#include "check.h"

static struct policy_config config;
static struct error err;

static int parse(const char *text)
{
	json_release();
	memset(&config, 0xff, sizeof(config));
	err.msg[0] = '\0';
	return config_parse("config.json", text, strlen(text), &config, &err);
}

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

static void groups(void)
{
	char text[POLICY_RULES_MAX * 5 + 32] = "{\"deny_groups\": [\"a\"";

	CHECK_INT(parse("{}"), 0);
	CHECK(!config.shared_layout && config.allow_groups.n == 0 && config.deny_groups.n == 0);
	CHECK_INT(parse("{\"shared_layout\": true, \"allow_groups\": [\"a\", \"b/*\"], "
			"\"deny_groups\": []}"),
		  0);
	CHECK(config.shared_layout);
	CHECK_INT(config.allow_groups.n, 2);
	CHECK_TEXT(config.allow_groups.glob[1], "b/*");
	CHECK_INT(config.deny_groups.n, 0);
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
		{ "{\"allow\": {}}", "\"allow\" must be a list" },
		{ "{\"allow\": \"x\"}", "\"allow\" must be a list" },
		{ "{\"allow\": null}", "\"allow\" must be a list" },
		{ "{\"allow\": [\"x\"]}", "\"allow\" must be a list" },
		{ "{\"deny\": [[]]}", "\"deny\" must be a list" },
		{ "{\"deny\": [{\"annotation\": 1, \"match\": \"\"}]}",
		  "\"deny\" must be a list" },
		{ "{\"deny\": [{\"annotation\": \"a\", \"match\": [\"\"]}]}",
		  "\"deny\" must be" },
		{ "{\"deny\": [{\"annotation\": \"a\\u0000\", \"match\": \"\"}]}", "must be" },
		{ "{\"deny\": [{\"annotation\": \"a\", \"glob\": \"\"}]}", "\"deny\" must be" },
		{ "{\"deny\": [{}]}", "\"deny\" rule 1 needs" },
		{ "{\"deny\": [{\"annotation\": \"a\"}]}", "\"deny\" rule 1 needs" },
		{ "{\"allow\": [{\"annotation\": \"a\", \"match\": \"\"}, {\"match\": \"\"}]}",
		  "\"allow\" rule 2 needs" },
		{ "{\"shared_layout\": 1}", "\"shared_layout\" must be true or false" },
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
		{ "{\"denny\": []}", "unknown key \"denny\"" },
		{ "{\"Deny\": []}", "unknown key \"Deny\"" },
		{ "{\"\": 1}", "unknown key \"\"" },
		{ "{\"a\\nb\\u001b\": 1}", "unknown key \"a\nb\x1b\"" },
		/* which of the two was meant? */
		{ "{\"deny\": [{\"annotation\":\"a\",\"match\":\"b\"}], \"deny\": []}",
		  "\"deny\" is given twice" },
		{ "{\"required\": true, \"required\": false}", "\"required\" is given twice" },
		{ "{\"deny\": [{\"annotation\":\"a\",\"annotation\":\"b\",\"match\":\"\"}]}",
		  "\"deny\" must be" },
		{ "{\"required\": true,}", "line 1, column " },
		{ "{\"required\": tru}", "line 1, column " },
		{ "{\n\"required\": true\n\"log\": \"info\"}", "line 3, column " },
		{ "// only a comment\n", "empty" },
		{ "{} {}", "line 1, column " },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		check_case = cases[i].text;
		CHECK_INT(parse(cases[i].text), -EINVAL);
		CHECK_HAS(err.msg, "config.json: ");
		CHECK_HAS(err.msg, cases[i].says);
	}
	check_case = "";
}

static void many_rules(void)
{
	char *text = malloc(8192), *p;

	for (int n = POLICY_RULES_MAX; n <= POLICY_RULES_MAX + 1; n++) {
		p = text + sprintf(text, "{\"deny\": [");
		for (int i = 0; i < n; i++)
			p += sprintf(p, "%s{\"annotation\":\"k%d\",\"match\":\"*\"}",
				     i ? "," : "", i);
		sprintf(p, "]}");
		CHECK_INT(parse(text), n == POLICY_RULES_MAX ? 0 : -EINVAL);
		if (n > POLICY_RULES_MAX) {
			CHECK_HAS(err.msg, "64 at the most");
			continue;
		}
		CHECK_INT(config.deny.n, POLICY_RULES_MAX);
		CHECK_TEXT(config.deny.rule[63].annotation, "k63");
	}
	free(text);
}

static char dir[] = "/tmp/ksm-hook-unit.XXXXXX";
static char path[64];
static char buf[CONFIG_MAX + 1];

static void write_file(const char *text, size_t len, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK(fd >= 0 && write_all(fd, text, len) == 0 && fchmod(fd, mode) == 0);
	close(fd);
}

static void files(void)
{
	static const mode_t loose[] = { 0664, 0646, 0666, 0620, 0602, 0777 };
	char target[80], *long_text = calloc(1, CONFIG_MAX + 1);

	memset(long_text, ' ', CONFIG_MAX + 1);
	CHECK(mkdtemp(dir) != NULL);
	snprintf(path, sizeof(path), "%s/config.json", dir);
	CHECK_INT(config_read(path, buf, &err), 0); /* none is the default */
	write_file("", 0, 0644);
	CHECK_INT(config_read(path, buf, &err), 0);
	write_file("{}\n", 3, 0644);
	CHECK_INT(config_read(path, buf, &err), 3);
	CHECK_TEXT(buf, "{}\n");
	for (size_t i = 0; i < ARRAY_SIZE(loose); i++) {
		write_file("{}\n", 3, loose[i]);
		CHECK_INT(config_read(path, buf, &err), -EPERM);
		CHECK_HAS(err.msg, path);
		CHECK_HAS(err.msg, "chown root:root and chmod 644");
	}
	write_file("{}\n", 3, 0600);
	CHECK_INT(config_read(path, buf, &err), 3);
	if (geteuid() == 0) {
		CHECK(chown(path, 65534, 0) == 0);
		CHECK_INT(config_read(path, buf, &err), -EPERM);
		CHECK(chown(path, 0, 65534) == 0); /* a group that may only read is fine */
		CHECK_INT(config_read(path, buf, &err), 3);
	}
	write_file(long_text, CONFIG_MAX, 0644);
	CHECK_INT(config_read(path, buf, &err), CONFIG_MAX);
	write_file(long_text, CONFIG_MAX + 1, 0644);
	CHECK_INT(config_read(path, buf, &err), -EFBIG);
	CHECK_HAS(err.msg, "longer than 65536 bytes");
	free(long_text);

	/* a symlink is followed, to a file that passes or does not */
	write_file("{}\n", 3, 0644);
	snprintf(target, sizeof(target), "%s/real", dir);
	CHECK(rename(path, target) == 0 && symlink("real", path) == 0);
	CHECK_INT(config_read(path, buf, &err), 3);
	CHECK(chmod(target, 0666) == 0);
	CHECK_INT(config_read(path, buf, &err), -EPERM);
	CHECK(unlink(target) == 0);
	CHECK_INT(config_read(path, buf, &err), 0); /* a dangling one: there is no file */
	CHECK(unlink(path) == 0 && symlink("config.json", path) == 0);
	CHECK_INT(config_read(path, buf, &err), -ELOOP);

	/* nothing that could block, and nothing that reads like a file but is none */
	CHECK(unlink(path) == 0 && mkfifo(path, 0644) == 0);
	CHECK_INT(config_read(path, buf, &err), -EINVAL);
	CHECK_HAS(err.msg, "not a regular file");
	CHECK(unlink(path) == 0 && mkdir(path, 0755) == 0);
	CHECK_INT(config_read(path, buf, &err), -EINVAL);
	CHECK(rmdir(path) == 0 && rmdir(dir) == 0);
	CHECK_INT(config_read("/dev/zero", buf, &err), -EINVAL);
	CHECK_INT(config_read("/dev/null/config.json", buf, &err), -ENOTDIR);
}

int main(void)
{
	RUN(defaults);
	RUN(every_key);
	RUN(every_value);
	RUN(groups);
	RUN(runtimes);
	RUN(mistakes);
	RUN(many_rules);
	RUN(files);
	return check_end();
}
