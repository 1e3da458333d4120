/* SPDX-License-Identifier: Apache-2.0 */
/* hook/doctor/containerd_judge.c: the lists of annotations that containerd passes on, and how each is edited. */
#include <string.h>

#include "base/macros.h"
#include "check.h"
#include "doctor/containerd_files.h"

/* "LEVEL: FIX" or "LEVEL: (ADVICE)" of what is found of the first runtime. */
static const char *judge_text(const char *text)
{
	struct doctor d = { .finding = findings };
	static char out[1024];

	config = (struct containerd_config){ 0 };
	if (parse_file("/etc/containerd/config.toml", text) < 0)
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
	RUN(test_annotations);
	RUN(test_two_files);
	RUN(test_sentences);
	RUN(test_no_file);
	RUN(test_no_effect);
	return check_end();
}
