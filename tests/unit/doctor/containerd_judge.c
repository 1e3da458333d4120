/* SPDX-License-Identifier: Apache-2.0 */
/* hook/doctor/containerd_judge.c: configurations, and what is found of our runtime. */
#include "doctor/containerd_judge.h"

#include <errno.h>
#include <string.h>

#include "base/macros.h"
#include "check.h"

#define V1      "[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.ksm]\n"
#define V2      "[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.ksm]\n"
#define OPTIONS ".options]\nBinaryName = "
#define BOTH    "pod_annotations = ['io.ksm.*']\ncontainer_annotations = ['io.ksm.*']\n"

static struct finding findings[8];
static struct containerd_config config;

static int parse_file(const char *file, const char *text)
{
	static char copy[2048];
	struct error err;

	snprintf(copy, sizeof(copy), "%s", text);
	return containerd_config_parse(&config, file, copy, &err);
}

static int parse_text(const char *text, struct error *err)
{
	(void)err;
	return parse_file("/etc/containerd/config.toml", text);
}

/* "LEVEL: FIX" or "LEVEL: (ADVICE)" of what is found of the first runtime. */
static const char *judge_text(const char *text)
{
	struct doctor d = { .finding = findings };
	static char out[1024];
	struct error err;

	config = (struct containerd_config){ 0 };
	if (parse_text(text, &err) < 0)
		return "TOML";
	if (config.n == 0)
		return "none";
	containerd_annotations_judge(&d, &config.runtime[0]);
	CHECK_INT(d.n, 1);
	CHECK_INT(findings[0].id, ID_CONTAINERD_ANNOTATIONS);
	snprintf(out, sizeof(out), findings[0].advice[0] ? "%s: (%s)" : "%s: %s",
		 finding_level_name(findings[0].level),
		 findings[0].advice[0] ? findings[0].advice : findings[0].fix);
	return out;
}

static void test_annotations(void)
{
#define SED     "warning: sed -i"
#define RESTART " /etc/containerd/config.toml && systemctl restart containerd"
	static const struct {
		const char *text, *found;
	} cases[] = {
		{ V1 BOTH, "ok: " },
		{ V2 BOTH, "ok: " },
		{ V2 "pod_annotations = [\"a\", \"io.ksm.merge\"]\n"
		     "container_annotations = [\"*\"]\n",
		  "ok: " },
		/* path.Match: a * does not cross a slash, and there is none in the name */
		{ V2
		  "pod_annotations = [\"*/*\"]\ncontainer_annotations = [\"io.ksm.?erge\"]\n",
		  SED " -e '2s|[[]|[\"io.ksm.*\", \"io.ksm.*/*\", |\'" RESTART },
		{ V2 "runtime_type = 'io.containerd.runc.v2'\n", SED
		  " -e '1a pod_annotations = [\"io.ksm.*\", \"io.ksm.*/*\"]'"
		  " -e '1a container_annotations = [\"io.ksm.*\", \"io.ksm.*/*\"]'" RESTART },
		{ V2 "pod_annotations = [\"io.ksm.*\"]\n", SED
		  " -e '1a container_annotations = [\"io.ksm.*\", \"io.ksm.*/*\"]'" RESTART },
		{ V2 "container_annotations = [\"io.ksm.*\"]\n",
		  SED " -e '1a pod_annotations = [\"io.ksm.*\", \"io.ksm.*/*\"]'" RESTART },
		{ V2 "pod_annotations = []\ncontainer_annotations = ['other']\n",
		  SED " -e '2s|[[]|[\"io.ksm.*\", \"io.ksm.*/*\", |\' -e "
		      "'3s|[[]|[\"io.ksm.*\", \"io.ksm.*/*\", |\'" RESTART },
		{ "\n\n" V2 "pod_annotations = []\ncontainer_annotations = ['io.ksm.*']\n",
		  SED " -e '4s|[[]|[\"io.ksm.*\", \"io.ksm.*/*\", |\'" RESTART },
		/* the last one counts */
		{ V2 BOTH "pod_annotations = ['x']\n",
		  SED " -e '4s|[[]|[\"io.ksm.*\", \"io.ksm.*/*\", |\'" RESTART },
		/* in runc's place the annotation decides */
		{ "[plugins.\"io.containerd.cri.v1.runtime\".containerd.runtimes.ksm" OPTIONS
		  "\"/usr/libexec/ksm-hook/runc\"\n" V2 "x = 1\n",
		  "broken: sed -i -e '3a pod_annotations = [\"io.ksm.*\", \"io.ksm.*/*\"]'"
		  " -e '3a container_annotations = [\"io.ksm.*\", \"io.ksm.*/*\"]'" RESTART },
		/* an inline table has no line to put one after */
		{ "[plugins.\"io.containerd.cri.v1.runtime\".containerd]\n"
		  "runtimes = { ksm = { pod_annotations = ['x'] } }\n",
		  "warning: (add pod_annotations = [\"io.ksm.*\", \"io.ksm.*/*\"] and "
		  "container_annotations = [\"io.ksm.*\", \"io.ksm.*/*\"] to it)" },
		/* what is no list of strings cannot be added to */
		{ V2 "pod_annotations = \"io.ksm.*\"\ncontainer_annotations = ['io.ksm.*']\n",
		  "warning: (add pod_annotations = [\"io.ksm.*\", \"io.ksm.*/*\"] and "
		  "container_annotations = [\"io.ksm.*\", \"io.ksm.*/*\"] to it)" },
		{ V2 "pod_annotations = ['io.ksm.*']\ncontainer_annotations = [1]\n",
		  "warning: (add pod_annotations = [\"io.ksm.*\", \"io.ksm.*/*\"] and "
		  "container_annotations = [\"io.ksm.*\", \"io.ksm.*/*\"] to it)" },
		/* other plugins, other tables */
		{ "[plugins.cri.containerd.runtimes.ksm]\n" BOTH, "ok: " },
		{ "[plugins.other.containerd.runtimes.ksm]\n" BOTH, "none" },
		{ "[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtime.ksm]\n" BOTH,
		  "none" },
		{ "[plugins.\"io.containerd.grpc.v1.cri\".registry.runtimes.ksm]\n" BOTH,
		  "none" },
		{ "[plugin.\"io.containerd.grpc.v1.cri\".containerd.runtimes.ksm]\n" BOTH,
		  "none" },
		{ "[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes]\nksm = 1\n",
		  "none" },
		{ "version = 2\n", "none" },
		{ "", "none" },
		{ "[plugins\n", "TOML" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		check_case = cases[i].text;
		CHECK_TEXT(judge_text(cases[i].text), cases[i].found);
	}
}

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

/* Its parts stand in two files: each list is edited where it is, and 1.x has only the last section. */
static void test_two_files(void)
{
	struct doctor d = { .finding = findings };

	check_case = "two files";
	config = (struct containerd_config){ 0 };
	CHECK_INT(parse_file("/a.toml",
			     "version = 2\n\n"
			     "[plugins.'io.containerd.grpc.v1.cri'.containerd.runtimes.x]\n"
			     "pod_annotations = ['mine']\n" V1
			     "runtime_type = 'io.containerd.runc.v2'\n"
			     "pod_annotations = ['a']\n"),
		  0);
	CHECK_INT(parse_file("/b.toml",
			     "version = 2\n[plugins.'io.containerd.grpc.v1.cri'.containerd."
			     "runtimes.ksm" OPTIONS "'/usr/sbin/ksm-runc'\n"),
		  0);
	containerd_annotations_judge(&d, &config.runtime[1]);
	CHECK_TEXT(findings[0].fix,
		   "sed -i -e '7s|[[]|[\"io.ksm.*\", \"io.ksm.*/*\", |'"
		   " -e '5a container_annotations = [\"io.ksm.*\", \"io.ksm.*/*\"]' /a.toml"
		   " && systemctl restart containerd");
	CHECK(containerd_runtime_judge(&d, &config, &config.runtime[1], EFFECT_UNKNOWN));
	CHECK_INT(d.n, 1);
	/* a section of the plugin, whatever it says */
	CHECK_INT(parse_file("/c.toml",
			     "version = 2\n[plugins.'io.containerd.grpc.v1.cri']\nx = 1\n"),
		  0);
	CHECK(containerd_runtime_judge(&d, &config, &config.runtime[1], EFFECT_UNKNOWN));
	CHECK_INT(d.n, 2);
	CHECK_HAS(findings[1].what, "/b.toml sets the runtime ksm, and /c.toml has");
	CHECK_INT(findings[1].level, FINDING_WARNING);
	CHECK_HAS(findings[1].advice, "into one of the two files");
	/* what containerd says it does not have is lost, not at risk */
	CHECK(!containerd_runtime_judge(&d, &config, &config.runtime[1], EFFECT_DROPPED));
	CHECK_INT(d.n, 3);
	CHECK_INT(findings[2].level, FINDING_BROKEN);
	d.n = 2;
	/* the lists in two files */
	CHECK_INT(parse_file("/d.toml", V1 "container_annotations = ['b']\n"), 0);
	containerd_annotations_judge(&d, &config.runtime[1]);
	CHECK_TEXT(findings[2].fix,
		   "sed -i -e '7s|[[]|[\"io.ksm.*\", \"io.ksm.*/*\", |' /a.toml && sed -i"
		   " -e '2s|[[]|[\"io.ksm.*\", \"io.ksm.*/*\", |' /d.toml"
		   " && systemctl restart containerd");
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

/* What is told of the lists: which one lacks it, and what comes of that. */
static void test_sentences(void)
{
	static const struct {
		const char *binary, *harm, *lists;
		bool pod, container;
	} cases[] = {
		{ "/usr/sbin/ksm-runc", "the wrapper sees neither",
		  "see pod_annotations, container_annotations in /f", false, false },
		{ "/usr/sbin/ksm-runc", "the wrapper sees neither", "see pod_annotations in /f",
		  false, true },
		{ "/usr/libexec/ksm-hook/runc", "no pod is merged",
		  "see container_annotations in /f", true, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct doctor d = { .finding = findings };
		struct containerd_runtime r = { .name = "ksm", .file = "/f" };

		check_case = cases[i].lists;
		snprintf(r.binary, sizeof(r.binary), "%s", cases[i].binary);
		r.pod.merge = cases[i].pod;
		r.container.merge = cases[i].container;
		containerd_annotations_judge(&d, &r);
		CHECK_INT(d.n, 1);
		CHECK_HAS(findings[0].what, cases[i].lists);
		CHECK_HAS(findings[0].why, cases[i].harm);
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

/* Known from the answer alone: there is no line that could be edited. */
static void test_no_file(void)
{
	struct doctor d = { .finding = findings };

	check_case = "no file";
	config = (struct containerd_config){ 0 };
	CHECK_INT(parse_file("containerd config dump",
			     "version = 2\n" V1 "pod_annotations = ['mine']\n"
			     "[plugins.'io.containerd.grpc.v1.cri'.containerd.runtimes."
			     "ksm" OPTIONS "'/usr/sbin/ksm-runc'\n"),
		  0);
	config.runtime[0].table.line = 0;
	CHECK(!containerd_runtime_judge(&d, &config, &config.runtime[0], EFFECT_TAKEN));
	containerd_annotations_judge(&d, &config.runtime[0]);
	CHECK_INT(d.n, 2);
	CHECK_TEXT(findings[0].fix, "");
	CHECK_TEXT(findings[0].advice, "add runtime_type = \"io.containerd.runc.v2\" to it");
	CHECK_TEXT(findings[1].fix, "");
	CHECK(strncmp(findings[1].advice, "add pod_annotations = ", 22) == 0);
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

/* What is as it should be where it stands, and has no effect, is no place to be edited. */
static void test_no_effect(void)
{
	static struct containerd_config answer;
	struct doctor d = { .finding = findings };
	struct error err;
	char text[] = "version = 2\n" V1
		      "runtime_type = 'io.containerd.runc.v2'\npod_annotations = ['a']\n"
		      "[plugins.'io.containerd.grpc.v1.cri'.containerd.runtimes.ksm" OPTIONS
		      "'/usr/sbin/ksm-runc'\n";

	check_case = "no effect";
	config = (struct containerd_config){ 0 };
	CHECK_INT(parse_file("/a.toml",
			     "version = 2\n" V1 BOTH "runtime_type = ''\n"
			     "[plugins.'io.containerd.grpc.v1.cri'.containerd.runtimes."
			     "ksm" OPTIONS "'/usr/sbin/ksm-runc'\n"),
		  0);
	/* a second type would be no TOML */
	CHECK(!containerd_runtime_judge(&d, &config, &config.runtime[0], EFFECT_UNKNOWN));
	CHECK_TEXT(findings[0].fix, "");
	CHECK_HAS(findings[0].advice, "set runtime_type");
	answer = (struct containerd_config){ 0 };
	CHECK_INT(containerd_config_parse(&answer, "an answer", text, &err), 0);
	CHECK_INT(containerd_effect_of(&answer, &config.runtime[0]), EFFECT_TAKEN);
	containerd_annotations_judge(&d, &config.runtime[0]);
	CHECK_INT(d.n, 2);
	CHECK_TEXT(findings[1].fix, "");
	CHECK_HAS(findings[1].advice, "add pod_annotations");
}

int main(void)
{
	RUN(test_headed);
	RUN(test_repeated);
	RUN(test_no_effect);
	RUN(test_answered);
	RUN(test_sentences);
	RUN(test_truncated);
	RUN(test_no_file);
	RUN(test_annotations);
	RUN(test_names);
	RUN(test_two_files);
	RUN(test_type);
	RUN(test_types);
	RUN(test_effects);
	return check_end();
}
