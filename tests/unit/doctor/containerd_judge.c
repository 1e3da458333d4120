/* SPDX-License-Identifier: Apache-2.0 */
/* hook/doctor/containerd_judge.c: the plugin's name, the runtime's type. */
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
		/* what stands behind the last one is none */
		config.n = 1;
		CHECK(!containerd_runtime_is_repeated(&config, &config.runtime[0]));
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
	RUN(test_names);
	RUN(test_type);
	RUN(test_types);
	RUN(test_type_that_is_told);
	return check_end();
}
