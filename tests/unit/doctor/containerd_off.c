/* SPDX-License-Identifier: Apache-2.0 */
/* hook/doctor/containerd_off.c: which names in disabled_plugins keep pods, or the agent, from running. */
#include "doctor/containerd_off.h"

#include <string.h>

#include "base/macros.h"
#include "check.h"

static struct containerd_config files, answer;

static void parse_into(struct containerd_config *c, const char *file, const char *text)
{
	static char copy[1024];
	struct error err;

	snprintf(copy, sizeof(copy), "%s", text);
	CHECK_INT(containerd_config_parse(c, file, copy, &err), 0);
}

static void parse_files(const char *version, const char *text)
{
	static char whole[1024];

	files = (struct containerd_config){ 0 };
	snprintf(whole, sizeof(whole), "%s%s\n", version, text);
	parse_into(&files, "/c.toml", whole);
}

/*
 * What containerd 1.6.20, 1.7.24 and 2.1.9 did (ctr plugins ls): 1.x takes the names of version 1 by their
 * last part, and later ones whole; 2.x as its answer has them.
 */
static void test_cri(void)
{
	static const char none[] = "", v1[] = "version = 1\n", v2[] = "version = 2\n",
			  v3[] = "version = 3\n";
	static const struct {
		const char *version, *name;
		enum containerd_switch alone, of_1,
			of_2; /* by the files, answered by 1.x, 2.x */
	} cases[] = {
		{ none, "cri", SWITCH_OFF, SWITCH_OFF, SWITCH_ON },
		{ v1, "cri", SWITCH_OFF, SWITCH_OFF, SWITCH_ON },
		{ none, "io.containerd.grpc.v1.cri", SWITCH_MAYBE, SWITCH_ON, SWITCH_OFF },
		{ v1, "io.containerd.grpc.v1.cri", SWITCH_MAYBE, SWITCH_ON, SWITCH_OFF },
		{ v2, "io.containerd.grpc.v1.cri", SWITCH_OFF, SWITCH_OFF, SWITCH_OFF },
		{ v3, "io.containerd.grpc.v1.cri", SWITCH_OFF, SWITCH_OFF, SWITCH_OFF },
		{ v2, "io.containerd.cri.v1.runtime", SWITCH_MAYBE, SWITCH_MAYBE, SWITCH_OFF },
		{ v3, "io.containerd.cri.v1.images", SWITCH_OFF, SWITCH_MAYBE, SWITCH_OFF },
		{ v2, "io.containerd.runtime.v2.task", SWITCH_OFF, SWITCH_OFF, SWITCH_OFF },
		{ v1, "task", SWITCH_OFF, SWITCH_OFF, SWITCH_ON },
		{ v2, "io.containerd.service.v1.images-service", SWITCH_OFF, SWITCH_OFF,
		  SWITCH_OFF },
		{ v1, "overlayfs", SWITCH_OFF, SWITCH_OFF, SWITCH_ON },
		{ v2, "io.containerd.snapshotter.v1.overlayfs", SWITCH_OFF, SWITCH_OFF,
		  SWITCH_OFF },
		/* what pods do without */
		{ v1, "crio", SWITCH_ON, SWITCH_ON, SWITCH_ON },
		{ v2, "io.containerd.grpc.v1.crix", SWITCH_ON, SWITCH_ON, SWITCH_ON },
		{ v2, "io.containerd.snapshotter.v1.btrfs", SWITCH_ON, SWITCH_ON, SWITCH_ON },
		{ v2, "io.containerd.nri.v1.nri", SWITCH_ON, SWITCH_ON, SWITCH_ON },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct containerd_switched s;
		char text[256];

		check_case = cases[i].name;
		snprintf(text, sizeof(text), "disabled_plugins = [\"a.b.c.d\", \"%s\"]",
			 cases[i].name);
		parse_files(cases[i].version, text);
		s = containerd_cri(&files, NULL);
		CHECK_INT(s.is, cases[i].alone);
		if (s.is != SWITCH_ON) {
			CHECK_HAS(s.by, cases[i].name);
			CHECK_TEXT(s.at->file, "/c.toml");
		}
		/* 1.x says version 2 whatever there was */
		answer = (struct containerd_config){ 0 };
		parse_into(&answer, "dump", "version = 2\n");
		parse_into(&answer, "dump", text);
		CHECK_INT(containerd_cri(&files, &answer).is, cases[i].of_1);
		answer = (struct containerd_config){ 0 };
		parse_into(&answer, "dump", "version = 3\n");
		parse_into(&answer, "dump", text);
		CHECK_INT(containerd_cri(&files, &answer).is, cases[i].of_2);
	}
}

/* Images may be unpacked by another one (1.6 and 2.1: CRI fails without the one that is set). */
static void test_other_snapshotter(void)
{
	static const struct {
		const char *text;
		enum containerd_switch is;
	} cases[] = {
		{ "[plugins.'io.containerd.grpc.v1.cri'.containerd]\nsnapshotter = 'zfs'",
		  SWITCH_ON },
		{ "[plugins.'io.containerd.cri.v1.images']\nsnapshotter = 'zfs'",
		  SWITCH_MAYBE },
		{ "[plugins.'io.containerd.grpc.v1.cri'.containerd]\nsnapshotter = 'overlayfs'",
		  SWITCH_OFF },
		{ "[plugins.'io.containerd.grpc.v1.cri'.containerd]\nsnapshotter = ''",
		  SWITCH_OFF },
		{ "[plugins.'io.containerd.grpc.v1.cri']\nsnapshotter = 'zfs'", SWITCH_OFF },
		{ "[plugins.other]\nsnapshotter = 'zfs'", SWITCH_OFF },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[256];

		check_case = cases[i].text;
		snprintf(text, sizeof(text),
			 "disabled_plugins = ['io.containerd.snapshotter.v1.overlayfs']\n%s",
			 cases[i].text);
		parse_files(strstr(text, "images") ? "version = 3\n" : "version = 2\n", text);
		CHECK_INT(containerd_cri(&files, NULL).is, cases[i].is);
	}
}

/* Lists of all files count together, and what containerd answers alone has no place. */
static void test_places(void)
{
	char how[CONTAINERD_ON_MAX];
	struct containerd_switched s;

	check_case = "places";
	parse_files("version = 2\n", "disabled_plugins = ['io.containerd.grpc.v1.cri']");
	parse_into(&files, "/d.toml", "disabled_plugins = []\n");
	s = containerd_cri(&files, NULL);
	CHECK_INT(s.is, SWITCH_OFF);
	CHECK_TEXT(containerd_switch_on(&s, how),
		   "take io.containerd.grpc.v1.cri (or the last part of it) out of "
		   "disabled_plugins in /c.toml");
	answer = (struct containerd_config){ 0 };
	parse_into(&answer, "dump",
		   "disabled_plugins = ['io.containerd.grpc.v1.cri']\nversion = 3\n");
	parse_files("version = 2\n", "");
	s = containerd_cri(&files, &answer);
	CHECK_INT(s.is, SWITCH_OFF);
	CHECK_INT(s.at->line, 0);
	CHECK_TEXT(containerd_switch_on(&s, how),
		   "take io.containerd.grpc.v1.cri (or the last part of it) out of "
		   "disabled_plugins");
}

static void test_nri(void)
{
#define NRI "[plugins.\"io.containerd.nri.v1.nri\"]\n"
	static const struct {
		const char *text;
		enum containerd_switch is;
	} cases[] = {
		{ "", SWITCH_ON },
		{ "disabled_plugins = ['io.containerd.nri.v1.nri']", SWITCH_OFF },
		{ NRI "disable = true", SWITCH_OFF },
		{ NRI "disable = false", SWITCH_ON },
		{ NRI "disable = true\ndisable = false", SWITCH_ON },
		{ NRI "disable = \"true\"", SWITCH_ON },
		{ "[plugins.\"io.containerd.grpc.v1.nri\"]\ndisable = true", SWITCH_ON },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct containerd_switched s;
		char how[CONTAINERD_ON_MAX];

		check_case = cases[i].text;
		parse_files("version = 2\n", cases[i].text);
		s = containerd_nri(&files, NULL);
		CHECK_INT(s.is, cases[i].is);
		if (s.is == SWITCH_OFF)
			CHECK_HAS(containerd_switch_on(&s, how),
				  s.by ? "disabled_plugins in /c.toml" :
					 "set disable = false in");
	}
	check_case = "answered";
	parse_files("version = 2\n", "");
	answer = (struct containerd_config){ 0 };
	parse_into(&answer, "dump", "version = 2\n" NRI "disable = true\n");
	CHECK_INT(containerd_nri(&files, &answer).is, SWITCH_OFF);
	CHECK_INT(containerd_nri(&files, &answer).at->line, 0);
}

/* As containerd 1.6.20, 1.7.24 and 2.1.9 did, which show it as a plugin with an error. */
static void test_default(void)
{
#define CRI     "plugins.\"io.containerd.grpc.v1.cri\".containerd"
#define NAMED   "[" CRI "]\ndefault_runtime_name = "
#define RUNTIME "\n[" CRI ".runtimes.ksm]\nruntime_type = \"x\"\n"
	static const struct {
		const char *text;
		enum containerd_switch alone, answered;
		const char *name;
	} cases[] = {
		{ "", SWITCH_ON, SWITCH_ON, "runc" },
		{ NAMED "\"nix\"", SWITCH_ON, SWITCH_ON, "nix" },
		{ RUNTIME, SWITCH_MAYBE, SWITCH_OFF, "runc" },
		{ NAMED "\"runc\"" RUNTIME, SWITCH_MAYBE, SWITCH_OFF, "runc" },
		{ NAMED "\"nix\"" RUNTIME, SWITCH_OFF, SWITCH_OFF, "nix" },
		{ NAMED "\"\"" RUNTIME, SWITCH_OFF, SWITCH_OFF, "" },
		{ NAMED "\"ksm\"" RUNTIME, SWITCH_ON, SWITCH_ON, "ksm" },
		{ NAMED "\"a.name.that.is.longer.than.any.that.a.runtime.can.have.in.our."
			"table\"" RUNTIME,
		  SWITCH_ON, SWITCH_ON,
		  "a.name.that.is.longer.than.any.that.a.runtime.can.have.in.our.t" },
		{ "[" CRI ".default_runtime]\nruntime_type = \"x\"" RUNTIME, SWITCH_ON,
		  SWITCH_ON, "runc" },
		{ "[" CRI ".default_runtime]\nruntime_type = \"\"" RUNTIME, SWITCH_MAYBE,
		  SWITCH_OFF, "runc" },
		{ RUNTIME "[" CRI ".runtimes.runc]\nx = 1", SWITCH_ON, SWITCH_ON, "runc" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *name;

		check_case = cases[i].text;
		parse_files("version = 2\n", cases[i].text);
		CHECK_INT(containerd_default(&files, NULL, &name).is, cases[i].alone);
		CHECK_TEXT(name, cases[i].name);
		CHECK_INT(containerd_default(&files, &files, &name).is, cases[i].answered);
	}
	check_case = "version 3";
	parse_files("version = 3\n", "[plugins.\"io.containerd.cri.v1.runtime\".containerd."
				     "runtimes.ksm]\nx = 1");
	CHECK_INT(containerd_default(&files, NULL, &(const char *){ NULL }).is, SWITCH_ON);
}

int main(void)
{
	RUN(test_cri);
	RUN(test_other_snapshotter);
	RUN(test_places);
	RUN(test_nri);
	RUN(test_default);
	return check_end();
}
