/* SPDX-License-Identifier: Apache-2.0 */
/* Who shares a layout with whom, as a table, and what in config.json forbids it. */
#include "policy/layout_policy.h"
#include "policy/policy.h"

#include "base/macros.h"
#include "check.h"
#include "policy/decide_lxc.h"
#include "policy/layout_decide.h"

/* Pairs of key and value; the group that results, or the reason for none. */
static const struct row {
	const char *what;
	const char *pair[17];
	unsigned owner;
	const char *group;
	enum reason reason;
} table[] = {
	{ "not asked", { "io.ksm.merge", "true", NAME }, 0, "", REASON_NONE },
	{ "private",
	  { "io.ksm.merge", "true", "io.ksm.layout", "private", NAME },
	  0,
	  "",
	  REASON_NONE },
	{ "not merged", { "io.ksm.layout", "shared", NAME }, 0, "", REASON_NONE },
	{ "merge=false",
	  { "io.ksm.merge", "false", "io.ksm.layout", "shared", NAME },
	  0,
	  "",
	  REASON_NONE },
	/* whose it is */
	{ "named", { YES, NAME }, 0, "group:web", REASON_NONE },
	{ "named, of a user", { YES, NAME }, 1000, "group:web", REASON_NONE },
	{ "named, in a namespace", { YES, NAME, NS }, 0, "prod/group:web", REASON_NONE },
	{ "the name comes before the image",
	  { YES, NAME, NS, IMG },
	  0,
	  "prod/group:web",
	  REASON_NONE },
	{ "image, in a namespace",
	  { YES, NS, POD, IMG },
	  0,
	  "prod/image:docker.io/library/python:3.12",
	  REASON_NONE },
	{ "a pod without a namespace", { YES, IMG }, 0, "", REASON_LAYOUT_GROUP_UNKNOWN },
	{ "and named", { YES, NAME, IMG }, 0, "", REASON_LAYOUT_GROUP_UNKNOWN },
	{ "CRI-O's image",
	  { YES, "io.kubernetes.pod.namespace", "a", "io.kubernetes.cri-o.ImageName",
	    "q/i@sha256:1", "io.kubernetes.container.name", "c" },
	  0,
	  "a/image:q/i@sha256:1",
	  REASON_NONE },
	{ "pod", { YES, NS, POD }, 0, "prod/pod:web-1", REASON_NONE },
	{ "pod of CRI-O",
	  { YES, "io.kubernetes.pod.namespace", "a", "io.kubernetes.pod.name", "b" },
	  0,
	  "a/pod:b",
	  REASON_NONE },
	{ "what a pod of CRI-O may say: containerd's namespace",
	  { YES, NAME, NS, "io.kubernetes.pod.namespace", "a" },
	  0,
	  "a/group:web",
	  REASON_NONE },
	{ "what a pod of CRI-O may say: a key that CRI-O writes for pause only",
	  { YES, NAME, "io.kubernetes.cri-o.Namespace", "prod", "io.kubernetes.pod.namespace",
	    "a" },
	  0,
	  "a/group:web",
	  REASON_NONE },
	{ "every letter that a name may have",
	  { YES, "io.ksm.group", "azAZ09-._" },
	  0,
	  "group:azAZ09-._",
	  REASON_NONE },
	{ "no letter at all", { YES, "io.ksm.group", "a{" }, 0, "", REASON_LAYOUT_GROUP_NAME },
	{ "before the letters",
	  { YES, "io.ksm.group", "a`" },
	  0,
	  "",
	  REASON_LAYOUT_GROUP_NAME },
	{ "before the capitals",
	  { YES, "io.ksm.group", "a@" },
	  0,
	  "",
	  REASON_LAYOUT_GROUP_NAME },
	{ "behind the capitals",
	  { YES, "io.ksm.group", "a[" },
	  0,
	  "",
	  REASON_LAYOUT_GROUP_NAME },
	{ "user", { YES }, 1000, "uid:1000", REASON_NONE },
	{ "the image comes before the user",
	  { YES, NS, IMG },
	  1000,
	  "prod/image:docker.io/library/python:3.12",
	  REASON_NONE },
	/* never the whole host */
	{ "root, nothing known", { YES }, 0, "", REASON_LAYOUT_GROUP_UNKNOWN },
	{ "a namespace is no owner yet", { YES, NS }, 0, "", REASON_LAYOUT_GROUP_UNKNOWN },
	{ "empty values are none",
	  { YES, NS, WORK, "io.kubernetes.cri.image-name", "" },
	  0,
	  "",
	  REASON_LAYOUT_GROUP_UNKNOWN },
	/* what the image's author says of it */
	{ "the image's own annotations",
	  { YES, "org.opencontainers.image.ref.name", "python",
	    "org.opencontainers.image.title", "x" },
	  0,
	  "",
	  REASON_LAYOUT_GROUP_UNKNOWN },
	/* names that would not be what they seem */
	{ "empty name", { YES, "io.ksm.group", "" }, 0, "", REASON_LAYOUT_GROUP_NAME },
	{ "slash in a name",
	  { YES, "io.ksm.group", "prod/x" },
	  0,
	  "",
	  REASON_LAYOUT_GROUP_NAME },
	{ "colon in a name",
	  { YES, "io.ksm.group", "image:x" },
	  0,
	  "",
	  REASON_LAYOUT_GROUP_NAME },
	{ "slash in a namespace",
	  { YES, NAME, "io.kubernetes.cri.sandbox-namespace", "a/group:b" },
	  0,
	  "",
	  REASON_LAYOUT_GROUP_NAME },
	{ "escape in an image",
	  { YES, NS, WORK, "io.kubernetes.cri.image-name", "a\033b" },
	  0,
	  "",
	  REASON_LAYOUT_GROUP_NAME },
	{ "blank in a pod",
	  { YES, NS, "io.kubernetes.cri.sandbox-name", "a b" },
	  0,
	  "",
	  REASON_LAYOUT_GROUP_NAME },
};

static struct decision decide(const struct policy_config *c, const char *const *pair)
{
	return layout_decide_image(c, pair, NULL);
}

static void whole_table(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct row *row = &table[i];
		struct policy_config c = { .shared_layout = true, .owner = row->owner };
		struct decision d = decide(&c, row->pair);

		check_case = row->what;
		CHECK_TEXT(d.group, row->group);
		CHECK_INT(d.unshared_reason, row->reason);
		CHECK_INT(d.unshared[0] != '\0', row->reason != REASON_NONE);
		CHECK_TEXT(d.warning, "");
		/* the administrator has the first word */
		c.shared_layout = false;
		d = decide(&c, row->pair);
		CHECK_TEXT(d.group, "");
		CHECK_INT(d.unshared_reason, row->group[0] || row->reason ?
						     REASON_LAYOUT_NOT_ENABLED :
						     REASON_NONE);
	}
	check_case = "";
}

static void lists(void)
{
	static const char *const web[] = { YES, NAME, NS, NULL };
	static const char *const none[] = { YES, NULL };
	struct policy_config c = { .shared_layout = true,
				   .allow_groups = { { "dev/*", "prod/group:w*" }, 2 } };

	CHECK_TEXT(decide(&c, web).group, "prod/group:web");
	c.deny_groups = (struct policy_globs){ { "prod/*" }, 1 };
	CHECK_TEXT(decide(&c, web).group, "");
	CHECK_INT(decide(&c, web).unshared_reason, REASON_LAYOUT_GROUP_DENIED);
	c.deny_groups.glob[0] = "group:web";
	CHECK_TEXT(decide(&c, web).group, "prod/group:web");
	c.allow_groups.n = 1;
	CHECK_TEXT(decide(&c, web).group, "");
	CHECK_INT(decide(&c, web).unshared_reason, REASON_LAYOUT_GROUP_NOT_ALLOWED);
	/* not even "*" makes a group of what has no name */
	c.allow_groups.glob[0] = "*";
	CHECK_TEXT(decide(&c, none).group, "");
	CHECK_TEXT(decide(&c, web).group, "prod/group:web");
}

static void odd_values(void)
{
	static const char *const odd[] = { "io.ksm.merge", "true", "io.ksm.layout",
					   "yes",          NAME,   NULL };
	struct policy_config c = { .shared_layout = true };
	char name[POLICY_GROUP_MAX + 8] = "", text[48];
	const char *pair[] = { YES, NS, WORK, "io.kubernetes.cri.image-name", name, NULL };

	CHECK_TEXT(decide(&c, odd).group, "");
	CHECK_HAS(decide(&c, odd).warning,
		  "io.ksm.layout=\"yes\", expected one of private, shared");
	/* the longest, and one that is longer: never cut, which would make two names equal */
	memset(name, 'x', sizeof(name));
	name[POLICY_GROUP_MAX - 1 - strlen("prod/image:")] = '\0';
	CHECK_INT(strlen(decide(&c, pair).group), POLICY_GROUP_MAX - 1);
	name[strlen(name)] = 'y';
	name[POLICY_GROUP_MAX - strlen("prod/image:")] = '\0';
	CHECK_TEXT(decide(&c, pair).group, "");
	CHECK_INT(decide(&c, pair).unshared_reason, REASON_LAYOUT_GROUP_NAME);
	snprintf(text, sizeof(text), "more than %d letters", POLICY_GROUP_MAX - 1);
	CHECK_HAS(decide(&c, pair).unshared, text);
	/* what has no name is in no list */
	c.deny_groups = (struct policy_globs){ { "*" }, 1 };
	CHECK_INT(decide(&c, pair).unshared_reason, REASON_LAYOUT_GROUP_NAME);
}

static void environment(void)
{
	struct policy_config c = { .shared_layout = true };
	struct annotation a[] = { { "lxc.name", "c1" },
				  { "KSM_MERGE", "yes" },
				  { "KSM_LAYOUT", "shared" },
				  { "KSM_GROUP", "web" } };
	struct decision d;

	d = decide_lxc(&c, a, 4);
	CHECK_TEXT(d.group, "group:web");
	/* a container's name is no group: it would be alone in it */
	d = decide_lxc(&c, a, 3);
	CHECK_TEXT(d.group, "");
	CHECK_HAS(d.unshared, "name one with KSM_GROUP");
}

/* What is not known, or has letters that it must not have, is said before any list is asked. */
static void without_a_name(void)
{
	static const struct policy_config c = { .shared_layout = true,
						.deny_groups = { { "*" }, 1 } };
	static const struct {
		struct layout_request request;
		const char *ns;
		enum reason reason;
	} of[] = {
		{ { .layout = "shared", .kind = "", .group_key = "g", .orchestrated = true },
		  NULL,
		  REASON_LAYOUT_GROUP_UNKNOWN },
		{ { .layout = "shared", .kind = "", .group_key = "g" },
		  "prod",
		  REASON_LAYOUT_GROUP_UNKNOWN },
		{ { .layout = "shared", .kind = "", .group = "a/b" },
		  "prod",
		  REASON_LAYOUT_GROUP_NAME },
		{ { .layout = "shared", .kind = "", .group = "" },
		  "prod",
		  REASON_LAYOUT_GROUP_NAME },
		{ { .layout = "shared", .kind = "", .group = "web" },
		  "a/b",
		  REASON_LAYOUT_GROUP_NAME },
		{ { .layout = "shared", .kind = "", .group = "web" },
		  "a_b",
		  REASON_LAYOUT_GROUP_NAME },
		{ { .layout = "shared", .kind = "", .group = "web" },
		  "a-b.c",
		  REASON_LAYOUT_GROUP_DENIED },
	};

	for (size_t i = 0; i < sizeof(of) / sizeof(*of); i++) {
		struct trusted_values trusted = { .value = { [TRUSTED_NAMESPACE] = of[i].ns } };
		struct decision d = { .merge = true };

		layout_decide(&of[i].request, &c, &trusted, &d);
		CHECK_INT(d.unshared_reason, of[i].reason);
		CHECK_TEXT(d.group, "");
	}
}

static void blockers(void)
{
#define BLOCKER(text) layout_blocker(text, strlen(text))
	CHECK(!BLOCKER("{}"));
	CHECK(!BLOCKER(""));
	CHECK(!BLOCKER("{\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"soft\":1,\"hard\":1}]}"));
	CHECK_INT(BLOCKER("{\"rlimits\":[{\"type\": \"RLIMIT_STACK\"}]}"),
		  REASON_LAYOUT_LIMIT_STACK);
	CHECK_INT(BLOCKER("{\"rlimits\":[{\"type\": \"RLIMIT_AS\"}]}"), REASON_LAYOUT_LIMIT_AS);
	/* a system call in a profile is another thing than the key */
	CHECK(!BLOCKER("{\"names\":[\"personality\",\"personality\"]}"));
	CHECK_INT(BLOCKER("{\"linux\":{\"personality\" : {\"domain\":\"LINUX32\"}}}"),
		  REASON_LAYOUT_PERSONALITY);
	CHECK_INT(BLOCKER("\"personality\"\n:"), REASON_LAYOUT_PERSONALITY);
	CHECK(!BLOCKER("\"personality\""));
#undef BLOCKER
	/* each says what it is */
	for (enum reason r = REASON_NONE; r < REASON_COUNT; r++)
		CHECK_INT(layout_blocker_text(r)[0] != '\0',
			  r == REASON_LAYOUT_LIMIT_AS || r == REASON_LAYOUT_LIMIT_STACK ||
				  r == REASON_LAYOUT_PERSONALITY);
}

/* A group that was decided is given up for what config.json of the container holds. */
static void reconsidered(void)
{
	static const char limit[] = "{\"rlimits\":[{\"type\":\"RLIMIT_AS\"}]}";
	struct decision d = { .group = "g" };

	layout_reconsider(&d, "{}", 2);
	CHECK_TEXT(d.group, "g");
	CHECK_INT(d.unshared_reason, REASON_NONE);
	layout_reconsider(&d, limit, strlen(limit));
	CHECK_TEXT(d.group, "");
	CHECK_INT(d.unshared_reason, REASON_LAYOUT_LIMIT_AS);
	CHECK_TEXT(d.unshared, layout_blocker_text(REASON_LAYOUT_LIMIT_AS));
	/* where there is no group, there is no reason either */
	d = (struct decision){ 0 };
	layout_reconsider(&d, limit, strlen(limit));
	CHECK_INT(d.unshared_reason, REASON_NONE);
}

/* Pods of an engine that is not known may be anybody's: they share with none. */
static void unknown_engines(void)
{
	struct policy_config c = { .shared_layout = true };
	struct annotation a[] = { { "io.ksm.merge", "true" },
				  { "io.ksm.layout", "shared" },
				  { "io.ksm.group", "web" },
				  { "io.kubernetes.pod.namespace", "a" } };
	struct policy_subject subject = { .annotation = a, .n = 3 };
	struct decision d;

	policy_decide(&c, &subject, &d);
	CHECK_TEXT(d.group, "group:web");
	subject.n = 4;
	policy_decide(&c, &subject, &d);
	CHECK_TEXT(d.group, "");
	CHECK_INT(d.unshared_reason, REASON_LAYOUT_GROUP_UNKNOWN);
	/* podman's are of whoever runs podman, whatever they are annotated with */
	subject.engine = ENGINE_PODMAN;
	policy_decide(&c, &subject, &d);
	CHECK_TEXT(d.group, "group:web");
}

/* What is a group's name, whoever sends it. */
static void group_names(void)
{
	static const char *const good[] = { "a:b", "group:web", ":",
					    "prod/image:q/i@sha256:1+x_y-z", "A9:zZ0" };
	static const char *const bad[] = { "",       "web",    "a~b",    "a:b c", "a:b\n",
					   "a:\x7f", "a:\xc3", "a:b\"c", "a:[b]", "a b:c" };

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		check_case = good[i];
		CHECK(layout_is_group(good[i]));
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		check_case = bad[i];
		CHECK(!layout_is_group(bad[i]));
	}
	check_case = "";
}

int main(void)
{
	RUN(group_names);
	RUN(whole_table);
	RUN(lists);
	RUN(odd_values);
	RUN(environment);
	RUN(blockers);
	RUN(without_a_name);
	RUN(reconsidered);
	RUN(unknown_engines);
	return check_end();
}
