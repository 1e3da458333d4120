/* SPDX-License-Identifier: Apache-2.0 */
/* What is made of an engine's program that gives no answer. */
#include "doctor/engine_answer.h"

#include <stdio.h>

#include "base/macros.h"
#include "check.h"

/* As containerd 1.6, 1.7 and 2.1 end, and urfave/cli for a command that there is not. */
static void refused(void)
{
	static const struct {
		const char *words;
		bool config;
	} cases[] = {
		{ "containerd: failed to load TOML from /x.toml: unsupported config version "
		  "`3`",
		  true },
		{ "containerd: failed to load TOML: /c.toml: (1, 9): was expecting token [[",
		  true },
		{ "containerd: failed to load TOML: /c.toml: open /c.toml: permission denied",
		  false },
		{ "containerd: open /c.toml: permission denied", false },
		{ "No help topic for 'dump'", false },
		/* of a script around it, or of what it lacks */
		{ "/dev/fd/3: 2: exec: containerd.real: not found", false },
		{ "error while loading shared libraries: libx.so: no such file", false },
		{ "", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		check_case = cases[i].words;
		CHECK_INT(engine_refuses_config(ASK_CONTAINERD, cases[i].words),
			  cases[i].config);
		CHECK(!engine_refuses_config(ASK_DOCKERD, cases[i].words));
		CHECK(!engine_lacks_command(cases[i].words));
	}
}

/* As dockerd 26.1 and 20.10 end. */
static void refused_by_docker(void)
{
	static const char refused[] =
		"unable to configure the Docker daemon with file /d.json: "
		"the following directives don't match any configuration "
		"option: x",
			  denied[] = "unable to configure the Docker daemon with file /d.json: "
				     "open /d.json: permission denied",
			  unknown[] = "See 'dockerd --help'., Code: 125";

	check_case = "dockerd";
	CHECK(engine_refuses_config(ASK_DOCKERD, refused));
	CHECK(!engine_lacks_command(refused));
	CHECK(!engine_refuses_config(ASK_DOCKERD, denied));
	CHECK(!engine_refuses_config(ASK_DOCKERD, unknown));
	CHECK(engine_lacks_command(unknown));
}

static void troubles(void)
{
	static const struct {
		struct engine_answer answer;
		const char *text; /* "": none */
	} cases[] = {
		{ { .state = ANSWER_NOT_ASKED }, "" },
		{ { .state = ANSWER_GIVEN, .words = "a warning" }, "" },
		{ { .state = ANSWER_LATE }, "crio config does not come to an end" },
		{ { .state = ANSWER_UNTRUSTED, .words = "x" },
		  "crio config is not run as root: x" },
		{ { .state = ANSWER_UNUSABLE, .words = "x" },
		  "crio config gives no answer: x" },
		{ { .state = ANSWER_REFUSED, .words = "x" },
		  "crio config fails, run without capabilities: x" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[ENGINE_TROUBLE_MAX] = "";

		check_case = cases[i].text;
		CHECK_INT(engine_trouble(&cases[i].answer, ASK_CRIO, text),
			  cases[i].text[0] != 0);
		CHECK_TEXT(text, cases[i].text);
	}
}

int main(void)
{
	RUN(refused);
	RUN(refused_by_docker);
	RUN(troubles);
	return check_end();
}
