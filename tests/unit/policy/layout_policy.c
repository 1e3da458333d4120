/* SPDX-License-Identifier: Apache-2.0 */
/* Who shares a layout with whom, as a table, and what in config.json forbids it. */
#include "policy/layout_policy.h"

#include "base/macros.h"
#include "check.h"

#define NS   "io.kubernetes.cri.sandbox-namespace", "prod"
#define POD  "io.kubernetes.cri.sandbox-name", "web-1"
#define IMG  "io.kubernetes.cri.image-name", "docker.io/library/python:3.12"
#define YES  "io.ksm.merge", "true", "io.ksm.layout", "shared"
#define NAME "io.ksm.group", "web"

/* Pairs of key and value; the group that results, or a part of the reason for none. */
static const struct row {
	const char *what;
	const char *pair[13];
	unsigned owner;
	const char *group, *private;
} table[] = {
	{ "not asked", { "io.ksm.merge", "true", NAME }, 0, "", "" },
	{ "private", { "io.ksm.merge", "true", "io.ksm.layout", "private", NAME }, 0, "", "" },
	{ "not merged", { "io.ksm.layout", "shared", NAME }, 0, "", "" },
	{ "merge=false",
	  { "io.ksm.merge", "false", "io.ksm.layout", "shared", NAME },
	  0,
	  "",
	  "" },
	/* whose it is */
	{ "named", { YES, NAME }, 0, "group:web", "" },
	{ "named, of a user", { YES, NAME }, 1000, "group:web", "" },
	{ "named, in a namespace", { YES, NAME, NS }, 0, "prod/group:web", "" },
	{ "the name comes before the image", { YES, NAME, NS, IMG }, 0, "prod/group:web", "" },
	{ "image, in a namespace",
	  { YES, NS, POD, IMG },
	  0,
	  "prod/image:docker.io/library/python:3.12",
	  "" },
	{ "image alone", { YES, IMG }, 0, "image:docker.io/library/python:3.12", "" },
	{ "CRI-O's image",
	  { YES, "io.kubernetes.pod.namespace", "a", "io.kubernetes.cri-o.ImageName",
	    "q/i@sha256:1" },
	  0,
	  "a/image:q/i@sha256:1",
	  "" },
	{ "pod", { YES, NS, POD }, 0, "prod/pod:web-1", "" },
	{ "pod of CRI-O",
	  { YES, "io.kubernetes.cri-o.Namespace", "a", "io.kubernetes.pod.name", "b" },
	  0,
	  "a/pod:b",
	  "" },
	{ "user", { YES }, 1000, "uid:1000", "" },
	{ "the image comes before the user",
	  { YES, IMG },
	  1000,
	  "image:docker.io/library/python:3.12",
	  "" },
	/* never the whole host */
	{ "root, nothing known", { YES }, 0, "", "no group can be told" },
	{ "a namespace is no owner yet", { YES, NS }, 0, "", "no group can be told" },
	{ "empty values are none",
	  { YES, "io.kubernetes.cri.image-name", "" },
	  0,
	  "",
	  "no group can be told" },
	/* what the image's author says of it */
	{ "the image's own annotations",
	  { YES, "org.opencontainers.image.ref.name", "python",
	    "org.opencontainers.image.title", "x" },
	  0,
	  "",
	  "no group can be told" },
	/* names that would not be what they seem */
	{ "empty name", { YES, "io.ksm.group", "" }, 0, "", "letters" },
	{ "slash in a name", { YES, "io.ksm.group", "prod/x" }, 0, "", "letters" },
	{ "colon in a name", { YES, "io.ksm.group", "image:x" }, 0, "", "letters" },
	{ "slash in a namespace",
	  { YES, NAME, "io.kubernetes.cri.sandbox-namespace", "a/group:b" },
	  0,
	  "",
	  "letters" },
	{ "escape in an image",
	  { YES, "io.kubernetes.cri.image-name", "a\033b" },
	  0,
	  "",
	  "letters" },
	{ "blank in a pod",
	  { YES, "io.kubernetes.cri.sandbox-name", "a b" },
	  0,
	  "",
	  "letters" },
};

static struct decision decide(const struct policy_config *c, const char *const *pair)
{
	struct annotation a[8];
	struct decision d;
	size_t n = 0;

	for (; pair[2 * n]; n++)
		a[n] = (struct annotation){ pair[2 * n], pair[2 * n + 1] };
	memset(&d, 0xff, sizeof(d));
	policy_decide(c, a, n, &d);
	return d;
}

static void whole_table(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct row *row = &table[i];
		struct policy_config c = { .shared_layout = true, .owner = row->owner };
		struct decision d = decide(&c, row->pair);

		check_case = row->what;
		CHECK_TEXT(d.group, row->group);
		CHECK_HAS(d.private, row->private);
		CHECK_INT(d.private[0] != '\0', row->private[0] != '\0');
		CHECK_TEXT(d.warning, "");
		/* the administrator has the first word */
		c.shared_layout = false;
		d = decide(&c, row->pair);
		CHECK_TEXT(d.group, "");
		CHECK_INT(d.private[0] != '\0', row->group[0] || row->private[0]);
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
	CHECK_HAS(decide(&c, web).private, "deny_groups");
	c.deny_groups.glob[0] = "group:web";
	CHECK_TEXT(decide(&c, web).group, "prod/group:web");
	c.allow_groups.n = 1;
	CHECK_TEXT(decide(&c, web).group, "");
	CHECK_HAS(decide(&c, web).private, "allow_groups");
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
	char name[POLICY_GROUP_MAX + 8] = "";
	const char *pair[] = { YES, "io.kubernetes.cri.image-name", name, NULL };

	CHECK_TEXT(decide(&c, odd).group, "");
	CHECK_HAS(decide(&c, odd).warning, "io.ksm.layout=\"yes\" is none of private, shared");
	/* the longest, and one that is longer: never cut, which would make two names equal */
	memset(name, 'x', sizeof(name));
	name[POLICY_GROUP_MAX - 1 - strlen("image:")] = '\0';
	CHECK_INT(strlen(decide(&c, pair).group), POLICY_GROUP_MAX - 1);
	name[strlen(name)] = 'y';
	name[POLICY_GROUP_MAX - strlen("image:")] = '\0';
	CHECK_TEXT(decide(&c, pair).group, "");
	CHECK_HAS(decide(&c, pair).private, "more than");
}

static void environment(void)
{
	struct policy_config c = { .shared_layout = true };
	struct annotation a[] = { { "lxc.name", "c1" },
				  { "KSM_MERGE", "yes" },
				  { "KSM_LAYOUT", "shared" },
				  { "KSM_GROUP", "web" } };
	struct decision d;

	policy_decide_by(&policy_environment, &c, a, 4, &d);
	CHECK_TEXT(d.group, "group:web");
	/* a container's name is no group: it would be alone in it */
	policy_decide_by(&policy_environment, &c, a, 3, &d);
	CHECK_TEXT(d.group, "");
	CHECK_HAS(d.private, "name one with KSM_GROUP");
}

static void obstacles(void)
{
#define OBSTACLE(text) layout_obstacle(text, strlen(text))
	CHECK(!OBSTACLE("{}"));
	CHECK(!OBSTACLE(""));
	CHECK(!OBSTACLE("{\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"soft\":1,\"hard\":1}]}"));
	CHECK_HAS(OBSTACLE("{\"rlimits\":[{\"type\": \"RLIMIT_STACK\"}]}"), "stack limit");
	CHECK_HAS(OBSTACLE("{\"rlimits\":[{\"type\": \"RLIMIT_AS\"}]}"), "address space");
	/* a system call in a profile is another thing than the key */
	CHECK(!OBSTACLE("{\"names\":[\"personality\",\"personality\"]}"));
	CHECK_HAS(OBSTACLE("{\"linux\":{\"personality\" : {\"domain\":\"LINUX32\"}}}"),
		  "personality");
	CHECK_HAS(OBSTACLE("\"personality\"\n:"), "personality");
	CHECK(!OBSTACLE("\"personality\""));
#undef OBSTACLE
}

int main(void)
{
	whole_table();
	lists();
	odd_values();
	environment();
	obstacles();
	return check_end();
}
