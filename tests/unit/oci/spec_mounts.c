/* SPDX-License-Identifier: Apache-2.0 */
/* "mounts" of config.json: whether the library is there, and where it can be mounted. */
#include "oci/spec_mounts.h"

#include "base/json_reader.h"
#include "base/macros.h"
#include "check.h"
#include "oci/spec.h"

#define DEV   "{\"destination\":\"/dev\",\"type\":\"tmpfs\"}"
#define OTHER "{\"destination\":\"/x\",\"type\":\"bind\"}"
#define LIB   "{\"destination\":\"" SPEC_LIBRARY "\",\"type\":\"bind\"}"

/* The mounts; behind which text the library's would be added, NULL where it cannot be. */
static const struct {
	const char *mounts, *behind;
	enum spec_mount mount;
} cases[] = {
	{ "[" DEV "]", "[" DEV, SPEC_MOUNT_ADD },
	{ "[" OTHER "," DEV "," OTHER "]", "[" OTHER "," DEV, SPEC_MOUNT_ADD },
	{ "[{\"type\":\"tmpfs\",\"x\":{\"type\":\"y\"},\"destination\":\"/dev\" }]",
	  "[{\"type\":\"tmpfs\",\"x\":{\"type\":\"y\"},\"destination\":\"/dev\" }",
	  SPEC_MOUNT_ADD },
	/* the last one covers those before it */
	{ "[" DEV ",{\"destination\":\"/dev\",\"type\":\"bind\"}]", NULL, SPEC_MOUNT_ADD },
	{ "[{\"destination\":\"/dev\",\"type\":\"bind\"}," DEV "]",
	  "[{\"destination\":\"/dev\",\"type\":\"bind\"}," DEV, SPEC_MOUNT_ADD },
	/* what one mount says is not the next one's */
	{ "[{\"type\":\"tmpfs\"},{\"destination\":\"/dev\"}]", NULL, SPEC_MOUNT_ADD },
	{ "[{\"destination\":\"/dev\"},{\"type\":\"tmpfs\"}]", NULL, SPEC_MOUNT_ADD },
	{ "[{\"destination\":\"/dev\",\"type\":\"tmpfsx\"}]", NULL, SPEC_MOUNT_ADD },
	{ "[{\"destination\":\"/dev\",\"type\":\"tmpf\"}]", NULL, SPEC_MOUNT_ADD },
	{ "[{\"destination\":\"/dev\",\"type\":7}]", NULL, SPEC_MOUNT_ADD },
	{ "[{\"destination\":7,\"type\":\"tmpfs\"}]", NULL, SPEC_MOUNT_ADD },
	{ "[{\"destination\":[\"/dev\"],\"type\":\"tmpfs\"}]", NULL, SPEC_MOUNT_ADD },
	/* there already, wherever */
	{ "[" LIB "]", NULL, SPEC_MOUNT_THERE },
	{ "[" LIB "," DEV "]", NULL, SPEC_MOUNT_THERE },
	{ "[" DEV "," LIB "]", NULL, SPEC_MOUNT_THERE },
	{ "[{\"destination\":\"/dev/../dev/./ksm-hook//libksm_preload.so\"}]", NULL,
	  SPEC_MOUNT_THERE },
	/* as many spellings as a path has, and other paths */
	{ "[{\"destination\":\"dev/ksm-hook/libksm_preload.so\"}]", NULL, SPEC_MOUNT_THERE },
	{ "[{\"destination\":\"///dev/./a/../ksm-hook/b/c/../../libksm_preload.so///\"}]", NULL,
	  SPEC_MOUNT_THERE },
	{ "[{\"destination\":\"/../../dev/ksm-hook/libksm_preload.so/.\"}]", NULL,
	  SPEC_MOUNT_THERE },
	{ "[{\"destination\":\"/dev/ksm-hook/libksm_preload.so/..\"}]", NULL, SPEC_MOUNT_ADD },
	{ "[{\"destination\":\"/dev/ksm-hook/...\"}]", NULL, SPEC_MOUNT_ADD },
	{ "[{\"destination\":\"/dev/.ksm-hook/libksm_preload.so\"}]", NULL, SPEC_MOUNT_ADD },
	{ "[{\"destination\":\"/dev/ksm-hook/xx/libksm_preload.so\"}]", NULL, SPEC_MOUNT_ADD },
	{ "[{\"destination\":\"/a/dev/\",\"type\":\"tmpfs\"}]", NULL, SPEC_MOUNT_ADD },
	{ "[{\"destination\":\"/a/../dev/\",\"type\":\"tmpfs\"}]",
	  "[{\"destination\":\"/a/../dev/\",\"type\":\"tmpfs\"}", SPEC_MOUNT_ADD },
	{ "[{\"destination\":\"/./dev/ab/..\",\"type\":\"tmpfs\"}]",
	  "[{\"destination\":\"/./dev/ab/..\",\"type\":\"tmpfs\"}", SPEC_MOUNT_ADD },
	{ "[{\"source\":\"" SPEC_LIBRARY "\"}]", NULL, SPEC_MOUNT_ADD },
	/* none */
	{ "[]", NULL, SPEC_MOUNT_ADD },
	{ "{\"destination\":\"/dev\",\"type\":\"tmpfs\"}", NULL, SPEC_MOUNT_ADD },
	{ "null", NULL, SPEC_MOUNT_ADD },
};

static const char start[] = "{\"process\":{\"env\":[\"A=b\"]},\"mounts\":";

static struct spec parse(const char *mounts)
{
	static const struct policy_config config;
	static const struct spec_origin origin;
	char text[1000];
	struct decision d;
	struct error err;
	struct spec s;
	bool syntax;

	check_case = mounts;
	json_release();
	snprintf(text, sizeof(text), "%s%s}", start, mounts);
	CHECK_INT(spec_parse(text, strlen(text), &origin, &config, &s, NULL, &d, &syntax, &err),
		  0);
	return s;
}

/* A path has as many spellings as it has, but is no longer than we keep. */
static void long_paths(void)
{
	char mounts[400];

	for (int len = 80; len < 120; len++) {
		snprintf(mounts, sizeof(mounts),
			 "[{\"destination\":\"/%0*d/../dev\",\"type\":\"tmpfs\"}]", len, 0);
		/* more than any path of ours is taken for another, at the latest */
		CHECK_INT(parse(mounts).blocker.reason == REASON_NONE, len <= 95);
	}
}

static void lists(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct spec s = parse(cases[i].mounts);

		CHECK_INT(s.mount, cases[i].mount);
		if (cases[i].behind)
			CHECK_INT(s.mount_at, strlen(start) + strlen(cases[i].behind));
		CHECK_INT(s.blocker.reason, cases[i].behind || s.mount == SPEC_MOUNT_THERE ?
						    REASON_NONE :
						    REASON_PRELOAD_MOUNTS);
		/* whoever has no list is told so, and nothing of a /dev in it */
		if (s.blocker.reason != REASON_NONE)
			CHECK_HAS(s.blocker.msg, cases[i].mounts[0] == '[' ? "its /dev is not" :
									     "is not a list");
	}
}

/* Where the program is; "" where no mount has it. */
static void holds(const char *process, const char *mounts, const char *source)
{
	static const struct policy_config config;
	static const struct spec_origin origin;
	char text[2000];
	struct decision d;
	struct error err;
	struct spec s;
	bool syntax;

	/* in either order */
	for (int i = 0; i < 2; i++) {
		check_case = mounts;
		json_release();
		snprintf(text, sizeof(text),
			 i ? "{\"mounts\":[%s],\"process\":%s}" :
			     "{\"process\":%2$s,\"mounts\":[%1$s]}",
			 mounts, process);
		CHECK_INT(spec_parse(text, strlen(text), &origin, &config, &s, NULL, &d,
				     &syntax, &err),
			  0);
		CHECK_TEXT(s.bind.source, source);
	}
}

#define APP          "{\"args\":[\"/a/b\"]}"
#define BIND(at, of) "{\"destination\":" at ",\"source\":" of ",\"options\":[\"ro\",\"rbind\"]}"

static void programs(void)
{
	static const struct {
		const char *list;
		bool binds;
	} options[] = {
		{ "[\"bind\"]", true },
		{ "[\"rbind\"]", true },
		{ "[\"bind\",\"ro\"]", true },
		{ "[\"ro\",\"bind\"]", true },
		{ "[\"ro\"]", false },
		{ "[\"binds\"]", false },
		{ "[\"xbind\"]", false },
		{ "[\"Bind\"]", false },
		{ "[[\"bind\"]]", false },
		{ "\"bind\"", false },
		{ "[]", false },
	};
	char mounts[1500];
	int n = 0;

	holds(APP, BIND("\"/a\"", "\"/x\""), "/x");
	holds(APP, BIND("\"/a/b\"", "\"/x\""), "/x");
	holds(APP, BIND("\"/a//\"", "\"/x\""), "/x");
	holds("{\"args\":[\"./b\"],\"cwd\":\"/a\"}", BIND("\"/a\"", "\"/x\""), "/x");
	holds("{\"args\":[\"b\"],\"cwd\":\"/a\"}", BIND("\"/a\"", "\"/x\""), "");
	holds("{\"args\":[\"./b\"]}", BIND("\"/a\"", "\"/x\""), "");
	holds(APP, BIND("\"/a\"", "\"/x\"") "," BIND("\"/a\"", "\"/y\""), "/y");
	holds(APP, BIND("\"/a\"", "\"/x\"") "," BIND("\"/c\"", "\"/y\""), "/x");
	holds(APP, BIND("\"/a/b/c\"", "\"/x\""), "");
	holds(APP, BIND("\"/\"", "\"/x\""), "/x");
	holds(APP, BIND("\"a\"", "\"/x\""), "");
	holds(APP, BIND("\"/a\"", "\"x\""), "");
	holds(APP, BIND("7", "\"/x\""), "");
	holds(APP, BIND("\"/a\"", "null"), "");
	holds(APP, "{\"destination\":\"/a\",\"source\":\"/x\",\"type\":\"bind\"}", "");
	/* by either word, at whichever place, and by no other */
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		snprintf(mounts, sizeof(mounts),
			 "{\"destination\":\"/a\",\"source\":\"/x\",\"options\":%s}",
			 options[i].list);
		holds(APP, mounts, options[i].binds ? "/x" : "");
	}
	/* what one mount says is not the next one's */
	holds(APP, "{\"options\":[\"bind\"]},{\"destination\":\"/a\",\"source\":\"/x\"}", "");
	/* as many as are kept, and those of every container are not among them */
	for (int k = 0; k < SPEC_BINDS_MAX - 1; k++)
		n += snprintf(mounts + n, sizeof(mounts) - (size_t)n,
			      BIND("\"/etc/%d\"", "\"/x\"") "," BIND("\"/%d\"", "\"/x\"") ",",
			      k, k);
	snprintf(mounts + n, sizeof(mounts) - (size_t)n, "%s", BIND("\"/a\"", "\"/y\""));
	holds(APP, mounts, "/y");
	check_case = "";
}

int main(void)
{
	RUN(lists);
	RUN(long_paths);
	RUN(programs);
	return check_end();
}
