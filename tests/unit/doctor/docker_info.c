/* SPDX-License-Identifier: Apache-2.0 */
/* dockerd's answer and its command line. */
#include "doctor/docker_info.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_reader.h"
#include "base/macros.h"
#include "check.h"

#define OK_HEAD "HTTP/1.0 200 OK\r\nServer: Docker\r\n\r\n"

static struct docker_loaded loaded;

static int parse_info(const char *text, struct error *err)
{
	size_t len = strlen(text);
	char *copy = malloc(len ? len : 1); /* exactly as long: reading on would be seen */
	int r;

	for (size_t i = 0; i < len; i++)
		copy[i] = text[i];
	r = docker_info_parse(copy, len, &loaded, err);
	free(copy);
	json_release();
	CHECK_INT(docker_loaded_valid(&loaded), true);
	return r;
}

/* As Docker 20.10 and 28.5 answer; "NAME=PATH ..." DEFAULT */
static void answers(void)
{
	static const struct {
		const char *body, *want;
		bool truncated;
	} cases[] = {
		{ "{\"Runtimes\": {\"runc\": {\"path\": \"runc\"}, \"k\": {\"path\": \"/k\", "
		  "\"runtimeArgs\": null, \"shim\": {\"path\": \"/no\"}}}, \"DefaultRuntime\": "
		  "\"runc\"}",
		  "runc=runc k=/k runc", false },
		{ "{\"Runtimes\": {\"t\": {\"runtimeType\": \"io\", \"options\": {\"path\": "
		  "\"/no\"}, \"status\": {\"x\": \"y\"}}}}",
		  "t= ", false },
		{ "{\"x\": {\"Runtimes\": {\"k\": {\"path\": \"/k\"}}}}", "", false },
		{ "{\"Runtimes\": null, \"DefaultRuntime\": null}", "", false },
		{ "{\"Runtimes\": [{\"path\": \"/k\"}]}", "", false },
		{ "{\"Runtimes\": {\"a\": {\"path\": \"/a\"}, \"a\": {\"path\": \"/b\"}}}",
		  "a=/b ", false },
		{ "{\"Runtimes\": {\"a\": {\"path\": \"/a\\u0000b\"}}}", "a= ", true },
		{ "{}", "", false },
	};
	char says[256];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[512];
		size_t n = 0;
		struct error err = { "", REASON_NONE };

		check_case = cases[i].body;
		snprintf(text, sizeof(text), OK_HEAD "%s", cases[i].body);
		CHECK_INT(parse_info(text, &err), 0);
		says[0] = '\0';
		for (size_t k = 0; k < loaded.n; k++)
			n += (size_t)snprintf(says + n, sizeof(says) - n, "%s=%s ",
					      loaded.runtime[k].name, loaded.runtime[k].path);
		snprintf(says + n, sizeof(says) - n, "%s", loaded.default_runtime);
		CHECK_TEXT(says, cases[i].want);
		CHECK_INT(loaded.truncated, cases[i].truncated);
	}
}

static void no_answers(void)
{
	static const struct {
		const char *text, *says;
		int r;
	} cases[] = {
		{ "", "does not answer by HTTP", -EPROTO },
		{ "HTTP/1.0 200", "does not answer by HTTP", -EPROTO },
		{ "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n\r\n", "does not answer by HTTP",
		  -EPROTO },
		{ "HTTP/1.0 403 Forbidden\r\n\r\n{}", "it answers 403 Forbidden", -EPROTO },
		{ "HTTP/1,0 200 OK\r\n\r\n{}", "does not answer by HTTP", -EPROTO },
		{ "HTTP/1.0 2000 OK\r\n\r\n{}", "it answers 2000 OK", -EPROTO },
		{ "HTTP/1.0 200 O", "a head only", -EPROTO },
		{ "HTTP/1.0 200 ", "does not answer by HTTP", -EPROTO },
		{ "HTTP/1.0 200 OK\r\n\r{}", "a head only", -EPROTO },
		{ "HTTP/1.0 200 OK\r\nServer: Docker\r\n", "a head only", -EPROTO },
		{ OK_HEAD "{\"Runtimes\": {\"a\"", "/info:1:", -EINVAL },
		{ OK_HEAD, "/info", -EINVAL },
		{ OK_HEAD "{} {}", "/info:1:", -EINVAL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct error err = { "", REASON_NONE };

		check_case = cases[i].text;
		CHECK_INT(parse_info(cases[i].text, &err), cases[i].r);
		CHECK_HAS(err.msg, cases[i].says);
		CHECK(!strpbrk(err.msg, "\r\n"));
	}
}

/* A path and a name are there as a whole or not at all. */
static void too_long(void)
{
	char text[2 * sizeof(loaded.runtime[0].path) + 128];

	for (int longer = 0; longer <= 1; longer++) {
		int path = (int)sizeof(loaded.runtime[0].path) - 1 + longer;
		int name = (int)sizeof(loaded.default_runtime) - 1 + longer;
		struct error err;

		check_case = longer ? "too long" : "just fits";
		snprintf(text, sizeof(text),
			 OK_HEAD "{\"Runtimes\": {\"a\": {\"path\": \"%0*d\"}}}", path, 0);
		CHECK_INT(parse_info(text, &err), 0);
		CHECK_INT(strlen(loaded.runtime[0].path), longer ? 0 : path);
		CHECK_INT(loaded.truncated, longer);
		snprintf(text, sizeof(text), OK_HEAD "{\"DefaultRuntime\": \"%0*d\"}", name, 0);
		CHECK_INT(parse_info(text, &err), 0);
		CHECK_INT(strlen(loaded.default_runtime), longer ? 0 : name);
		CHECK_INT(loaded.truncated, longer);
	}
}

/* Those that do not fit are not taken for missing. */
static void many(void)
{
	static const struct {
		int n, name;
		size_t want;
		bool truncated;
	} cases[] = {
		{ DOCKER_LOADED_MAX, 3, DOCKER_LOADED_MAX, false },
		{ DOCKER_LOADED_MAX + 1, 3, DOCKER_LOADED_MAX, true },
		{ 1, 63, 1, false },
		{ 1, 64, 0, true },
		{ 2, 64, 0, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[4096];
		size_t n = (size_t)snprintf(text, sizeof(text), OK_HEAD "{\"Runtimes\": {");
		struct error err;

		check_case = "many";
		for (int k = 0; k < cases[i].n; k++)
			n += (size_t)snprintf(text + n, sizeof(text) - n,
					      "%s\"%0*d\": {\"path\": \"/x\"}", k ? "," : "",
					      cases[i].name, k);
		snprintf(text + n, sizeof(text) - n, "}}");
		CHECK_INT(parse_info(text, &err), 0);
		CHECK_INT(loaded.n, cases[i].want);
		CHECK_INT(loaded.truncated, cases[i].truncated);
	}
}

/* What a parser that was taken over may send. */
static void forged(void)
{
	struct docker_loaded l = { .n = DOCKER_LOADED_MAX };

	check_case = "forged";
	CHECK_INT(docker_loaded_valid(&l), true);
	l.n++;
	CHECK_INT(docker_loaded_valid(&l), false);
	l = (struct docker_loaded){ .n = 1 };
	memset(l.runtime[0].name, 'x', sizeof(l.runtime[0].name));
	CHECK_INT(docker_loaded_valid(&l), false);
	l = (struct docker_loaded){ .n = 1 };
	memset(l.runtime[0].path, 'x', sizeof(l.runtime[0].path));
	CHECK_INT(docker_loaded_valid(&l), false);
	l = (struct docker_loaded){ 0 };
	memset(l.default_runtime, 'x', sizeof(l.default_runtime));
	CHECK_INT(docker_loaded_valid(&l), false);
	l = (struct docker_loaded){ 0 };
	memset(&l.truncated, 2, 1);
	CHECK_INT(docker_loaded_valid(&l), false);
	/* of all that are counted, and of no more */
	l = (struct docker_loaded){ .n = 2 };
	memset(l.runtime[1].name, 'x', sizeof(l.runtime[1].name));
	CHECK_INT(docker_loaded_valid(&l), false);
	l.n = 1;
	CHECK_INT(docker_loaded_valid(&l), true);
}

static void command_lines(void)
{
	static const struct {
		const char *args, *config, *socket;
		bool elsewhere, runtimes;
	} cases[] = {
		{ "/usr/bin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock", "",
		  "", false, false },
		{ "dockerd", "", "", false, false },
		{ "dockerd --config-file /c.json --host unix:///s", "/c.json", "/s", false,
		  false },
		{ "dockerd --config-file=/c.json --host=unix:///s", "/c.json", "/s", false,
		  false },
		{ "dockerd -Hunix:///s -H=unix:///t", "", "/s", false, false },
		{ "dockerd -H tcp://127.0.0.1:1", "", "", true, false },
		{ "dockerd -H tcp://127.0.0.1:1 -H fd://", "", "", false, false },
		{ "dockerd -H fd:// -H unix:///s -H tcp://:1", "", "/s", false, false },
		{ "dockerd -H unix://relative", "", "", true, false },
		{ "dockerd --add-runtime k=/k", "", "", false, true },
		{ "dockerd --add-runtime=k=/k --hosts x --config-files y", "", "", false,
		  true },
		/* of a letter the rest is its value */
		{ "dockerd -H=unix:///t -H unix:///u", "", "/t", false, false },
		{ "dockerd -H=tcp://:1", "", "", true, false },
		{ "dockerd -H=fd://", "", "", false, false },
		{ "dockerd -Hfd:// -Htcp://:1", "", "", false, false },
		{ "dockerd -D unix:///s", "", "", false, false },
		{ "dockerd --hosts=unix:///s", "", "", false, false },
		{ "dockerd --host unix:///s --config-file /c --config-file /d", "/d", "/s",
		  false, false },
		{ "dockerd -H unix:/// -H unix:///b", "", "/", false, false },
		{ "dockerd -H unix:/x/s", "", "", true, false },
		{ "dockerd x-host=unix:///s xHunix:///s host=unix:///s", "", "", false, false },
		{ "dockerd --config-file", "", "", false, false },
		{ "dockerd --add-runtime", "", "", false, false },
		{ "dockerd --host", "", "", false, false },
		{ "dockerd -H", "", "", false, false },
		{ "dockerd --validate --config-file /c.json", "/c.json", "", false, false },
		{ "", "", "", false, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		static struct docker_args out;
		const char *letter = strstr(cases[i].args, " -H");
		size_t len = strlen(cases[i].args) + 1;
		char *words = malloc(len); /* exactly as long: reading on would be seen */

		check_case = cases[i].args;
		memcpy(words, cases[i].args, len);
		for (char *p = words; *p; p++)
			*p = *p == ' ' ? '\0' : *p;
		docker_args_parse(words, len, &out);
		CHECK_TEXT(out.config, cases[i].config);
		CHECK_TEXT(out.socket, cases[i].socket);
		CHECK_INT(out.elsewhere, cases[i].elsewhere);
		CHECK_INT(out.runtimes, cases[i].runtimes);
		/* without a value there is none */
		CHECK_INT(out.hosts, strstr(cases[i].args, " --host ") ||
					     strstr(cases[i].args, " --host=") ||
					     (letter && letter[3]));
		CHECK_INT(out.validates, strstr(cases[i].args, "--validate") != NULL);
		/* an argument that was cut off is none */
		if (strncmp(cases[i].args, "dockerd --config-file /c", 24) == 0) {
			docker_args_parse(words, 24, &out);
			CHECK_TEXT(out.config, "");
		}
		free(words);
	}
	for (int longer = 0; longer <= 1; longer++) {
		char host[DOCKER_SOCKET_MAX + 16];

		snprintf(host, sizeof(host), "unix:///%0*d", DOCKER_SOCKET_MAX - 2 + longer, 0);
		CHECK((docker_host_socket(host) == NULL) == longer);
	}
	for (int longer = 0; longer <= 1; longer++) {
		static struct docker_args out;
		char words[DOCKER_SOCKET_MAX + 16];
		int len = snprintf(words, sizeof(words), "-Hunix:///%0*d",
				   DOCKER_SOCKET_MAX - 2 + longer, 0);

		check_case = longer ? "too long" : "just fits";
		docker_args_parse(words, (size_t)len + 1, &out);
		CHECK_INT(strlen(out.socket), longer ? 0 : DOCKER_SOCKET_MAX - 1);
		CHECK_INT(out.elsewhere, longer);
	}
}

int main(void)
{
	RUN(answers);
	RUN(no_answers);
	RUN(too_long);
	RUN(many);
	RUN(forged);
	RUN(command_lines);
	return check_end();
}
