/* SPDX-License-Identifier: Apache-2.0 */
/* config.json of a container: what is found in it, and what it decides. */
#include "oci/spec.h"

#include <errno.h>

#include "base/macros.h"
#include "check.h"
#include "oci/parsed_spec.h"
#include "oci/state.h"

static void id(const char *member, const char *want)
{
	struct spec s;
	char text[256];

	snprintf(text, sizeof(text), "{%s," MOUNT "," ENV "}", member);
	check_case = member;
	CHECK_INT(parse(text, &s), 0);
	CHECK_TEXT(s.id, want);
}

static void ids(void)
{
	id("\"linux\":{\"cgroupsPath\":\"/libpod_parent/libpod-12ab\"}", "12ab");
	id("\"linux\":{\"cgroupsPath\":\"user.slice:libpod:12ab\"},\"hostname\":\"h\"", "12ab");
	id("\"hostname\":\"h\",\"linux\":{\"cgroupsPath\":\"12ab\"}", "12ab");
	/* --cgroups=split: what a unit of Quadlet has */
	id("\"linux\":{\"cgroupsPath\":\"/system.slice/web.service/libpod-payload-12ab\"}",
	   "12ab");
	id("\"linux\":{\"cgroupsPath\":\"/web.service/libpod-payload-\"}", "payload-");
	id("\"linux\":{\"cgroupsPath\":\"/web.service/payloads-12ab\"}", "payloads-12ab");
	id("\"linux\":{\"cgroupsPath\":\"/web.service/libpods-12ab\"}", "libpods-12ab");
	/* which is of whoever starts the container, and could be the id of another one */
	id("\"hostname\":\"h\"", "");
	id("\"linux\":{\"cgroupsPath\":\"/x/\"}", "");
	/* no names that a container could have */
	id("\"linux\":{\"cgroupsPath\":\"a:a\\nb\"}", "");
	id("\"linux\":{\"cgroupsPath\":\"a:..\"}", "");
	id("\"linux\":{\"cgroupsPath\":\"x:\\u007f\"},\"hostname\":\"h\"", "");
	id("\"linux\":{\"cgroupsPath\":\"/libpod-\"}", "libpod-");
	id("\"linux\":{\"cgroupsPath\":\"/libpod-a\"}", "a");
	id("\"linux\":{\"cgroupsPath\":\"/libpod-payload-a\"}", "a");
	/* other members */
	id("\"linux\":{\"x\":\"/libpod-12ab\"}", "");
	id("\"linux\":{\"x\":{\"cgroupsPath\":\"/libpod-12ab\"}}", "");
	id("\"linux\":{\"cgroupsPath\":[\"/libpod-12ab\"]}", "");
	id("\"linux\":{\"cgroupsPath\":7}", "");
	check_case = "";
}

static void place(const char *destination, bool is_dev)
{
	struct spec s;
	char text[512];

	snprintf(text, sizeof(text),
		 "{" ENV ",\"mounts\":[{\"destination\":\"%s\",\"type\":\"tmpfs\"}]}",
		 destination);
	check_case = destination;
	CHECK_INT(parse(text, &s), 0);
	CHECK_INT(!s.blocker.msg[0], is_dev);
	CHECK_INT(s.blocker.reason == REASON_NONE, is_dev);
}

static void places(void)
{
	char longest[200] = "/dev";

	place("/dev", true);
	place("/dev/", true);
	place("//dev", true);
	place("/./dev/.", true);
	place("/run/../dev", true);
	place("/../dev", true);
	place("dev", true);
	place("/dev/shm/..", true);
	place("/dev/shm", false);
	place("/", false);
	place("", false);
	place("/devel", false);
	place("/de", false);
	memset(longest, '/', sizeof(longest) - 4);
	memcpy(longest + sizeof(longest) - 4, "dev", 4);
	place(longest, true);
	memset(longest, 'x', sizeof(longest) - 4);
	place(longest, false);
	check_case = "";
}

static void whole(void)
{
	static const char *const yes[] = { "{}", "[]", " {\"a\":[{}]} ", "{\"}\":\"{[\\\"\"}",
					   "{\"\\\\\":1}" };
	static const char *const no[] = { "",    " ", "7",   "{",  "{\"",   "{\"a\"",   "{\"}",
					  "[{}", "}", "{}}", "\"", "{\"\\", "{\"\\\"}", "]{}" };

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
		CHECK(spec_is_whole(yes[i], strlen(yes[i])));
	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		CHECK(!spec_is_whole(no[i], strlen(no[i])));
}

/* A text, what it is refused for, and whether that is for its syntax. */
static const struct {
	const char *text;
	enum reason reason;
	bool syntax;
} refused[] = {
	{ "", REASON_SPEC_INVALID, true },
	{ "{", REASON_SPEC_INVALID, true },
	{ "[]", REASON_SPEC_INVALID, false },
	{ "7", REASON_SPEC_INVALID, false },
	{ "{\"annotations\":7}", REASON_SPEC_INVALID, false },
	{ "{\"annotations\":[]}", REASON_SPEC_INVALID, false },
	{ "{\"annotations\":{\"io.ksm.merge\":true}}", REASON_SPEC_INVALID, false },
	{ "{} \"x", REASON_SPEC_TRUNCATED, true },
	{ "{} t", REASON_SPEC_INVALID, true },
};

static void refusals(void)
{
	static const struct policy_config config;
	static const struct spec_origin origin;
	static const char nul[] = "{} \n\r\t";
	struct decision d;
	struct error err;
	struct spec s;
	bool syntax;

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		check_case = refused[i].text;
		json_release();
		CHECK(spec_parse(refused[i].text, strlen(refused[i].text), &origin, &config, &s,
				 NULL, &d, &syntax, &err) < 0);
		CHECK_INT(err.reason, refused[i].reason);
		CHECK_INT(syntax, refused[i].syntax);
	}
	check_case = "blanks, and a NUL that is none";
	CHECK_INT(spec_parse(nul, sizeof(nul) - 1, &origin, &config, &s, NULL, &d, &syntax,
			     &err),
		  0);
	CHECK(spec_parse(nul, sizeof(nul), &origin, &config, &s, NULL, &d, &syntax, &err) < 0);
	check_case = "";
}

/* The decision, the names, and the profile's answer come out of the same walk. */
#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void facts(void)
{
	static const char text[] =
		"{" ASK
		",\"root\":{\"readonly\":true,\"path\":\"/r\",\"x\":{\"path\":\"/no\"}},"
		"\"x\":{\"annotations\":{\"io.ksm.required\":\"true\"},\"path\":\"/no\"},"
		"\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{"
		"\"names\":["
		"\"madvise\"],\"action\":\"SCMP_ACT_ERRNO\"}]},\"cgroupsPath\":\"c1\"}," MOUNT
		"," ENV "}";
	static const char named[] = "{\"annotations\":{\"io.kubernetes.pod.name\":\"web\","
				    "\"io.kubernetes.cri.sandbox-name\":\"forged\"},"
				    "\"linux\":{\"cgroupsPath\":\"a.slice:crio:" HEX "\"}}";
	static const struct spec_origin crio = { .bundle = "/s/overlay-containers/" HEX
							   "/userdata",
						 .id = HEX };
	static const struct policy_config config;
	static const struct spec_origin origin;
	struct metadata names = { "" };
	struct decision d;
	struct error err;
	struct spec s;
	bool syntax = true;

	json_release();
	CHECK_INT(spec_parse(text, strlen(text), &origin, &config, &s, &names, &d, &syntax,
			     &err),
		  0);
	CHECK(!syntax);
	CHECK(d.merge && !d.required);
	CHECK_INT(d.reason, REASON_REQUESTED);
	CHECK_TEXT(s.root, "/r");
	CHECK_TEXT(s.id, "c1");
	CHECK_TEXT(s.blocker.msg, "");
	CHECK_INT(s.profile[PROFILE_PRCTL_ON], PROFILE_ALLOWS);
	CHECK_INT(s.profile[PROFILE_MADVISE], PROFILE_REFUSES);
	CHECK_TEXT(names.pod, "");
	CHECK_INT(parse("{\"root\":{\"path\":7}}", &s), 0);
	CHECK_TEXT(s.root, "");
	CHECK_INT(parse("{\"root\":\"/r\"}", &s), 0);
	CHECK_TEXT(s.root, "");
	/* without a profile all is allowed */
	CHECK_INT(s.profile[PROFILE_MADVISE], PROFILE_ALLOWS);
	CHECK_INT(parse("{\"annotations\":null}", &s), 0);
	CHECK_INT(parse("{\"annotations\":{\"x\":7}}", &s), 0);
	/* a name for people, which decides nothing */
	CHECK_INT(spec_parse(named, strlen(named), &crio, &config, &s, &names, &d, &syntax,
			     &err),
		  0);
	CHECK_TEXT(names.pod, "web");
	/* of whose it is not known, nothing is believed */
	CHECK_INT(spec_parse(named, strlen(named), &origin, &config, &s, &names, &d, &syntax,
			     &err),
		  0);
	CHECK_TEXT(names.pod, "");
	CHECK(!d.merge);
}

/* Whose container it is, by what the engine says beside the text. */
static void origins(void)
{
	static const struct conmon_args monitor = { .id = HEX, .name = "monitored" };
	static const struct policy_config config,
		deny_name = { .deny = { { { .glob = { [TRUSTED_NAME] = "monitored" } } }, 1 } };
	static const char asks[] = "{" ASK "}";
	struct spec_origin origin = { .bundle = "/s/overlay-containers/" HEX "/userdata",
				      .id = HEX };
	struct metadata names;
	char text[512];
	struct decision d;
	struct error err;
	struct spec s;
	bool syntax;

	/* by the end of its cgroup's path, however long it is */
	for (int len = 1; len < 200; len++) {
		snprintf(text, sizeof(text),
			 "{\"annotations\":{\"io.kubernetes.pod.name\":\"web\"},"
			 "\"linux\":{\"cgroupsPath\":\"/%0*d/crio-" HEX "\"}}",
			 len, 0);
		json_release();
		CHECK_INT(spec_parse(text, strlen(text), &origin, &config, &s, &names, &d,
				     &syntax, &err),
			  0);
		CHECK_TEXT(names.pod, "web");
		CHECK_TEXT(s.id, "crio-" HEX);
	}
	/* without its place, or without its id, nobody knows */
	for (int i = 0; i < 2; i++) {
		struct spec_origin half = origin;

		*(i ? &half.id : &half.bundle) = NULL;
		json_release();
		CHECK_INT(spec_parse(text, strlen(text), &half, &config, &s, &names, &d,
				     &syntax, &err),
			  0);
		CHECK_TEXT(names.pod, "");
	}
	/* what its monitor calls it */
	origin =
		(struct spec_origin){ .engine = ENGINE_PODMAN, .id = HEX, .monitor = &monitor };
	json_release();
	CHECK_INT(spec_parse(asks, strlen(asks), &origin, &deny_name, &s, &names, &d, &syntax,
			     &err),
		  0);
	CHECK_TEXT(names.container, "monitored");
	CHECK_INT(d.reason, REASON_DENIED_BY_RULE);
	origin.id = NULL;
	CHECK_INT(spec_parse(asks, strlen(asks), &origin, &config, &s, &names, &d, &syntax,
			     &err),
		  0);
	CHECK_TEXT(names.container, "");
	CHECK(d.merge);
	/* and nothing stays for the next one */
	(void)err_set(&err, EINVAL, "of before");
	CHECK_INT(spec_parse("{}", 2, &origin, &config, &s, &names, &d, &syntax, &err), 0);
	CHECK(!d.merge);
	CHECK_TEXT(err.msg, "");
}

/* Each member is looked at for what it is, and for nothing else. */
static void members(void)
{
	struct spec s;

	CHECK_INT(parse("{" ASK "," MOUNT "}", &s), 0);
	CHECK_INT(s.blocker.reason, REASON_PRELOAD_PROCESS);
	CHECK_INT(parse("{" MOUNT "," ENV ",\"linux\":{\"path\":\"/no\"}}", &s), 0);
	CHECK_TEXT(s.root, "");
	CHECK_INT(s.blocker.reason, REASON_NONE);
	CHECK_INT(parse("{" MOUNT "," ENV ",\"root\":{\"path\":\"/r\"}}", &s), 0);
	CHECK_TEXT(s.root, "/r");
	CHECK_INT(parse("{" MOUNT "," ENV
			",\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_KILL\"}}}",
			&s),
		  0);
	for (int i = 0; i < PROFILE_CALLS; i++)
		CHECK_INT(s.profile[i], PROFILE_KILLS);
	/* of which environment a runtime takes nobody knows */
	CHECK_INT(parse("{" MOUNT "," ENV "," ENV "}", &s), 0);
	CHECK_INT(s.add, SPEC_ENV_THERE);
	CHECK_INT(parse("{" MOUNT "," ENV ",\"process\":{\"cwd\":\"/\"}}", &s), 0);
	CHECK_INT(s.add, SPEC_ENV_THERE);
	CHECK_INT(parse("{" MOUNT "," ENV "}", &s), 0);
	CHECK_INT(s.add, SPEC_ENV_ADD);
}

/* A member twice: engines and runtimes differ in which counts. */
static void twice(void)
{
	static const char *const members[] = { "annotations", "process", "mounts", "linux",
					       "root" };
	char text[200];
	struct spec s;

	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		check_case = members[i];
		snprintf(text, sizeof(text), "{" MOUNT "," ENV ",\"%s\":null,\"%s\":null}",
			 members[i], members[i]);
		CHECK_INT(parse(text, &s), 0);
		CHECK_INT(s.blocker.reason, REASON_SPEC_INVALID);
	}
	check_case = "another";
	CHECK_INT(parse("{" MOUNT "," ENV ",\"x\":1,\"x\":2}", &s), 0);
	CHECK_INT(s.blocker.reason, REASON_NONE);
	check_case = "";
}

/* The longest value of an annotation that decides, and one that is longer. */
static void long_annotations(void)
{
	static const struct policy_config config;
	static const struct spec_origin origin;
	static char text[ANNOTATION_MAX + 100];
	struct decision d;
	struct error err;
	struct spec s;
	bool syntax;

	for (int over = 0; over <= 1; over++) {
		snprintf(text, sizeof(text), "{\"annotations\":{\"io.ksm.x\":\"%0*d\"}}",
			 ANNOTATION_MAX + over, 0);
		json_release();
		CHECK_INT(spec_parse(text, strlen(text), &origin, &config, &s, NULL, &d,
				     &syntax, &err),
			  over ? -EINVAL : 0);
	}
}

int main(void)
{
	RUN(refusals);
	RUN(facts);
	RUN(origins);
	RUN(members);
	RUN(twice);
	RUN(long_annotations);
	RUN(ids);
	RUN(places);
	RUN(whole);
	return check_end();
}
