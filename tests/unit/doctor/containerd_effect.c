/* SPDX-License-Identifier: Apache-2.0 */
/* hook/doctor/containerd_judge.c: what containerd itself says it has. */
#include "doctor/containerd_judge.h"

#include <string.h>

#include "base/macros.h"
#include "check.h"
#include "doctor/containerd_files.h"

/* What containerd itself has counts, whatever is known of its releases. */
static void test_effects(void)
{
#define TABLE(plugin)                                            \
	"[plugins." plugin ".containerd.runtimes.ksm]\n"         \
	"runtime_type = 'io.containerd.runc.v2'\n"               \
	"[plugins." plugin ".containerd.runtimes.ksm.options]\n" \
	"BinaryName = '/a'\n"
	static const char cri[] = TABLE("cri"), grpc[] = TABLE("'io.containerd.grpc.v1.cri'"),
			  runtime[] = TABLE("\"io.containerd.cri.v1.runtime\"");
	static const struct {
		const char *version, *table;
		enum containerd_effect effect;
		const char *level;
	} cases[] = {
		/* 2.x takes it, 1.x drops it */
		{ "version = 2\n", runtime, EFFECT_UNKNOWN, "warning" },
		{ "version = 2\n", runtime, EFFECT_TAKEN, "" },
		{ "version = 2\n", runtime, EFFECT_DROPPED, "broken" },
		{ "", grpc, EFFECT_TAKEN, "" },
		{ "", grpc, EFFECT_DROPPED, "broken" },
		{ "version = 3\n", grpc, EFFECT_DROPPED, "broken" },
		/* containerd 1.6 reads a version of 3 as 2 */
		{ "version = 3\n", grpc, EFFECT_TAKEN, "" },
		/* right by its name, and yet not there */
		{ "version = 2\n", grpc, EFFECT_UNKNOWN, "" },
		{ "version = 2\n", grpc, EFFECT_DROPPED, "broken" },
		{ "version = 1\n", cri, EFFECT_DROPPED, "broken" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct doctor d = { .finding = findings };
		char text[512];

		snprintf(text, sizeof(text), "%s%s", cases[i].version, cases[i].table);
		check_case = text;
		config = (struct containerd_config){ 0 };
		CHECK_INT(parse_file("/c.toml", text), 0);
		CHECK_INT(containerd_runtime_judge(&d, &config, &config.runtime[0],
						   cases[i].effect),
			  cases[i].effect == EFFECT_TAKEN ||
				  (cases[i].effect == EFFECT_UNKNOWN));
		CHECK_INT(d.n, cases[i].level[0] != 0);
		if (d.n)
			CHECK_TEXT(finding_level_name(findings[0].level), cases[i].level);
		if (d.n)
			CHECK(findings[0].fix[0] || findings[0].advice[0]);
	}
}

/* Of what stands in the files that counts which containerd says it has. */
static void test_answered(void)
{
	static const struct {
		bool pod, container, e_pod, e_container, same_type;
		bool edited; /* there is still a table to be edited */
	} cases[] = {
		{ true, true, true, true, true, true },
		{ false, false, false, false, true, true },
		{ false, false, true, true, true, true },
		{ true, true, false, true, true, false },
		{ true, true, true, false, true, false },
		{ true, false, false, false, true, false },
		{ false, true, false, false, true, false },
		{ true, false, true, false, false, true },
		{ false, true, false, true, false, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		static struct containerd_config answer;
		struct containerd_runtime *e = &answer.runtime[0], r;

		check_case = "an answer";
		answer = (struct containerd_config){ .n = 1, .root_version = 2 };
		*e = (struct containerd_runtime){
			.name = "ksm",
			.binary = "/a",
			.plugin = CRI_PLUGIN_V2,
			.type = "a",
			.pod = { .merge = cases[i].e_pod },
			.container = { .merge = cases[i].e_container },
		};
		r = *e;
		r.pod.merge = cases[i].pod;
		r.container.merge = cases[i].container;
		r.table.line = 7;
		r.typed.line = 8;
		snprintf(r.type, sizeof(r.type), cases[i].same_type ? "a" : "b");
		CHECK_INT(containerd_effect_of(&answer, &r), EFFECT_TAKEN);
		CHECK_INT(r.table.line, cases[i].edited ? 7 : 0);
		CHECK_INT(r.typed.line, cases[i].same_type ? 8 : 0);
		CHECK_INT(r.answered, 2);
		CHECK_TEXT(r.type, "a");
		CHECK_INT(r.pod.merge, cases[i].e_pod);
		CHECK_INT(r.container.merge, cases[i].e_container);
	}
}

/* n runtimes, ours the last. */
static void parse_many(struct containerd_config *c, int n, const char *name)
{
	static char text[16384];
	struct error err;
	size_t len = (size_t)snprintf(text, sizeof(text), "version = 2\n");

	for (int i = 0; i < n; i++)
		len += (size_t)snprintf(
			text + len, sizeof(text) - len,
			"[plugins.'io.containerd.grpc.v1.cri'.containerd.runtimes.r%d" OPTIONS
			"'/a'\n",
			i);
	snprintf(text + len, sizeof(text) - len,
		 "[plugins.'io.containerd.grpc.v1.cri'.containerd.runtimes.%s" OPTIONS
		 "'/usr/sbin/ksm-runc'\n",
		 name);
	*c = (struct containerd_config){ 0 };
	CHECK_INT(containerd_config_parse(c, "an answer", text, &err), 0);
}

/* "Not there" is said where all that is there was looked at. */
static void test_truncated(void)
{
	static struct containerd_config files, answer;
	char name[100];

	check_case = "truncated";
	parse_many(&files, 0, "ksm");
	CHECK_INT(containerd_effect_of(NULL, &files.runtime[0]), EFFECT_UNKNOWN);
	parse_many(&answer, CONTAINERD_RUNTIMES_MAX - 1, "ksm");
	CHECK(!answer.truncated);
	CHECK_INT(containerd_effect_of(&answer, &files.runtime[0]), EFFECT_TAKEN);
	parse_many(&answer, CONTAINERD_RUNTIMES_MAX - 1, "other");
	CHECK_INT(containerd_effect_of(&answer, &files.runtime[0]), EFFECT_DROPPED);
	/* what stands behind the last one is none */
	parse_many(&answer, 2, "ksm");
	answer.n--;
	CHECK_INT(containerd_effect_of(&answer, &files.runtime[0]), EFFECT_DROPPED);
	parse_many(&answer, CONTAINERD_RUNTIMES_MAX, "ksm");
	CHECK(answer.truncated);
	CHECK_INT(containerd_effect_of(&answer, &files.runtime[0]), EFFECT_UNKNOWN);
	/* nor by a name that has no room */
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	parse_many(&answer, 2, name);
	CHECK_INT(answer.n, 2);
	CHECK(answer.truncated);
}

int main(void)
{
	RUN(test_answered);
	RUN(test_truncated);
	RUN(test_effects);
	return check_end();
}
