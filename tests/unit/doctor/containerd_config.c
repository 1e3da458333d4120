/* SPDX-License-Identifier: Apache-2.0 */
/* hook/doctor/containerd_config.c: configurations, and what is found of our runtime. */
#include "doctor/containerd_config.h"

#include <errno.h>

#include "base/macros.h"
#include "check.h"

#define V2      "[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.ksm]\n"
#define OPTIONS ".options]\nBinaryName = "

static struct containerd_config config;

static int parse_text(const char *text, struct error *err)
{
	static char copy[2048];

	snprintf(copy, sizeof(copy), "%s", text);
	return containerd_config_parse(&config, "/etc/containerd/config.toml", copy, err);
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
		{ ".options]\nbinaryname = \"/usr/sbin/ksm-runc\"\n", "/usr/sbin/ksm-runc" },
		{ ".options]\nbinary_name = \"/usr/sbin/ksm-runc\"\n", "" },
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

/* Relative ones are looked for beside the file that names them. */
static void test_imports(void)
{
	char text[64];
	struct error err;

	check_case = "imports";
	config = (struct containerd_config){ 0 };
	CHECK_INT(parse_text("version = 2\nimports = ['/etc/a/*.toml', 'conf.d/b.toml', "
			     "'./conf.d/b.toml', '/etc/a/*.toml', '/etc/c.toml', "
			     "'a/b.toml', '.b.toml', '././d.toml']\n",
			     &err),
		  0);
	CHECK_INT(config.imports, 6);
	CHECK_TEXT(config.import[0].path, "/etc/a/*.toml");
	CHECK(!config.import[0].relative);
	CHECK_TEXT(config.import[1].path, "/etc/containerd/conf.d/b.toml");
	CHECK(config.import[1].relative);
	CHECK_TEXT(config.import[1].from, "/etc/containerd/config.toml");
	CHECK_TEXT(config.import[2].path, "/etc/c.toml");
	CHECK_TEXT(config.import[3].path, "/etc/containerd/a/b.toml");
	CHECK_TEXT(config.import[4].path, "/etc/containerd/.b.toml");
	CHECK_TEXT(config.import[5].path, "/etc/containerd/d.toml");
	for (int i = 0; i < 2 * CONTAINERD_IMPORTS_MAX; i++) {
		snprintf(text, sizeof(text), "imports = ['/%d']\n", i);
		CHECK_INT(parse_text(text, &err), 0);
	}
	CHECK_INT(config.imports, CONTAINERD_IMPORTS_MAX);
}

/* Each file has a version, or that of the first one. */
static void test_versions(void)
{
	struct error err;

	check_case = "versions";
	config = (struct containerd_config){ 0 };
	CHECK_INT(parse_text("x = 1\n", &err), 0);
	CHECK_INT(config.root_version, 0);
	CHECK_INT(parse_text("version = 3 # three\n" V2 "x = 1\n", &err), 0);
	CHECK_INT(config.root_version, 0);
	CHECK_INT(config.version, 3);
	CHECK_INT(config.runtime[0].version, 3);
	CHECK_INT(parse_text(V2 "x = 1\n", &err), 0);
	CHECK_INT(config.runtime[0].version, 1);
	config = (struct containerd_config){ 0 };
	CHECK_INT(parse_text("version = 2\n", &err), 0);
	CHECK_INT(parse_text(V2 "x = 1\n", &err), 0);
	CHECK_INT(config.root_version, 2);
	CHECK_INT(config.version, 0);
	CHECK_INT(config.runtime[0].version, 2);
	CHECK_INT(config.runtime[0].plugin, CRI_PLUGIN_V3);
	CHECK_TEXT(config.section[CRI_PLUGIN_V3], "/etc/containerd/config.toml");
	CHECK_TEXT(config.section[CRI_PLUGIN_V2], "");
}

/* One that is no number is none of version 1: containerd refuses it. */
static void test_odd_versions(void)
{
	static const struct {
		const char *value;
		int version; /* -1: odd */
	} cases[] = {
		{ "2", 2 },
		{ "0x3", 3 },
		{ "0b10", 2 },
		{ "0o2 # two", 2 },
		{ "+2", 2 },
		{ "1_0", 10 },
		{ "0", 0 },
		{ "'2'", -1 },
		{ "2.0", -1 },
		{ "2e0", -1 },
		{ "true", -1 },
		{ "[2]", -1 },
		{ "two", -1 },
		{ "-1", -1 },
		{ "0x", -1 },
		{ "2147483647", 2147483647 },
		{ "2147483648", -1 },
		{ "99999999999", -1 },
		{ "2 3", -1 },
		{ "1979-05-27", -1 },
		{ "99999999999999999999", -1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct error err;
		char text[64];

		check_case = cases[i].value;
		config = (struct containerd_config){ 0 };
		snprintf(text, sizeof(text), "\nversion = %s\n", cases[i].value);
		CHECK_INT(parse_text(text, &err), 0);
		CHECK_INT(config.odd_version.line, cases[i].version < 0 ? 2 : 0);
		CHECK_INT(config.root_version, cases[i].version < 0 ? 0 : cases[i].version);
		CHECK_INT(config.last_version, cases[i].version < 0 ? 0 : cases[i].version);
	}
}

/* Of a runtime's settings each has its place, and no other one says it. */
static void test_places(void)
{
	struct error err;

	check_case = "places";
	config = (struct containerd_config){ 0 };
	CHECK_INT(parse_text(V2 "x = 'io.containerd.runc.v2'\n", &err), 0);
	CHECK(!config.runtime[0].type_given && !config.runtime[0].type[0]);
	CHECK(!config.runtime[0].pod.given && !config.runtime[0].container.given);
	CHECK_INT(parse_text("[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.ksm"
			     ".options]\nruntime_type = 'a'\npod_annotations = ['*']\n"
			     "container_annotations = ['*']\n",
			     &err),
		  0);
	CHECK(!config.runtime[0].type_given && !config.runtime[0].type[0]);
	CHECK(!config.runtime[0].pod.given && !config.runtime[0].container.given);
	CHECK_INT(config.files, 2);
	/* a key of the plugin's own, or the plugin as a key: both are sections of it */
	config = (struct containerd_config){ 0 };
	CHECK_INT(parse_text("[plugins]\ncri = 1\n", &err), 0);
	CHECK_TEXT(config.section[CRI_PLUGIN_V1], "/etc/containerd/config.toml");
	CHECK_TEXT(config.section[CRI_PLUGIN_V2], "");
	CHECK_TEXT(config.section[CRI_PLUGIN_V3], "");
	CHECK_INT(config.n, 0);
	/* a version of its own goes before that of the first file */
	config = (struct containerd_config){ 0 };
	CHECK_INT(parse_text("version = 2\n", &err), 0);
	CHECK_INT(parse_text("version = 1\n" V2 "x = 1\n", &err), 0);
	CHECK_INT(config.runtime[0].version, 1);
}

/* A type, too; of a longer one as much is kept as shows which it is. */
static void test_long_types(void)
{
	char text[256];
	struct error err;
	const int room = (int)sizeof(config.runtime[0].type);

	for (int len = room - 1; len <= room + 1; len++) {
		config = (struct containerd_config){ 0 };
		snprintf(text, sizeof(text), V2 "runtime_type = '%0*d'\n", len, 0);
		check_case = text;
		CHECK_INT(parse_text(text, &err), 0);
		CHECK_INT(config.n, 1);
		CHECK(config.runtime[0].type_given);
		CHECK_INT(strlen(config.runtime[0].type), len < room ? len : 35);
		CHECK_INT(strstr(config.runtime[0].type, "00...") != NULL, len >= room);
	}
	check_case = "";
}

/* A name of any length that there is room for. */
static void test_long_names(void)
{
	char text[256];
	struct error err;

	check_case = "long names";
	for (int len = (int)sizeof(config.runtime[0].name) - 1;
	     len <= (int)sizeof(config.runtime[0].name); len++) {
		bool fits = len < (int)sizeof(config.runtime[0].name);

		config = (struct containerd_config){ 0 };
		snprintf(text, sizeof(text),
			 "[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.%0*d]\n"
			 "x = 1\n",
			 len, 0);
		CHECK_INT(parse_text(text, &err), 0);
		CHECK_INT(config.n, fits);
		CHECK_INT(config.truncated, !fits);
		CHECK_INT(strlen(config.runtime[0].name), fits ? len : 0);
	}
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

/* Files that nobody will look into are told of. */
static void test_unread(void)
{
	static char text[1024];
	char name[CONTAINERD_PATH_MAX + 1];
	struct error err;
	size_t len;

	for (int n = CONTAINERD_IMPORTS_MAX; n <= CONTAINERD_IMPORTS_MAX + 1; n++) {
		check_case = n == CONTAINERD_IMPORTS_MAX ? "all" : "one too many";
		len = (size_t)snprintf(text, sizeof(text), "imports = [");
		for (int i = 0; i < n; i++)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "'/%d',", i);
		snprintf(text + len, sizeof(text) - len, "]\n");
		config = (struct containerd_config){ 0 };
		CHECK_INT(parse_text(text, &err), 0);
		CHECK_INT(config.imports, CONTAINERD_IMPORTS_MAX);
		CHECK_INT(config.unread, n > CONTAINERD_IMPORTS_MAX);
	}
	check_case = "a long name";
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	snprintf(text, sizeof(text), "imports = ['/%s']\n", name);
	config = (struct containerd_config){ 0 };
	CHECK_INT(parse_text(text, &err), 0);
	CHECK(config.unread);
	check_case = "no text";
	config = (struct containerd_config){ 0 };
	CHECK_INT(parse_text("imports = ['/a', 7]\n", &err), 0);
	CHECK(config.unread);
}

int main(void)
{
	RUN(test_unread);
	RUN(test_binary);
	RUN(test_files);
	RUN(test_imports);
	RUN(test_versions);
	RUN(test_odd_versions);
	RUN(test_places);
	RUN(test_long_names);
	RUN(test_long_types);
	RUN(test_many_runtimes);
	return check_end();
}
