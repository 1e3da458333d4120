/* SPDX-License-Identifier: Apache-2.0 */
/* Which container a word means, and which cgroups lie in another. */
#include "containers/targets.h"

#include <errno.h>

#include "base/macros.h"
#include "check.h"

/* 64 digits each */
static const char a_id[] = "aaaa0000bbbb1111cccc2222dddd3333eeee4444ffff5555aaaa6666bbbb7777";
static const char b_id[] = "aaaa0000cccc1111cccc2222dddd3333eeee4444ffff5555aaaa6666bbbb7777";
static const char c_id[] = "1234000000000000000000000000000000000000000000000000000000000000";

static struct container_name list[6];

static void fill(void)
{
	static const struct {
		const char *engine, *id;
	} from[] = { { "docker", a_id }, { "podman", b_id },  { "docker", c_id },
		     { "lxc", "web" },   { "nspawn", "web" }, { "lxc", "101" } };

	for (size_t i = 0; i < ARRAY_SIZE(from); i++) {
		snprintf(list[i].engine, sizeof(list[i].engine), "%s", from[i].engine);
		snprintf(list[i].id, sizeof(list[i].id), "%s", from[i].id);
	}
}

static const struct {
	const char *word;
	ssize_t want;
	const char *said;
} words[] = {
	{ a_id, 0, NULL },
	{ b_id, 1, NULL },
	/* as docker has it: as many digits as it takes */
	{ "aaaa0000b", 0, NULL },
	{ "aaaa0000c", 1, NULL },
	{ "1", 2, NULL },
	{ "docker:aaaa", 0, NULL },
	{ "podman:aaaa0000cccc", 1, NULL },
	{ "docker:123400000000", 2, NULL },
	/* of several it is said which */
	{ "aaaa", -EEXIST,
	  "\"aaaa\" is more than one container: docker:aaaa0000bbbb1111, "
	  "podman:aaaa0000cccc1111" },
	{ "web", -EEXIST, "lxc:web, nspawn:web" },
	{ "lxc:web", 3, NULL },
	{ "nspawn:web", 4, NULL },
	/* a name has to be whole, and goes before a part of an id */
	{ "we", -ENOENT, "there is no container \"we\"" },
	{ "101", 5, NULL },
	{ "10", -ENOENT, NULL },
	{ "webs", -ENOENT, NULL },
	/* not what it is */
	{ "docker:web", -ENOENT, NULL },
	{ "docker:", -ENOENT, NULL },
	{ "", -ENOENT, NULL },
	{ "AAAA0000b", -ENOENT, NULL },
	{ "aaaa0000b ", -ENOENT, NULL },
	{ "\033[2Jx", -ENOENT, "\"\\x1b[2Jx\"" },
};

static const struct {
	const char *text, *path;
	bool want;
} groups[] = {
	{ "0::/a/b\n", "/a/b", true },
	{ "0::/a/b/c\n", "/a/b", true },
	{ "0::/a/bc\n", "/a/b", false },
	{ "0::/a\n", "/a/b", false },
	{ "0::/x/a/b\n", "/a/b", false },
	{ "9:memory:/other\n8:pids:/a/b\n0::/\n", "/a/b", true },
	{ "9:name=x:/a/b", "/a/b", true },
	/* a colon may be part of a cgroup's name */
	{ "0::/a:b/c\n", "/a:b", true },
	{ "garbage\n", "/a/b", false },
	{ "", "/a", false },
};

int main(void)
{
	fill();
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		struct error err = { "" };

		check_case = words[i].word;
		CHECK_INT(target_choose(list, ARRAY_SIZE(list), words[i].word, &err),
			  words[i].want);
		if (words[i].want < 0)
			CHECK(err.msg[0] != '\0');
		if (words[i].said)
			CHECK_HAS(err.msg, words[i].said);
	}
	check_case = "no containers";
	struct error err;

	CHECK_INT(target_choose(NULL, 0, "web", &err), -ENOENT);
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		check_case = groups[i].text;
		CHECK_INT(target_in_cgroup(groups[i].text, groups[i].path,
					   strlen(groups[i].path)),
			  groups[i].want);
	}
	return check_end();
}
