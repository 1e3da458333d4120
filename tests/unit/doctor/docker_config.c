/* SPDX-License-Identifier: Apache-2.0 */
/* hook/doctor/docker_config.c: the runtimes that a daemon.json names. */
#include "doctor/docker_config.h"

#include <errno.h>

#include "base/json_reader.h"
#include "base/macros.h"
#include "check.h"

static struct docker_config config;

static void test_runtimes(void)
{
	static const struct {
		const char *text, *found;
	} cases[] = {
		{ "{}", "" },
		{ "{\"runtimes\": {}}", "" },
		{ "{\"runtimes\": null}", "" },
		{ "{\"runtimes\": {\"a\": {\"path\": \"/a\"}}}", "a=/a " },
		{ "{\"runtimes\": {\"a\": {\"path\": \"/a\"}, \"b\": {\"path\": \"b\"}}}",
		  "a=/a b=b " },
		/* dockerd takes over both */
		{ "{\"runtimes\": {\"a\": {\"path\": \"/a\"}}, "
		  "\"runtimes\": {\"b\": {\"path\": \"/b\"}}}",
		  "a=/a b=/b " },
		{ "{\"runtimes\": {\"a\": {\"path\": \"/a\", \"runtimeArgs\": [\"path\"]}}}",
		  "a=/a " },
		{ "{\"runtimes\": {\"a\": {\"runtimeType\": \"io.containerd.runc.v2\"}}}",
		  "a=- " },
		{ "{\"runtimes\": {\"a\": {\"options\": {\"path\": \"/a\"}}}}", "a=- " },
		{ "{\"runtimes\": {\"a\": {\"runtimeType\": \"io.containerd.runc.v2\", "
		  "\"options\": {\"BinaryName\": \"/a\"}}}}",
		  "a=/a " },
		{ "{\"runtimes\": {\"a\": {\"Path\": \"/a\"}}}", "a=/a " },
		{ "{\"runtimes\": {\"a\": {\"runtimeType\": \"io.containerd.runc.v2\", "
		  "\"OPTIONS\": {\"binaryname\": \"/a\"}}}}",
		  "a=/a " },
		{ "{\"RUNTIMES\": {\"a\": {\"path\": \"/a\"}}}", "" },
		{ "{\"runtimes\": [{\"path\": \"/a\"}]}", "" },
		{ "{\"runtimes\": {\"a\": {\"path\": 7}}}", "a=- " },
		/* of one name the last counts, and null takes back all */
		{ "{\"runtimes\": {\"a\": {\"path\": \"/a\"}, \"a\": {\"path\": \"/b\"}}}",
		  "a=/b " },
		{ "{\"runtimes\": {\"a\": {\"path\": \"/a\"}}, \"runtimes\": null}", "" },
		/* what newer ones read */
		{ "\xef\xbb\xbf{\"runtimes\": {\"a\": {\"path\": \"/a\"}}}", "a=/a " },
		{ " \n", "" },
		{ " ", "" },
		{ "\n", "" },
		{ "{\"default-runtime\": \"a\"}", "" },
		{ "{\"other\": {\"a\": {\"path\": \"/a\"}}}", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char out[256] = "";
		struct error err;
		size_t len = 0;

		check_case = cases[i].text;
		CHECK_INT(docker_config_parse(&config, "daemon.json", cases[i].text,
					      strlen(cases[i].text), &err),
			  0);
		for (size_t k = 0; k < config.n; k++) {
			const char *program = docker_runtime_program(&config.runtime[k]);

			len += (size_t)snprintf(out + len, sizeof(out) - len, "%s=%s ",
						config.runtime[k].name,
						program ? program : "-");
		}
		CHECK_TEXT(out, cases[i].found);
	}
}

static void test_not_json(void)
{
	static const char *const texts[] = { "", "{", "runtimes", "{\"a\": 1} {}",
					     /* no byte order mark */
					     "\xef\xbb {}", "\xef\xbb\xbe{}",
					     "{ /* no comments */ }" };
	struct error err;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		check_case = texts[i];
		CHECK_INT(docker_config_parse(&config, "daemon.json", texts[i],
					      strlen(texts[i]), &err),
			  -EINVAL);
		CHECK_HAS(err.msg, "daemon.json");
	}
}

/* As dockerd 26.1 answered (tests/engines/docker-matrix.sh asks it and 20.10). */
static void test_refused(void)
{
	static const struct {
		const char *text, *says; /* "": nothing is wrong */
	} cases[] = {
		{ "{}", "" },
		{ "{\"default-runtime\": \"runc\"}", "" },
		{ "{\"default-runtime\": \"io.containerd.runc.v2\"}", "" },
		{ "{\"default-runtime\": \"\"}", "" },
		{ "{\"default-runtime\": \"a\", \"runtimes\": {\"a\": {\"path\": \"/a\"}}}",
		  "" },
		{ "{\"default-runtime\": \"b\", \"runtimes\": {\"a\": {\"path\": \"/a\"}}}",
		  "no runtime b" },
		{ "{\"runtimes\": {\"runc\": {\"path\": \"/a\"}}}", "dockerd's own" },
		{ "{\"runtimes\": {\"io.containerd.runc.v2\": {\"path\": \"/a\"}}}",
		  "dockerd's own" },
		{ "{\"runtimes\": {\"a\": {\"path\": \"/a\"}, \"b\": {}}}",
		  "runtime b has neither" },
		{ "{\"runtimes\": {\"a\": {\"path\": \"/a\"}, \"runc\": {\"path\": \"/b\"}}}",
		  "runtime runc has" },
		{ "{\"runtimes\": {\"a\": {}}}", "neither" },
		{ "{\"runtimes\": {\"a\": {\"path\": \"\"}}}", "neither" },
		{ "{\"runtimes\": {\"a\": {\"path\": \"/a\", \"runtimeType\": \"b\"}}}",
		  "both" },
		{ "{\"runtimes\": {\"a\": {\"path\": \"/a\", \"options\": {\"x\": 1}}}}",
		  "\"options\"" },
		{ "{\"runtimes\": {\"a\": {\"path\": \"/a\", \"options\": {}}}}", "" },
		{ "{\"runtimes\": {\"a\": {\"path\": \"/a\", \"runtimeArgs\": [\"x\"]}}}", "" },
		{ "{\"runtimes\": {\"a\": {\"runtimeType\": \"b\", \"runtimeArgs\": [\"x\"]}}}",
		  "\"runtimeArgs\"" },
		{ "{\"runtimes\": {\"a\": {\"runtimeType\": \"b\", \"runtimeArgs\": []}}}",
		  "" },
		{ "[]", "the whole is not an object" },
		{ "[1]", "the whole is not an object" },
		{ "[\"runtimes\", {\"runtimes\": 1}]", "the whole is not an object" },
		{ "{\"default-runtime\": [\"a\"]}", "default-runtime is not a string" },
		{ "{\"default-runtime\": null}", "" },
		{ "{\"runtimes\": []}", "runtimes is not an object" },
		{ "{\"runtimes\": {\"a\": \"/a\"}}", "a is not an object" },
		{ "{\"runtimes\": {\"a\": null}}", "neither" },
		{ "{\"runtimes\": {\"a\": {\"path\": 1}}}", "path is not a string" },
		{ "{\"runtimes\": {\"a\": {\"path\": \"/a\", \"runtimeType\": {}}}}",
		  "runtimeType is not a string" },
		{ "{\"runtimes\": {\"a\": {\"path\": \"/a\", \"runtimeArgs\": \"x\"}}}",
		  "runtimeArgs is not a list" },
		{ "{\"runtimes\": {\"a\": {\"path\": \"/a\", \"options\": [1]}}}",
		  "options is not an object" },
		{ "{\"other\": {\"debug\": {\"path\": 1}}}", "" },
		/* Go's decoder takes the keys of a runtime in any case */
		{ "{\"runtimes\": {\"a\": {\"PATH\": 1}}}", "PATH is not a string" },
		{ "{\"runtimes\": {\"a\": {\"Path\": \"/a\", \"RUNTIMEARGS\": [\"x\"]}}}", "" },
		{ "{\"runtimes\": {\"a\": {\"path\": \"/a\", \"runtimetype\": \"b\"}}}",
		  "both" },
		{ "{\"runtimes\": {\"a\": {\"path\": \"/a\", \"runtimeArgs\": [[]]}}}",
		  "something in runtimeArgs is not a string" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct error err = { "", REASON_NONE };

		check_case = cases[i].text;
		CHECK_INT(docker_config_parse(&config, "daemon.json", cases[i].text,
					      strlen(cases[i].text), &err),
			  0);
		CHECK_INT(docker_config_check(&config, "daemon.json", DOCKER_BEFORE_23, &err),
			  cases[i].says[0] ? -EINVAL : 0);
		CHECK_HAS(err.msg, cases[i].says);
	}
}

/* The first socket that it listens at, of those that are files. */
static void test_sockets(void)
{
	static const struct {
		const char *text, *socket; /* "": none */
	} cases[] = {
		{ "{}", "" },
		{ "{\"hosts\": []}", "" },
		{ "{\"hosts\": [\"unix:///a.sock\", \"unix:///b.sock\"]}", "/a.sock" },
		{ "{\"hosts\": [\"tcp://:1\", \"fd://\", \"unix:///b.sock\"]}", "/b.sock" },
		{ "{\"hosts\": [\"tcp://:1\"]}", "" },
		{ "{\"hosts\": [7, null, \"unix:///b.sock\"]}", "/b.sock" },
		{ "{\"hosts\": \"unix:///a.sock\"}", "" },
		{ "{\"hosts\": {\"a\": \"unix:///a.sock\"}}", "" },
		{ "{\"hosts\": [[\"unix:///a.sock\"]]}", "" },
		{ "{\"Hosts\": [\"unix:///a.sock\"], \"x\": [\"unix:///a.sock\"]}", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct error err;

		check_case = cases[i].text;
		CHECK_INT(docker_config_parse(&config, "daemon.json", cases[i].text,
					      strlen(cases[i].text), &err),
			  0);
		CHECK_TEXT(config.socket ? config.socket : "", cases[i].socket);
	}
}

/*
 * As dockerd 20.10.24 answered (tests/engines/docker-matrix.sh asks it): which keys it knows, and of which
 * type their values have to be.
 */
static void test_keys(void)
{
	static const struct {
		const char *text;
		int asked, old, unknown; /* -1 it does not start, 1 there is no telling */
	} cases[] = {
		{ "{\"debug\": true, \"hosts\": [\"unix:///a\"], \"mtu\": 1400}", 0, 0, 0 },
		{ "{\"nonsense\": 1}", 0, -1, 1 },
		{ "{\"Debug\": true}", 0, -1, 1 },
		{ "{\"http-proxy\": \"x\"}", 0, -1, 0 },
		{ "{\"label\": 7, \"host\": []}", 0, 0, 0 },
		/* what an object holds is looked for in its place */
		{ "{\"nonsense\": {}}", 0, 0, 0 },
		{ "{\"nonsense\": {\"debug\": true}}", 0, 0, 0 },
		{ "{\"nonsense\": {\"other\": true}}", 0, -1, 1 },
		{ "{\"nonsense\": {\"debug\": {\"other\": 1}}}", 0, 0, 0 },
		{ "{\"proxies\": {\"http-proxy\": \"x\"}}", 0, -1, 0 },
		{ "{\"log-opts\": {\"max-size\": \"1m\"}}", 0, 0, 0 },
		{ "{\"log-opts\": {\"max-size\": 1}}", 0, -1, -1 },
		{ "{\"features\": {\"buildkit\": true}}", 0, 0, 0 },
		{ "{\"features\": {\"buildkit\": \"x\"}}", 0, -1, -1 },
		{ "{\"debug\": \"true\"}", 0, -1, -1 },
		{ "{\"debug\": null}", 0, 0, 0 },
		{ "{\"data-root\": 1}", 0, -1, -1 },
		{ "{\"mtu\": \"1400\"}", 0, -1, -1 },
		{ "{\"mtu\": 1.5}", 0, -1, -1 },
		{ "{\"mtu\": 1e3}", 0, -1, -1 },
		{ "{\"hosts\": \"unix:///a\"}", 0, -1, -1 },
		{ "{\"hosts\": [1]}", 0, -1, -1 },
		{ "{\"hosts\": [null]}", 0, 0, 0 },
		{ "{\"default-address-pools\": [{\"base\": \"10.0.0.0/8\", \"size\": 24}]}", 0,
		  0, 0 },
		{ "{\"default-ulimits\": {\"nofile\": {\"Hard\": 1}}}", 0, 0, 0 },
		{ "{\"runtimes\": {\"a\": {\"path\": \"/a\", \"runtimeArgs\": [1]}}}", 0, -1,
		  -1 },
		{ "{\"runtimes\": {\"a\": {\"path\": \"/a\", \"runtimeArgs\": [null]}}}", 0, 0,
		  0 },
		{ "{\"runtimes\": {\"a\": {\"path\": \"/a\", \"nonsense\": 1}}}", 0, 0, 0 },
		{ "{\"default-ulimits\": {\"nofile\": {\"hard\": \"1\"}}}", 0, -1, -1 },
		{ "{\"default-ulimits\": {\"nofile\": 1}}", 0, -1, -1 },
		{ "{\"builder\": {\"GC\": {\"enabled\": \"x\"}}}", 0, -1, -1 },
		{ "{\"builder\": {\"gc\": {\"policy\": [{\"KeepStorage\": 1}]}}}", 0, -1, -1 },
		{ "{\"builder\": {\"gc\": {\"policy\": [{\"other\": 1}]}}}", 0, 0, 0 },
		{ "{\"max-concurrent-uploads\": -1}", 0, -1, -1 },
		{ "{\"log-level\": \"Warn\"}", 0, 0, 0 },
		{ "{\"log-level\": \"loud\"}", 0, -1, -1 },
		{ "{\"oom-score-adjust\": -1}", 0, 0, 0 },
		{ "\xef\xbb\xbf{}", 0, -1, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct error err;
		int r;

		check_case = cases[i].text;
		CHECK_INT(docker_config_parse(&config, "daemon.json", cases[i].text,
					      strlen(cases[i].text), &err),
			  0);
		CHECK_INT(docker_config_check(&config, "daemon.json", DOCKER_ASKED, &err),
			  cases[i].asked);
		r = docker_config_check(&config, "daemon.json", DOCKER_BEFORE_23, &err);
		CHECK_INT(r < 0 ? -1 : r, cases[i].old);
		r = docker_config_check(&config, "daemon.json", DOCKER_UNASKED, &err);
		CHECK_INT(r < 0 ? -1 : r, cases[i].unknown);
		if (r)
			CHECK_HAS(err.msg, "daemon.json: ");
	}
}

static void test_many(void)
{
	char text[8192] = "{\"runtimes\": {";
	size_t len = strlen(text);
	struct error err;

	check_case = "many";
	for (int i = 0; i < 2 * DOCKER_RUNTIMES_MAX; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"%s\"r%d\": {\"path\": \"/r\"}", i ? "," : "", i);
	len += (size_t)snprintf(text + len, sizeof(text) - len, "}}");
	CHECK_INT(docker_config_parse(&config, "daemon.json", text, len, &err), 0);
	CHECK_INT(config.n, DOCKER_RUNTIMES_MAX);
}

/* The mark of an editor, and next to nothing behind it. */
static void test_marked(void)
{
	static const char blank[] = "\xef\xbb\xbf\n";
	struct error err;

	check_case = "a mark";
	CHECK_INT(docker_config_parse(&config, "daemon.json", blank, 4, &err), 0);
	CHECK(config.marked && config.n == 0);
	CHECK(docker_config_parse(&config, "daemon.json", blank, 3, &err) < 0);
	CHECK(config.marked);
	/* a part of one is none */
	CHECK(docker_config_parse(&config, "daemon.json", blank, 2, &err) < 0);
	CHECK(!config.marked);
}

int main(void)
{
	RUN(test_runtimes);
	RUN(test_marked);
	RUN(test_not_json);
	RUN(test_refused);
	RUN(test_sockets);
	RUN(test_keys);
	RUN(test_many);
	return check_end();
}
