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
		CHECK_INT(engine_refuses_config(cases[i].words), cases[i].config);
	}
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
	RUN(troubles);
	return check_end();
}
