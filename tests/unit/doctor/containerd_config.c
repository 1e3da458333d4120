/* SPDX-License-Identifier: Apache-2.0 */
/* hook/doctor/containerd_config.c: configurations, and what is found of our runtime. */
#include "doctor/containerd_config.h"

#include <errno.h>

#include "base/macros.h"
#include "check.h"

#define V1      "[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.ksm]\n"
#define V2      "[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.ksm]\n"
#define OPTIONS ".options]\nBinaryName = "
#define BOTH    "pod_annotations = ['io.ksm.*']\ncontainer_annotations = ['io.ksm.*']\n"

static struct finding findings[4];
static struct containerd_config config;

static int parse_text(const char *text, struct error *err)
{
	static char copy[2048];

	snprintf(copy, sizeof(copy), "%s", text);
	return containerd_config_parse(&config, "/etc/containerd/config.toml", copy, err);
}

/* "LEVEL: FIX" of what is found of the first runtime. */
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
	snprintf(out, sizeof(out), "%s: %s", finding_level_name(findings[0].level),
		 findings[0].fix);
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
		  "warning: add pod_annotations = [\"io.ksm.*\", \"io.ksm.*/*\"] and "
		  "container_annotations = [\"io.ksm.*\", \"io.ksm.*/*\"] to it" },
		/* other plugins, other tables */
		{ "[plugins.cri.containerd.runtimes.ksm]\n" BOTH, "none" },
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

static void test_binary(void)
{
	static const struct {
		const char *option, *binary;
	} cases[] = {
		{ OPTIONS "\"/usr/sbin/ksm-runc\"\n", "/usr/sbin/ksm-runc" },
		{ OPTIONS "\"ksm-runc\"\n", "ksm-runc" },
		{ OPTIONS "7\n", "" },
		{ OPTIONS "[\"/usr/sbin/ksm-runc\"]\n", "" },
		{ "]\nBinaryName = \"/usr/sbin/ksm-runc\"\n", "" },
		{ ".other]\nBinaryName = \"/usr/sbin/ksm-runc\"\n", "" },
		{ ".options]\nbinaryname = \"/usr/sbin/ksm-runc\"\n", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct error err;
		char text[256];

		check_case = cases[i].option;
		config = (struct containerd_config){ 0 };
		snprintf(text, sizeof(text),
			 "[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.ksm%s",
			 cases[i].option);
		CHECK_INT(parse_text(text, &err), 0);
		CHECK_INT(config.n, 1);
		CHECK_TEXT(config.runtime[0].binary, cases[i].binary);
		CHECK_TEXT(config.runtime[0].name, "ksm");
	}
}

/* Two files say of one runtime what each knows of it. */
static void test_files(void)
{
	struct error err;

	check_case = "files";
	config = (struct containerd_config){ 0 };
	CHECK_INT(parse_text(V2 "pod_annotations = ['io.ksm.*']\n", &err), 0);
	CHECK_INT(parse_text(V2 "container_annotations = ['io.ksm.*']\n", &err), 0);
	CHECK_INT(config.n, 1);
	CHECK(config.runtime[0].pod.merge && config.runtime[0].container.merge);
	CHECK_INT(parse_text("[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.a]\n"
			     "x = 1\n",
			     &err),
		  0);
	CHECK_INT(config.n, 2);
}

static void test_imports(void)
{
	char text[64];
	struct error err;

	check_case = "imports";
	config = (struct containerd_config){ 0 };
	CHECK_INT(parse_text("version = 2\nimports = ['/etc/a/*.toml', 'conf.d/b.toml', "
			     "'/etc/a/*.toml', '/etc/c.toml']\n",
			     &err),
		  0);
	CHECK_INT(config.imports, 2);
	CHECK_TEXT(config.import[0], "/etc/a/*.toml");
	CHECK_TEXT(config.import[1], "/etc/c.toml");
	for (int i = 0; i < 2 * CONTAINERD_IMPORTS_MAX; i++) {
		snprintf(text, sizeof(text), "imports = ['/%d']\n", i);
		CHECK_INT(parse_text(text, &err), 0);
	}
	CHECK_INT(config.imports, CONTAINERD_IMPORTS_MAX);
}

static void test_many_runtimes(void)
{
	struct error err;
	char text[128];

	check_case = "many";
	config = (struct containerd_config){ 0 };
	for (int i = 0; i < 2 * CONTAINERD_RUNTIMES_MAX; i++) {
		snprintf(text, sizeof(text),
			 "[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.r%d]\n"
			 "x = 1\n",
			 i);
		CHECK_INT(parse_text(text, &err), 0);
	}
	CHECK_INT(config.n, CONTAINERD_RUNTIMES_MAX);
}

int main(void)
{
	RUN(test_annotations);
	RUN(test_binary);
	RUN(test_files);
	RUN(test_imports);
	RUN(test_many_runtimes);
	return check_end();
}
