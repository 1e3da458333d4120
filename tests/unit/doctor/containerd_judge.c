/* SPDX-License-Identifier: Apache-2.0 */
/* hook/doctor/containerd_judge.c: the plugin's name, the runtime's type, and what containerd says it has. */
#include "doctor/containerd_judge.h"

#include <string.h>

#include "base/macros.h"
#include "check.h"
#include "doctor/containerd_files.h"

/*
 * As containerd 1.6 answered (config dump), and by the source of 2.1: the plugin's names against the
 * version, with the command that repairs it.
 */
static void test_names(void)
{
#define RIGHT "\\1|' /c.toml && systemctl restart containerd"
	static const char cri[] = "cri", grpc[] = "'io.containerd.grpc.v1.cri'",
			  runtime[] = "\"io.containerd.cri.v1.runtime\"";
	static const char to_cri[] = "|cri" RIGHT,
			  to_grpc[] = "|\"io.containerd.grpc.v1.cri\"" RIGHT,
			  to_runtime[] = "|\"io.containerd.cri.v1.runtime\"" RIGHT;
	static const struct {
		const char *version, *plugin;
		const char *level, *fix;
		bool works;
	} cases[] = {
		{ "", cri, "", "", true },
		{ "", grpc, "warning", to_cri, true },
		{ "", runtime, "warning", to_cri, true },
		{ "version = 1\n", cri, "", "", true },
		{ "version = 1\n", grpc, "warning", to_cri, true },
		{ "version = 2\n", cri, "broken", to_grpc, false },
		{ "version = 2\n", grpc, "", "", true },
		{ "version = 2\n", runtime, "warning", to_grpc, true },
		{ "version = 3\n", cri, "broken", to_runtime, false },
		{ "version = 3\n", grpc, "broken", to_runtime, false },
		{ "version = 3\n", runtime, "", "", true },
		{ "version = 4\n", runtime, "", "", true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct doctor d = { .finding = findings };
		char text[512];

		snprintf(text, sizeof(text),
			 "%s[plugins.%s.containerd.runtimes.ksm]\nruntime_type = "
			 "'io.containerd.runc.v2'\n"
			 "[plugins.%s.containerd.runtimes.ksm.options]\nBinaryName = '/a'\n",
			 cases[i].version, cases[i].plugin, cases[i].plugin);
		check_case = text;
		config = (struct containerd_config){ 0 };
		CHECK_INT(parse_file("/c.toml", text), 0);
		CHECK_INT(containerd_runtime_judge(&d, &config, &config.runtime[0],
						   EFFECT_UNKNOWN),
			  cases[i].works);
		CHECK_INT(d.n, cases[i].level[0] != 0);
		if (d.n == 0 || !cases[i].level[0])
			continue;
		CHECK_TEXT(finding_level_name(findings[0].level), cases[i].level);
		CHECK_HAS(findings[0].fix, "sed -i '/^[[:blank:]]*[[]plugins/s|");
		CHECK_HAS(findings[0].fix, cases[i].fix);
		snprintf(text, sizeof(text), "has no plugin %.*s: see the runtime ksm",
			 (int)strcspn(cases[i].plugin + strspn(cases[i].plugin, "'\""), "'\""),
			 cases[i].plugin + strspn(cases[i].plugin, "'\""));
		CHECK_HAS(findings[0].what, text);
	}
}

static void test_type(void)
{
	struct doctor d = { .finding = findings };

	check_case = "type";
	config = (struct containerd_config){ 0 };
	CHECK_INT(parse_file("/a.toml",
			     "version = 2\n" V1 BOTH
			     "[plugins.'io.containerd.grpc.v1.cri'.containerd.runtimes."
			     "ksm" OPTIONS "'/usr/sbin/ksm-runc'\n"),
		  0);
	CHECK(!containerd_runtime_judge(&d, &config, &config.runtime[0], EFFECT_UNKNOWN));
	CHECK_INT(d.n, 1);
	CHECK_TEXT(finding_level_name(findings[0].level), "broken");
	CHECK_TEXT(findings[0].fix, "sed -i '2a runtime_type = \"io.containerd.runc.v2\"' "
				    "/a.toml && systemctl restart containerd");
	config.runtime[0].table.line = 0;
	CHECK(!containerd_runtime_judge(&d, &config, &config.runtime[0], EFFECT_UNKNOWN));
	CHECK_TEXT(findings[1].fix, "");
	CHECK_HAS(findings[1].advice, "add runtime_type");
}

/*
 * BinaryName is for runc's own type: containerd 1.x has two of it (getRuntimeOptionsType of pkg/cri), and
 * 2.x the second.
 */
static void test_types(void)
{
#define FIXED                                                                              \
	"sed -i '3s|=[[:blank:]]*[^[:blank:]#]*|= \"io.containerd.runc.v2\"|' /c.toml && " \
	"systemctl restart containerd"
	static const struct {
		const char *type;
		int version, answered;
		const char *level, *fix;
	} cases[] = {
		{ "'io.containerd.runc.v2'", 2, 0, "", "" },
		{ "\"io.containerd.runc.v2\" # ours", 2, 3, "", "" },
		{ "'io.containerd.runc.v1'", 2, 2, "", "" },
		{ "'io.containerd.runc.v1'", 2, 0, "warning", FIXED },
		{ "'io.containerd.runc.v1'", 2, 3, "broken", FIXED },
		{ "'io.containerd.runsc.v1'", 2, 0, "broken", FIXED },
		{ "'io.containerd.runtime.v1.linux'", 2, 2, "broken", FIXED },
		{ "'io.containerd.kata.v2'", 2, 3, "broken", FIXED },
		{ "'/usr/bin/containerd-shim-runc-v2'", 2, 3, "broken", FIXED },
		{ "'IO.containerd.runc.v2'", 2, 3, "broken", FIXED },
		{ "'io.containerd.runc.v2 '", 2, 3, "broken", "" },
		{ "'io.containerd.runc.v2.a.name.that.is.longer.than.any.that.is.looked.at'", 2,
		  3, "broken", FIXED },
		{ "''", 2, 2, "broken", "" },
		{ "7", 2, 2, "broken", "" },
		{ "'io.containerd.runc.v1'", 3, 0, "broken", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct doctor d = { .finding = findings };
		const char *table = cases[i].version == 2 ? V1 : V2;
		char text[512];

		snprintf(text, sizeof(text),
			 "version = %d\n%sruntime_type = %s\n%.*s" OPTIONS "'/a'\n",
			 cases[i].version, table, cases[i].type, (int)strlen(table) - 2, table);
		check_case = cases[i].type;
		config = (struct containerd_config){ 0 };
		CHECK_INT(parse_file("/c.toml", text), 0);
		config.runtime[0].answered = cases[i].answered;
		CHECK_INT(containerd_runtime_judge(&d, &config, &config.runtime[0],
						   cases[i].answered ? EFFECT_TAKEN :
								       EFFECT_UNKNOWN),
			  strcmp(cases[i].level, "broken") != 0);
		CHECK_INT(d.n, cases[i].level[0] != 0);
		if (d.n == 0)
			continue;
		CHECK_TEXT(finding_level_name(findings[0].level), cases[i].level);
		if (cases[i].version == 2)
			CHECK_TEXT(findings[0].fix, cases[i].fix);
		CHECK_INT(findings[0].advice[0] != 0, findings[0].fix[0] == 0);
	}
}

/* A type of one letter is one as well. */
static void test_type_that_is_told(void)
{
	static const struct {
		const char *type, *what, *why;
	} cases[] = {
		{ "", "of /f has no runtime_type", "no pod of that runtime can start" },
		{ "x", "of /f has the runtime_type x",
		  "only io.containerd.runc.v2 starts pods" },
		{ "kata", "of /f has the runtime_type kata", "only io.containerd.runc.v2" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct doctor d = { .finding = findings };
		struct containerd_runtime r = { .name = "ksm",
						.file = "/f",
						.binary = "/a",
						.plugin = CRI_PLUGIN_V2,
						.version = 2 };

		check_case = cases[i].type;
		config = (struct containerd_config){ .root_version = 2 };
		snprintf(r.type, sizeof(r.type), "%s", cases[i].type);
		CHECK(!containerd_runtime_judge(&d, &config, &r, EFFECT_UNKNOWN));
		CHECK_INT(d.n, 1);
		CHECK_HAS(findings[0].what, cases[i].what);
		CHECK_HAS(findings[0].why, cases[i].why);
	}
}

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

/* Below which headers a command finds all that it has to change. */
static void test_headed(void)
{
#define V3_OF "io.containerd.cri.v1.runtime"
	static const struct {
		const char *text;
		bool headed;
	} cases[] = {
		{ "[plugins.'" V3_OF "'.containerd.runtimes.ksm]\nx = 1\n", true },
		{ "\t[plugins.'" V3_OF "'.containerd.runtimes.ksm.options]\nx = 1\n", true },
		{ "[ plugins.'" V3_OF "'.containerd.runtimes.ksm]\nx = 1\n", false },
		{ "[plugins.'" V3_OF "' .containerd.runtimes.ksm]\nx = 1\n", false },
		{ "['plugins'.'" V3_OF "'.containerd.runtimes.ksm]\nx = 1\n", false },
		{ "[plugins.'" V3_OF "'.containerd.runtimes]\nksm.x = 1\n", false },
		{ "[plugins.'" V3_OF "'.containerd.runtimes]\nksm = {x = 1}\n", false },
		{ "[plugins]\n'" V3_OF "'.containerd.runtimes.ksm.x = 1\n", false },
		{ "[plugins.'" V3_OF "'.containerd.runtimes.ksm]\nx = 1\n"
		  "[plugins.'" V3_OF "'.containerd.runtimes]\nksm.y = 1\n",
		  false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct doctor d = { .finding = findings };
		char text[512];

		check_case = cases[i].text;
		snprintf(text, sizeof(text), "version = 2\n%s", cases[i].text);
		config = (struct containerd_config){ 0 };
		CHECK_INT(parse_file("/c.toml", text), 0);
		CHECK_INT(config.n, 1);
		snprintf(config.runtime[0].type, sizeof(config.runtime[0].type),
			 "io.containerd.runc.v2");
		config.runtime[0].option = (struct containerd_place){ .file = "/c.toml" };
		containerd_runtime_judge(&d, &config, &config.runtime[0], EFFECT_UNKNOWN);
		CHECK_INT(d.n, 1);
		CHECK_INT(findings[0].fix[0] != 0, cases[i].headed);
		CHECK_INT(findings[0].advice[0] != 0, !cases[i].headed);
	}
	/* nor one of two files */
	check_case = "two files";
	config = (struct containerd_config){ 0 };
	CHECK_INT(parse_file("/c.toml", cases[0].text), 0);
	CHECK_INT(parse_file("/d.toml", cases[0].text), 0);
	CHECK(!config.runtime[0].headed);
}

/* By both names of the plugin: there is one runtime, that of the right one. */
static void test_repeated(void)
{
	static const char right[] = V1 BOTH, wrong[] = V2 BOTH;
	char text[1024];

	for (int i = 0; i < 2; i++) {
		check_case = i ? "the wrong one first" : "the right one first";
		snprintf(text, sizeof(text), "version = 2\n%s%s", i ? wrong : right,
			 i ? right : wrong);
		config = (struct containerd_config){ 0 };
		CHECK_INT(parse_file("/c.toml", text), 0);
		CHECK_INT(config.n, 2);
		CHECK_INT(containerd_runtime_is_repeated(&config, &config.runtime[i]), false);
		CHECK_INT(containerd_runtime_is_repeated(&config, &config.runtime[1 - i]),
			  true);
	}
	check_case = "alone";
	snprintf(text, sizeof(text), "version = 2\n%s", wrong);
	config = (struct containerd_config){ 0 };
	CHECK_INT(parse_file("/c.toml", text), 0);
	CHECK(!containerd_runtime_is_repeated(&config, &config.runtime[0]));
}

int main(void)
{
	RUN(test_headed);
	RUN(test_repeated);
	RUN(test_answered);
	RUN(test_truncated);
	RUN(test_names);
	RUN(test_type);
	RUN(test_types);
	RUN(test_type_that_is_told);
	RUN(test_effects);
	return check_end();
}
