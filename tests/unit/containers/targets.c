/* SPDX-License-Identifier: Apache-2.0 */
/* Which container a word means, and which cgroups lie in another. */
#include "containers/targets.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

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
	{ "\033[2Jx", -ENOENT, "\"\033[2Jx\"" },
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

static int resolve(struct target_set *set, struct error *err, const char *word,
		   const char *second)
{
	char *two[] = { (char *)word, (char *)second };

	set->t = NULL;
	err->msg[0] = '\0';
	return target_resolve(set, two, second ? 2 : 1, false, err);
}

/* The words for processes and cgroups, on a child of ours. */
static void processes(void)
{
	static const struct {
		const char *word;
		int want;
	} wrong[] = {
		{ "pid:0", -ENOENT },
		{ "pid:", -ENOENT },
		{ "pid:x", -ENOENT },
		{ "4194305", -ENOENT },
		{ "pid:4194305", -ENOENT },
		{ "/", -EINVAL },
		{ "///", -EINVAL },
		{ "/no/such/cgroup", -ENOENT },
		{ "no-such-container", -ENOENT },
	};
	char number[16], named[24], self[16];
	struct target_set set;
	struct error err;
	pid_t pid = fork(), *list_of = NULL;

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	snprintf(number, sizeof(number), "%d", pid);
	snprintf(named, sizeof(named), "pid:%d", pid);
	snprintf(self, sizeof(self), "%d", getpid());
	CHECK_INT(resolve(&set, &err, number, NULL), 0);
	CHECK_INT(set.n, 1);
	CHECK(set.n == 1 && set.t[0].kind == TARGET_PID && set.t[0].pid == pid);
	CHECK(target_match(&set, pid));
	CHECK(!target_match(&set, getpid()));
	target_free(&set);
	/* once, however often it is named */
	CHECK_INT(resolve(&set, &err, named, number), 0);
	CHECK_INT(set.n, 1);
	CHECK_INT(target_list(&set, &list_of, &err), 1);
	CHECK(list_of && list_of[0] == pid);
	free(list_of);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	list_of = NULL;
	CHECK_INT(target_list(&set, &list_of, &err), 0);
	free(list_of);
	CHECK(!target_match(&set, pid));
	target_free(&set);
	CHECK_INT(resolve(&set, &err, named, NULL), -ENOENT);
	CHECK_HAS(err.msg, number);
	target_free(&set);
	CHECK_INT(resolve(&set, &err, number, NULL), -ENOENT);
	CHECK_HAS(err.msg, number);
	target_free(&set);
	CHECK_INT(resolve(&set, &err, self, NULL), -EINVAL);
	CHECK_HAS(err.msg, "ksm-hook itself");
	target_free(&set);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		check_case = wrong[i].word;
		CHECK_INT(resolve(&set, &err, wrong[i].word, NULL), wrong[i].want);
		CHECK(err.msg[0] != '\0');
		CHECK_INT(set.n, 0);
		target_free(&set);
	}
	check_case = "";
	CHECK_INT(target_resolve(&set, NULL, 0, true, &err), 0);
	CHECK_INT(set.n, 1);
	CHECK_INT(set.t[0].kind, TARGET_ALL);
	/* which is no container of ours */
	CHECK(!target_match(&set, getpid()));
	target_free(&set);
	/* the first that is wrong ends it */
	CHECK_INT(resolve(&set, &err, "pid:0", self), -ENOENT);
	target_free(&set);
}

/* More of the candidates' names than a line has room for. */
static void many_candidates(void)
{
	static struct container_name same[6];
	struct error err;

	for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
		snprintf(same[i].engine, sizeof(same[i].engine), "engine%zu", i);
		memset(same[i].id, 'n', 100);
		same[i].id[100] = '\0';
	}
	CHECK_INT(target_choose(same, 6, same[0].id, &err), -EEXIST);
	CHECK_HAS(err.msg, "engine0:nnn");
	CHECK_HAS(err.msg, ", ...");
	for (size_t i = 0; i < ARRAY_SIZE(same); i++)
		snprintf(same[i].id, sizeof(same[i].id), "x");
	CHECK_INT(target_choose(same, 4, "x", &err), -EEXIST);
	CHECK_TEXT(err.msg, "\"x\" is more than one container: engine0:x, engine1:x, "
			    "engine2:x, engine3:x");
	CHECK_INT(target_choose(same, 5, "x", &err), -EEXIST);
	CHECK_HAS(err.msg, "engine3:x, ...");
	/* of ids as many digits as show the difference */
	for (size_t i = 0; i < 2; i++) {
		snprintf(same[i].id, sizeof(same[i].id), "%s", a_id);
		same[i].id[63] = "01"[i];
	}
	CHECK_INT(target_choose(same, 2, "aaaa0000bbbb1", &err), -EEXIST);
	CHECK_HAS(err.msg, "engine0:aaaa0000bbbb1111c, engine1:aaaa0000bbbb1111c");
	CHECK_INT(target_choose(same, 2, "aaaa0000bbb", &err), -EEXIST);
	CHECK_HAS(err.msg, "engine0:aaaa0000bbbb1111, engine1:aaaa0000bbbb1111");
}

int main(void)
{
	processes();
	many_candidates();
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
