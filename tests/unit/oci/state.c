/* SPDX-License-Identifier: Apache-2.0 */
/* The container state: what is taken from it, and what is refused. */
#include "oci/state.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "base/json_reader.h"
#include "base/macros.h"
#include "check.h"

static struct policy_config config;
static struct state state;
static struct error err;

static int parse(const char *text)
{
	int r;

	json_release();
	memset(&state, 0xff, sizeof(state));
	err = (struct error){ "" };
	r = state_parse(text, strlen(text), &config, &state, &err);
	CHECK_INT(err.reason, r < 0 ? REASON_STATE_INVALID : REASON_NONE);
	return r;
}

/* As runc 1.1 and crun 1.8 write it. */
static void real(void)
{
	CHECK_INT(parse("{\"ociVersion\":\"1.0.2-dev\",\"id\":\"c1\",\"status\":\"creating\","
			"\"pid\":4711,\"bundle\":\"/tmp/b\",\"annotations\":{\"io.ksm.merge\":"
			"\"true\",\"org.example.x\":\"y\",\"io.ksm.required\":\"false\"}}"),
		  0);
	CHECK_TEXT(state.id, "c1");
	CHECK_INT(state.pid, 4711);
	CHECK_INT(state.n, 2);
	CHECK_TEXT(state.annotation[0].key, "io.ksm.merge");
	CHECK_TEXT(state.annotation[0].value, "true");
	CHECK_TEXT(state.annotation[1].key, "io.ksm.required");
	CHECK_TEXT(state.annotation[1].value, "false");
	CHECK_INT(parse("{\"ociVersion\":\"1.0\",\"id\":\"c1\",\"pid\":7,\"root\":\"/"
			"r\",\"bundle\":"
			"\"/b\",\"status\":\"created\"}"),
		  0);
	CHECK_INT(state.pid, 7);
	CHECK_INT(state.n, 0);
	CHECK_INT(parse("{}"), 0);
	CHECK_TEXT(state.id, "");
	CHECK_INT(state.pid, 0);
	/* of that name, and no annotation */
	CHECK_INT(parse("{\"x\":{\"io.ksm.merge\":\"true\"}}"), 0);
	CHECK_INT(state.n, 0);
	CHECK_INT(parse("{\"annotations\":null}"), 0);
	CHECK_INT(parse("{\"annotations\":{}}"), 0);
	CHECK_INT(state.n, 0);
}

static void pids(void)
{
	static const struct {
		const char *text;
		int pid; /* -1: refused */
	} cases[] = {
		{ "0", 0 },
		{ "1", 1 },
		{ "2147483647", 2147483647 },
		{ "2147483648", -1 },
		{ "4294967297", -1 },
		{ "-1", -1 },
		{ "-0", 0 },
		{ "1.0", -1 },
		{ "1e3", -1 },
		{ "4711.5", -1 },
		{ "\"4711\"", -1 },
		{ "true", -1 },
		{ "null", -1 },
		{ "[1]", -1 },
		{ "{}", -1 },
		{ "99999999999999999999999999999999999999", -1 },
		{ "18446744073709551617", -1 },
		{ "9223372036854775808", -1 },
	};
	char text[80];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		check_case = cases[i].text;
		snprintf(text, sizeof(text), "{\"pid\":%s}", cases[i].text);
		CHECK_INT(parse(text), cases[i].pid < 0 ? -EINVAL : 0);
		if (cases[i].pid < 0)
			CHECK_HAS(err.msg, "container state: \"pid\" is not a process id");
		else
			CHECK_INT(state.pid, cases[i].pid);
	}
	check_case = "";
	/* only the state's own; the last one given */
	CHECK_INT(parse("{\"annotations\":{\"pid\":\"7\"},\"x\":{\"pid\":8},\"y\":[{\"pid\":9}]"
			"}"),
		  0);
	CHECK_INT(state.pid, 0);
	CHECK_INT(parse("{\"pid\":1,\"pid\":2}"), 0);
	CHECK_INT(state.pid, 2);
}

static void ids(void)
{
	char text[400], name[300];

	for (size_t len = 255; len <= 256; len++) {
		memset(name, 'x', len);
		name[len] = '\0';
		/* what lies beside it stays */
		snprintf(text, sizeof(text), "{\"pid\":305419896,\"id\":\"%s\"}", name);
		CHECK_INT(parse(text), len == 255 ? 0 : -EINVAL);
		CHECK_INT(state.pid, 0x12345678);
		if (len == 255)
			CHECK_TEXT(state.id, name);
		else
			CHECK_HAS(err.msg, "\"id\" is not a string of at most 255 bytes");
	}
	CHECK_INT(parse("{\"id\":7}"), -EINVAL);
	CHECK_INT(parse("{\"id\":null}"), -EINVAL);
	CHECK_INT(parse("{\"id\":{\"id\":\"x\"}}"), -EINVAL);
	CHECK_INT(parse("{\"id\":\"a\\u0000b\"}"), -EINVAL);
	CHECK_INT(parse("{\"id\":\"a\",\"id\":\"b\"}"), 0);
	CHECK_TEXT(state.id, "b");
}

static void mistakes(void)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "", "empty" },
		{ "[]", "is not an object" },
		{ "null", "is not an object" },
		{ "7", "is not an object" },
		{ "\"io.ksm.merge\"", "is not an object" },
		{ "{\"annotations\":[]}", "\"annotations\" is not an object" },
		{ "{\"annotations\":\"io.ksm.merge=true\"}",
		  "\"annotations\" is not an object" },
		{ "{\"annotations\":7}", "\"annotations\" is not an object" },
		{ "{\"annotations\":{\"io.ksm.merge\":true}}",
		  "io.ksm.merge must be a string" },
		{ "{\"annotations\":{\"io.ksm.merge\":null}}",
		  "io.ksm.merge must be a string" },
		{ "{\"annotations\":{\"io.ksm.merge\":[\"true\"]}}", "must be a string" },
		{ "{\"annotations\":{\"io.ksm.merge\":{\"true\":\"\"}}}", "must be a string" },
		{ "{\"annotations\":{\"io.ksm.merge\":\"true\\u0000\"}}", "holds a NUL" },
		{ "{\"annotations\":{\"io.ksm.merge\\u0000x\":\"true\"}}",
		  "a key holds a NUL" },
		{ "{\"annotations\":{\"io.ksm.merge\":\"\xff\"}}", "UTF8" },
		{ "{\"annotations\":{\"io.ksm.\xc3\":\"\"}}", "UTF8" },
		{ "{\"annotations\":{\"io.ksm.\\n\":1}}", "io.ksm.\n must be a string" },
		{ "/* x */ {}", ":1:1:" },
		{ "{} x", ":1:" },
		{ "{\"pid\":1", ":1:" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		check_case = cases[i].text;
		CHECK_INT(parse(cases[i].text), -EINVAL);
		CHECK_HAS(err.msg, "container state:");
		CHECK_HAS(err.msg, cases[i].says);
	}
	check_case = "";
}

/* What does not decide may be anything: it is others' business. */
static void others(void)
{
	CHECK_INT(
		parse("{\"annotations\":{\"x\":7,\"y\":null,\"z\":{\"io.ksm.merge\":\"true\"},"
		      "\"io.ksm\":1,\"xio.ksm.merge\":\"true\",\"IO.KSM.merge\":\"true\"},"
		      "\"io.ksm.merge\":\"true\",\"linux\":{\"annotations\":{\"io.ksm.merge\":"
		      "\"true\"}},\"list\":[{\"annotations\":{\"io.ksm.merge\":\"true\"}}]}"),
		0);
	CHECK_INT(state.n, 0);
	/* an array that calls itself an object's place is no annotation */
	CHECK_INT(parse("[{\"annotations\":{\"io.ksm.merge\":\"true\"}}]"), -EINVAL);
	/* escapes in a key spell the same name */
	CHECK_INT(parse("{\"annotations\":{\"io.ksm.\\u006derge\":\"tr\\u0075e\"}}"), 0);
	CHECK_INT(state.n, 1);
	CHECK_TEXT(state.annotation[0].key, "io.ksm.merge");
	CHECK_TEXT(state.annotation[0].value, "true");
}

static void named_by_rules(void)
{
	config.allow = (struct policy_rules){ { { "team", "*" } }, 1 };
	config.deny =
		(struct policy_rules){ { { .glob = { [TRUSTED_POD] = "*" } }, { "pod", "*" } },
				       2 };
	CHECK_INT(parse("{\"annotations\":{\"team\":\"a\",\"pod\":\"b\",\"teams\":\"c\"}}"), 0);
	CHECK_INT(state.n, 2);
	CHECK_INT(parse("{\"annotations\":{\"team\":7}}"), -EINVAL);
	/* what stands behind the last rule is none */
	config.deny.n = 1;
	config.allow.n = 0;
	CHECK_INT(parse("{\"annotations\":{\"team\":\"a\",\"pod\":\"b\"}}"), 0);
	CHECK_INT(state.n, 0);
	config = (struct policy_config){ 0 };
	/* the one that comes last is what policy_decide() takes */
	CHECK_INT(parse("{\"annotations\":{\"io.ksm.merge\":\"true\",\"io.ksm.merge\":"
			"\"false\"}}"),
		  0);
	CHECK_INT(state.n, 2);
	CHECK_TEXT(state.annotation[1].value, "false");
	/* two objects add up, as in Go's decoder */
	CHECK_INT(parse("{\"annotations\":{\"io.ksm.a\":\"1\"},\"annotations\":{\"io.ksm.b\":"
			"\"2\"}}"),
		  0);
	CHECK_INT(state.n, 2);
}

static void limits(void)
{
	char *text = malloc(16384), *p;

	for (int len = ANNOTATION_MAX; len <= ANNOTATION_MAX + 1; len++) {
		p = text + sprintf(text, "{\"annotations\":{\"io.ksm.x\":\"");
		memset(p, 'v', (size_t)len);
		sprintf(p + len, "\"}}");
		CHECK_INT(parse(text), len == ANNOTATION_MAX ? 0 : -EINVAL);
		CHECK_INT(strstr(err.msg, "longer than 4096 bytes") != NULL,
			  len > ANNOTATION_MAX);
	}
	for (int n = ANNOTATIONS_MAX; n <= ANNOTATIONS_MAX + 1; n++) {
		p = text + sprintf(text, "{\"annotations\":{");
		for (int i = 0; i < n; i++)
			p += sprintf(p, "%s\"io.ksm.%d\":\"\"", i ? "," : "", i);
		sprintf(p, "}}");
		CHECK_INT(parse(text), n == ANNOTATIONS_MAX ? 0 : -E2BIG);
		CHECK_INT(strstr(err.msg, "more than 128 annotations") != NULL,
			  n > ANNOTATIONS_MAX);
	}
	free(text);
}

/* What else is taken, and what is not worth refusing a container. */
static void other_members(void)
{
	static const struct {
		const char *text, *bundle;
		bool running;
	} cases[] = {
		{ "{\"bundle\":\"/b\",\"status\":\"running\"}", "/b", true },
		{ "{\"bundle\":\"\",\"status\":\"created\"}", "", false },
		{ "{\"bundle\":\"b\",\"status\":\"\"}", "", false },
		{ "{\"bundle\":7,\"status\":\"Running\"}", "", false },
		{ "{\"bundle\":{\"bundle\":\"/b\"},\"status\":true}", "", false },
		{ "{\"x\":{\"bundle\":\"/b\",\"status\":\"running\"}}", "", false },
		{ "{\"status\":\"running\",\"status\":\"stopped\"}", "", false },
	};
	char text[PATH_MAX + 40], path[PATH_MAX + 1];
	struct policy_subject subject;
	struct metadata names;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		check_case = cases[i].text;
		CHECK_INT(parse(cases[i].text), 0);
		CHECK_TEXT(state.bundle, cases[i].bundle);
		CHECK_INT(state.running, cases[i].running);
	}
	check_case = "";
	/* the longest, and none rather than a part of one */
	for (size_t len = sizeof(state.bundle) - 1; len <= sizeof(state.bundle); len++) {
		memset(path, '/', len);
		path[len] = '\0';
		snprintf(text, sizeof(text), "{\"bundle\":\"%s\"}", path);
		CHECK_INT(parse(text), 0);
		CHECK_TEXT(state.bundle, len < sizeof(state.bundle) ? path : "");
	}
	/* names for people */
	CHECK_INT(parse("{\"annotations\":{\"io.kubernetes.pod.name\":\"web\","
			"\"io.kubernetes.container.name\":7}}"),
		  0);
	CHECK_INT(state.n, 1);
	subject = (struct policy_subject){ .engine = ENGINE_CRIO,
					   .annotation = state.annotation,
					   .n = state.n };
	state_names(&subject, &names);
	CHECK_TEXT(names.pod, "web");
	CHECK_TEXT(names.container, "");
	subject.engine = ENGINE_CONTAINERD_CRI;
	state_names(&subject, &names);
	CHECK_TEXT(names.pod, "");
	/* as it is, for whoever escapes it */
	subject = (struct policy_subject){
		.engine = ENGINE_CRIO,
		.annotation = &(struct annotation){ "io.kubernetes.pod.namespace", "a b" },
		.n = 1
	};
	state_names(&subject, &names);
	CHECK_TEXT(names.pod_namespace, "a b");
	/* LXC's comes from elsewhere */
	subject = (struct policy_subject){ .engine = ENGINE_LXC, .name = "c1" };
	state_names(&subject, &names);
	CHECK_TEXT(names.container, "c1");
	config = (struct policy_config){
		.allow = { { { "a", "*" }, { "b", "*" } }, 2 },
		.deny = { { { "c", "*" }, { "d", "*" } }, 2 },
	};
	CHECK_INT(parse("{\"annotations\":{\"a\":\"\",\"b\":\"\",\"c\":\"\",\"d\":\"\","
			"\"e\":\"\"}}"),
		  0);
	CHECK_INT(state.n, 4);
	config = (struct policy_config){ 0 };
}

/* What a monitor says counts where its engine has one, and of its own container. */
static void monitors(void)
{
	static const struct conmon_args monitor = { .id = "c1", .name = "web" };
	static const struct {
		enum container_engine engine;
		const char *id;
		bool named;
	} cases[] = {
		{ ENGINE_PODMAN, "c1", true },          { ENGINE_CRIO, "c1", true },
		{ ENGINE_PODMAN, "c", false },          { ENGINE_CRIO, "c11", false },
		{ ENGINE_DOCKER, "c1", false },         { ENGINE_LXC, "c1", false },
		{ ENGINE_CONTAINERD_CRI, "c1", false }, { ENGINE_UNKNOWN, "c1", false },
		{ ENGINE_PODMAN, "b", false },          { ENGINE_PODMAN, "d", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *name = state_monitored_name(&monitor, cases[i].engine, cases[i].id);

		check_case = cases[i].id;
		CHECK_TEXT(name ? name : "none", cases[i].named ? "web" : "none");
		CHECK(!state_monitored_name(NULL, cases[i].engine, cases[i].id));
	}
	check_case = "";
}

/* A container's name where an annotation has it, else its monitor's or LXC's. */
static void container_names(void)
{
	const struct annotation a[] = { { "io.kubernetes.container.name", "annotated" },
					{ "io.kubernetes.pod.name", "pod" } };
	struct policy_subject s = {
		.engine = ENGINE_CRIO, .annotation = a, .n = 2, .name = "monitored"
	};
	struct metadata names;

	state_names(&s, &names);
	CHECK_TEXT(names.container, "annotated");
	CHECK_TEXT(names.pod, "pod");
	CHECK_TEXT(names.pod_namespace, "");
	s.annotation++;
	s.n--;
	state_names(&s, &names);
	CHECK_TEXT(names.container, "monitored");
	CHECK_TEXT(names.pod, "pod");
	s.name = NULL;
	state_names(&s, &names);
	CHECK_TEXT(names.container, "");
}

/* What may stand in a path as one component, and on a line. */
static void names_of_containers(void)
{
	static const char *const good[] = {
		"a", "a b", " ", "...", ".a", "a.", "~", "\xc3\xa9"
	};
	/* \001: a digit more would be the escape's, were it \x01 */
	static const char *const bad[] = { "",      ".",     "..", "/",    "a/b",
					   "a\x1f", "\001a", "\n", "a\x7f" };

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		check_case = good[i];
		CHECK(state_is_id(good[i]));
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		check_case = bad[i];
		CHECK(!state_is_id(bad[i]));
	}
	check_case = "";
}

int main(void)
{
	RUN(monitors);
	RUN(container_names);
	RUN(names_of_containers);
	RUN(other_members);
	RUN(real);
	RUN(pids);
	RUN(ids);
	RUN(mistakes);
	RUN(others);
	RUN(named_by_rules);
	RUN(limits);
	return check_end();
}
