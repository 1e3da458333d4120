/* SPDX-License-Identifier: Apache-2.0 */
/* hook/doctor/engine_config.c: the directories and runtimes that podman and CRI-O set. */
#include "doctor/engine_config.h"

#include <errno.h>

#include "base/macros.h"
#include "check.h"

#define FILE_NAME "/etc/containers/containers.conf"

static struct engine_config config;

/* "DIR … | RUNTIME@LINE …", after the default directory D */
static const char *read_text(enum engine_dialect dialect, const char *text, int *ret)
{
	static char copy[2048], out[1024];
	struct error err;
	size_t len = 0;

	config = (struct engine_config){ .dialect = dialect, .engine = "engine" };
	hook_dirs_add(&config.dirs, "D");
	snprintf(copy, sizeof(copy), "%s", text);
	*ret = engine_config_parse(&config, FILE_NAME, copy, &err);
	if (*ret < 0)
		CHECK_HAS(err.msg, FILE_NAME ": ");
#define ADD(...) len += (size_t)snprintf(out + len, sizeof(out) - len, __VA_ARGS__)
	for (size_t i = 0; i < config.dirs.n; i++)
		ADD("%s ", config.dirs.dir[i]);
	ADD("|");
	for (size_t i = 0; i < config.runtimes; i++)
		ADD(" %s@%d", config.runtime[i].path, config.runtime[i].line);
#undef ADD
	return out;
}

static void test_settings(void)
{
	static const struct {
		enum engine_dialect dialect;
		const char *text, *found;
		int ret;
	} cases[] = {
		{ CONTAINERS_CONF, "", "D |", 0 },
		{ CONTAINERS_CONF, "[engine]\nhooks_dir = ['/a', \"/b\"]\n", "/a /b |", 0 },
		{ CONTAINERS_CONF, "[engine]\nhooks_dir = ['/a', {append=true}]\n", "D /a |",
		  0 },
		{ CONTAINERS_CONF, "[engine]\nhooks_dir = []\n", "|", 0 },
		{ CONTAINERS_CONF, "[engine]\nhooks_dir = '/a'\n", "D |", -EINVAL },
		{ CONTAINERS_CONF, "[engine]\nhooks_dir = 7\n[engine.runtimes]\nx = ['/r']\n",
		  "D | /r@4", -EINVAL },
		{ CONTAINERS_CONF, "hooks_dir = ['/a']\n", "D |", 0 },
		{ CONTAINERS_CONF, "[containers]\nhooks_dir = ['/a']\n", "D |", 0 },
		{ CONTAINERS_CONF, "[crio.runtime]\nhooks_dir = ['/a']\n", "D |", 0 },
		{ CONTAINERS_CONF, "engine.hooks_dir = ['/a']\n", "/a |", 0 },
		{ CONTAINERS_CONF, "[engine]\nhooks_dir = [\n  '/a', # one\n  '/b',\n]\n",
		  "/a /b |", 0 },
		{ CONTAINERS_CONF,
		  "[engine.runtimes]\nksm-runc = ['/a/ksm-runc', '/b/ksm-runc']\n",
		  "D | /a/ksm-runc@2 /b/ksm-runc@2", 0 },
		{ CONTAINERS_CONF, "[engine.runtimes]\nksm-runc = '/a/ksm-runc'\n", "D |", 0 },
		{ CONTAINERS_CONF, "[engine.runtimes.ksm]\npath = ['/a/ksm-runc']\n", "D |",
		  0 },
		{ CONTAINERS_CONF, "[engine]\nhooks_dir = ['/a']\n[engine\n", "/a |", -EINVAL },
		{ CRIO_CONF, "[crio.runtime]\nhooks_dir = ['/a']\n", "/a |", 0 },
		{ CRIO_CONF, "[engine]\nhooks_dir = ['/a']\n", "D |", 0 },
		{ CRIO_CONF, "[crio.runtime.runtimes.ksm]\nruntime_path = '/a/ksm-runc'\n",
		  "D | /a/ksm-runc@2", 0 },
		{ CRIO_CONF, "[crio.runtime.runtimes.ksm]\nruntime_path = ['/a/ksm-runc']\n",
		  "D |", 0 },
		{ CRIO_CONF, "[crio.runtime.runtimes.ksm]\nmonitor_path = '/a/conmon'\n", "D |",
		  0 },
		{ CRIO_CONF, "[engine.runtimes]\nksm-runc = ['/a/ksm-runc']\n", "D |", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int ret = 1;

		check_case = cases[i].text;
		CHECK_TEXT(read_text(cases[i].dialect, cases[i].text, &ret), cases[i].found);
		CHECK_INT(ret, cases[i].ret);
	}
}

/* What does not fit is left out, and nothing is written where there is no room. */
static void test_limits(void)
{
	char text[16 * 2 * ENGINE_RUNTIMES_MAX] = "[engine.runtimes]\n", name[300];
	size_t len = strlen(text);
	int ret;

	check_case = "limits";
	for (int i = 0; i < 2 * ENGINE_RUNTIMES_MAX; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "r%d = ['/r']\n", i);
	read_text(CONTAINERS_CONF, text, &ret);
	CHECK_INT(config.runtimes, ENGINE_RUNTIMES_MAX);
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	snprintf(text, sizeof(text), "[engine.runtimes]\na = ['/%s']\nb = ['/b']\n", name);
	CHECK_TEXT(read_text(CONTAINERS_CONF, text, &ret), "D | /b@3");
	snprintf(text, sizeof(text), "[engine]\nhooks_dir = ['/%s', '/b']\n", name);
	CHECK_TEXT(read_text(CONTAINERS_CONF, text, &ret), "/b |");
	for (int i = 0; i < 2 * HOOK_DIRS_MAX; i++)
		hook_dirs_add(&config.dirs, "/c");
	CHECK_INT(config.dirs.n, HOOK_DIRS_MAX);
	CHECK(config.dirs.more);
	/* a list that is added to leaves that there are more, one in its place does not */
	{
		char added[] = "[engine]\nhooks_dir = ['/d', {append=true}]\n";
		char anew[] = "[engine]\nhooks_dir = ['/d']\n";
		struct error err;

		CHECK_INT(engine_config_parse(&config, FILE_NAME, added, &err), 0);
		CHECK(config.dirs.more);
		CHECK_INT(engine_config_parse(&config, FILE_NAME, anew, &err), 0);
		CHECK(!config.dirs.more);
		CHECK_INT(config.dirs.n, 1);
	}
	/* a path, and the name of a file, of just that length */
	for (int longer = 0; longer <= 1; longer++) {
		char path[sizeof(config.runtime[0].path) + 1],
			file[sizeof(config.runtime[0].file) + 1];
		char one[sizeof(path) + 40], other[] = "[engine.runtimes]\na = ['/r']\n";
		struct error err;

		memset(path, 'p', sizeof(path));
		path[sizeof(path) - 2 + longer] = '\0';
		memset(file, 'f', sizeof(file));
		file[sizeof(file) - 2 + longer] = '\0';
		config = (struct engine_config){ .dialect = CONTAINERS_CONF };
		snprintf(one, sizeof(one), "[engine.runtimes]\na = ['%s']\n", path);
		CHECK_INT(engine_config_parse(&config, FILE_NAME, one, &err), 0);
		CHECK_INT(config.runtimes, !longer);
		config = (struct engine_config){ .dialect = CONTAINERS_CONF };
		CHECK_INT(engine_config_parse(&config, file, other, &err), 0);
		CHECK_INT(config.runtimes, !longer);
	}
}

/* What an engine says of itself gets the lines of the files, where they have it. */
static void test_locate(void)
{
	static struct engine_config answer;
	struct error err;
	char text[] = "[crio.runtime.runtimes.a]\nruntime_path = '/a'\n"
		      "[crio.runtime.runtimes.b]\nruntime_path = '/b'\n";
	int ret;

	check_case = "locate";
	answer = (struct engine_config){ .dialect = CRIO_CONF };
	CHECK_INT(engine_config_parse(&answer, "crio config", text, &err), 0);
	read_text(CRIO_CONF,
		  "\n\n[crio.runtime.runtimes.x]\nruntime_path = '/x'\n"
		  "[crio.runtime.runtimes.y]\nruntime_path = '/b'\n",
		  &ret);
	/* those that are not counted say nothing, and are left alone */
	snprintf(config.runtime[2].path, sizeof(config.runtime[2].path), "/a");
	config.runtime[2].line = 9;
	answer.runtime[2].line = 9;
	engine_config_locate(&answer, &config);
	CHECK_INT(answer.runtime[2].line, 9);
	CHECK_TEXT(answer.runtime[0].file, "crio config");
	CHECK_INT(answer.runtime[0].line, 0);
	CHECK_TEXT(answer.runtime[1].file, config.runtime[0].file);
	CHECK_INT(answer.runtime[1].line, 6);
	/* the first of the files' is one of them */
	snprintf(answer.runtime[0].path, sizeof(answer.runtime[0].path), "/x");
	engine_config_locate(&answer, &config);
	CHECK_TEXT(answer.runtime[0].file, config.runtime[0].file);
	CHECK_INT(answer.runtime[0].line, 4);
}

int main(void)
{
	RUN(test_locate);
	RUN(test_settings);
	RUN(test_limits);
	return check_end();
}
