/* SPDX-License-Identifier: Apache-2.0 */
/* Configurations as bytes: what fits, what decisions call a file, whether two are the same. */
#include "policy/config_files.h"

#include <errno.h>
#include <stdlib.h>

#include "base/json_reader.h"
#include "base/macros.h"
#include "check.h"

static struct config_files one, other;
static struct policy_config config;
static struct error err;

static void start_over(struct config_files *files)
{
	files->n = files->len = files->names_len = 0;
}

static int add_text(struct config_files *files, const char *path, const char *text)
{
	return config_files_add(files, path, text, strlen(text));
}

static int parse_all(void)
{
	json_release();
	return config_files_parse(&one, &config, NULL, NULL, &err);
}

/* By its path alone; a name that only looks like the directory's is none. */
static void file_names(void)
{
	static const struct {
		const char *path, *name;
	} cases[] = {
		{ "/etc/ksm-hook/config.json", "config.json" },
		{ "/etc/ksm-hook/conf.d/50-site.json", "conf.d/50-site.json" },
		{ "/conf.d/a.json", "conf.d/a.json" },
		{ "conf.d/a.json", "config.json" },
		{ "/conf_d/a.json", "config.json" },
		{ "/conf.x/a.json", "config.json" },
		{ "/etc/xconf.d/a.json", "config.json" },
		{ "/etc/conf.d/x/a.json", "config.json" },
		{ "/etc/conf.d", "config.json" },
		{ "/conf.d/", "conf.d/" },
		{ "a.json", "config.json" },
		{ "/a.json", "config.json" },
		{ "", "config.json" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		check_case = cases[i].path;
		start_over(&one);
		CHECK_INT(add_text(&one, cases[i].path, "{}"), 0);
		CHECK_TEXT(one.file[0].path, cases[i].path);
		CHECK_TEXT(one.file[0].name, cases[i].name);
	}
	check_case = "";
}

/* One behind the other, each with its end; the one that asked keeps nothing. */
static void in_order(void)
{
	char path[] = "/a.json", text[] = "{\"deny\": [{\"pod\": \"a\"}]}";

	start_over(&one);
	CHECK_INT(add_text(&one, path, text), 0);
	CHECK_INT(add_text(&one, "/b.json", "{\"deny\": [{\"pod\": \"b\"}]}"), 0);
	memset(path, 'x', sizeof(path) - 1);
	memset(text, 'x', sizeof(text) - 1);
	CHECK_INT(one.n, 2);
	CHECK_INT(one.len, 2 * sizeof(text));
	CHECK_TEXT(one.file[0].path, "/a.json");
	CHECK_TEXT(one.file[0].text, "{\"deny\": [{\"pod\": \"a\"}]}");
	CHECK_TEXT(one.file[1].path, "/b.json");
	CHECK_INT(one.file[1].len, sizeof(text) - 1);
	CHECK_INT(parse_all(), 0);
	CHECK_INT(config.deny.n, 2);
	CHECK_TEXT(config.deny.rule[0].glob[TRUSTED_POD], "a");
	CHECK_TEXT(config.deny.rule[1].glob[TRUSTED_POD], "b");
}

/* Up to the last byte, and what is refused leaves no trace. */
static void limits(void)
{
	char *text = malloc(CONFIG_TEXT_MAX + 1), *path = malloc(sizeof(one.names) + 1);

	memset(text, ' ', CONFIG_TEXT_MAX);
	start_over(&one);
	CHECK_INT(config_files_add(&one, "/a", text, CONFIG_TEXT_MAX), -E2BIG);
	CHECK(one.n == 0 && one.len == 0 && one.names_len == 0);
	CHECK_INT(config_files_add(&one, "/a", text, CONFIG_TEXT_MAX - 1), 0);
	CHECK_INT(one.len, CONFIG_TEXT_MAX);
	CHECK_INT(config_files_add(&one, "/b", "", 0), -E2BIG);
	CHECK_INT(one.n, 1);

	start_over(&one);
	for (int i = 0; i < CONFIG_FILES_MAX; i++)
		CHECK_INT(config_files_add(&one, "/a", "", 0), 0);
	CHECK_INT(config_files_add(&one, "/b", "", 0), -E2BIG);
	CHECK_INT(one.n, CONFIG_FILES_MAX);

	start_over(&one);
	memset(path, '/', sizeof(one.names));
	path[sizeof(one.names)] = '\0';
	CHECK(!config_files_keep_path(&one, path));
	CHECK_INT(add_text(&one, path, "{}"), -E2BIG);
	CHECK(one.n == 0 && one.len == 0 && one.names_len == 0);
	CHECK(config_files_keep_path(&one, path + 1) == one.names);
	CHECK_INT(one.names_len, sizeof(one.names));
	CHECK(!config_files_keep_path(&one, ""));
	free(text);
	free(path);
}

static void equal(void)
{
	static const struct {
		const char *path[2], *text[2];
	} cases[] = {
		{ { "/a", "/b" }, { "{}", "[]" } },  /* what one has */
		{ { "/a", NULL }, { "{}", NULL } },  /* a file less */
		{ { "/a", "/c" }, { "{}", "[]" } },  /* another path */
		{ { "/c", "/b" }, { "{}", "[]" } },  /* of the first */
		{ { "/a", "/b" }, { "{}", "[}" } },  /* another byte */
		{ { "/a", "/b" }, { "{]", "[]" } },  /* of the first */
		{ { "/a", "/b" }, { "{}", "[] " } }, /* a byte more */
		{ { "/a", "/b" }, { "{}[", "]" } },  /* it stands elsewhere */
		{ { "/b", "/a" }, { "{}", "[]" } },  /* in another order */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		start_over(&one);
		start_over(&other);
		CHECK(add_text(&one, "/a", "{}") == 0 && add_text(&one, "/b", "[]") == 0);
		for (int f = 0; f < 2 && cases[i].path[f]; f++)
			CHECK_INT(add_text(&other, cases[i].path[f], cases[i].text[f]), 0);
		check_case = cases[i].path[1] ? cases[i].text[1] : "one";
		CHECK_INT(config_files_equal(&one, &other), i == 0);
		CHECK_INT(config_files_equal(&other, &one), i == 0);
	}
	check_case = "";
	start_over(&one);
	start_over(&other);
	CHECK(config_files_equal(&one, &other));
	/* the end of the first is a byte of the second: only its length tells */
	CHECK(config_files_add(&one, "/a", "x\0y", 3) == 0 && add_text(&one, "/b", "z") == 0);
	CHECK(config_files_add(&other, "/a", "x", 1) == 0 &&
	      config_files_add(&other, "/b", "y\0z", 3) == 0);
	CHECK_INT(one.len, other.len);
	CHECK(memcmp(one.text, other.text, one.len) == 0);
	CHECK(!config_files_equal(&one, &other));
}

/* The first that is wrong is told, and of all only whether decisions are to be heard of. */
static void wrong(void)
{
	start_over(&one);
	CHECK_INT(add_text(&one, "/a", "{\"containers\": \"all\", \"audit\": true}"), 0);
	CHECK_INT(add_text(&one, "/b", "{\"method\": 1}"), 0);
	CHECK_INT(add_text(&one, "/c", "{\"required\": 1}"), 0);
	CHECK_INT(add_text(&one, "/d", "{\"deny\": [{\"pod\": \"a\"}]}"), 0);
	CHECK_INT(parse_all(), -EINVAL);
	CHECK_HAS(err.msg, "/b:1:2: \"method\"");
	CHECK_INT(err.reason, REASON_CONFIG_INVALID);
	CHECK_INT(config.containers, CONTAINERS_ANNOTATED);
	CHECK_INT(config.deny.n, 0);
	CHECK(config.audit && !config.log_given && !config.observe);
}

/* Who observes wants to see something, unless he says how much. */
static void observed(void)
{
	start_over(&one);
	CHECK_INT(parse_all(), 0);
	CHECK(!config.observe && !config.log_given);
	CHECK_INT(config.containers, CONTAINERS_ANNOTATED);
	CHECK_INT(add_text(&one, "/a", "{\"mode\": \"observe\"}"), 0);
	CHECK_INT(parse_all(), 0);
	CHECK(config.observe && config.log_given);
	CHECK_INT(config.log, LOG_LEVEL_INFO);
	CHECK_INT(add_text(&one, "/b", "{\"log\": \"error\"}"), 0);
	CHECK_INT(parse_all(), 0);
	CHECK(config.observe && config.log_given);
	CHECK_INT(config.log, LOG_LEVEL_ERROR);
	CHECK_INT(add_text(&one, "/c", "{\"mode\": \"enforce\"}"), 0);
	CHECK_INT(parse_all(), 0);
	CHECK(!config.observe);
}

int main(void)
{
	RUN(file_names);
	RUN(in_order);
	RUN(limits);
	RUN(equal);
	RUN(wrong);
	RUN(observed);
	return check_end();
}
