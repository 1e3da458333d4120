/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: what doctor reads of engines: containers.conf, crio.conf, containerd's, hooks. */
#include "base/json_reader.h"
#include "doctor/containerd_config.h"
#include "doctor/containerd_judge.h"
#include "doctor/containerd_off.h"
#include "doctor/docker_config.h"
#include "doctor/engine_config.h"
#include "doctor/hook_file.h"
#include "fuzz.h"

static void check_engine(enum engine_dialect dialect, const uint8_t *data, size_t size)
{
	struct engine_config c = { .dialect = dialect, .engine = "engine" };
	char *text = fuzz_text(data, size);
	struct error err = { 0 };

	require(engine_config_parse(&c, "file", text, &err) == 0 || err.msg[0]);
	require(c.runtimes <= ENGINE_RUNTIMES_MAX && c.dirs.n <= HOOK_DIRS_MAX);
	for (size_t i = 0; i < c.runtimes; i++)
		require(strlen(c.runtime[i].path) < sizeof(c.runtime[i].path) &&
			c.runtime[i].line > 0);
	for (size_t i = 0; i < c.dirs.n; i++)
		require(strlen(c.dirs.dir[i]) < sizeof(c.dirs.dir[i]));
	free(text);
}

static void check_switches(const struct containerd_config *c)
{
	const char *name = NULL;
	const struct containerd_switched s[] = {
		containerd_cri(c, NULL),
		containerd_nri(c, NULL),
		containerd_default(c, NULL, &name),
		containerd_cri(c, c),
		containerd_nri(c, c),
		containerd_default(c, c, &name),
	};

	require(name);
	for (size_t i = 0; i < sizeof(s) / sizeof(s[0]); i++) {
		char how[CONTAINERD_ON_MAX];

		if (s[i].is != SWITCH_ON)
			require(s[i].at && containerd_switch_on(&s[i], how)[0]);
	}
}

static void check_containerd(const uint8_t *data, size_t size)
{
	static struct containerd_config c;
	char *text = fuzz_text(data, size);
	struct error err = { 0 };

	memset(&c, 0, sizeof(c));
	require(containerd_config_parse(&c, "file", text, &err) == 0 || err.msg[0]);
	require(c.n <= CONTAINERD_RUNTIMES_MAX && c.imports <= CONTAINERD_IMPORTS_MAX);
	for (size_t i = 0; i < c.n; i++)
		require(strlen(c.runtime[i].name) < sizeof(c.runtime[i].name) &&
			strlen(c.runtime[i].binary) < sizeof(c.runtime[i].binary));
	for (size_t i = 0; i < c.imports; i++)
		require(strlen(c.import[i].path) < sizeof(c.import[i].path));
	check_switches(&c);
	for (size_t i = 0; i < c.n; i++) {
		for (int effect = EFFECT_UNKNOWN; effect <= EFFECT_DROPPED; effect++) {
			static struct finding finding[8];
			struct doctor d = { .finding = finding };
			bool works = containerd_runtime_judge(&d, &c, &c.runtime[i],
							      (enum containerd_effect)effect);

			require(effect != EFFECT_DROPPED || (!works && d.n > 0));
			containerd_annotations_judge(&d, &c.runtime[i]);
			require(d.n <= 4);
		}
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct docker_config docker;
	struct hook_file hook;
	struct error err = { 0 };

	if (size == 0 || *data != '{') {
		check_engine(CONTAINERS_CONF, data, size);
		check_engine(CRIO_CONF, data, size);
		check_containerd(data, size);
		return 0;
	}
	require(docker_config_parse(&docker, "file", (const char *)data, size, &err) == 0 ||
		err.msg[0]);
	require(docker.n <= DOCKER_RUNTIMES_MAX);
	for (size_t i = 0; i < docker.n; i++)
		require(docker.runtime[i].name);
	err.msg[0] = '\0';
	for (int judged = DOCKER_UNASKED; judged <= DOCKER_ASKED; judged++)
		require(docker_config_check(&docker, "file", (enum docker_judged)judged,
					    &err) == 0 ||
			err.msg[0]);
	err.msg[0] = '\0';
	require(hook_file_parse(&hook, "file", (const char *)data, size, &err) == 0 ||
		err.msg[0]);
	require(!hook.matches || hook.condition);
	json_release();
	return 0;
}
