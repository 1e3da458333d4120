/* SPDX-License-Identifier: Apache-2.0 */
/* What words mean that name processes and cgroups, and which cgroups lie in another. */
#include "containers/targets.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macros.h"
#include "check.h"
#include "contained.h"

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
		/* which would be process 2 with 32 bits */
		{ "4294967298", -ENOENT },
		{ "pid:4294967298", -ENOENT },
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

/* The longest path of our own cgroups, if it is not the root; with what stands behind it. */
static bool own_cgroup(char *path, size_t size, const char *behind)
{
	char line[4096];
	FILE *f = fopen("/proc/self/cgroup", "re");

	path[0] = '\0';
	while (f && fgets(line, sizeof(line), f)) {
		const char *at = strchr(line, ':');

		at = at ? strchr(at + 1, ':') : NULL;
		line[strcspn(line, "\n")] = '\0';
		if (at && strlen(at + 1) > 1 && strlen(at + 1) > strlen(path))
			snprintf(path, size, "%s%s", at + 1, behind);
	}
	if (f)
		fclose(f);
	return path[0] != '\0';
}

/* A child of ours is in the same cgroup, and we are no target ourselves. */
static void of_a_cgroup(void)
{
	char path[4096];
	struct target_set set;
	struct error err;
	pid_t pid = fork(), *list_of = NULL;
	ssize_t n;
	bool found = false;

	if (pid == 0)
		contained_wait();
	CHECK_INT(resolve(&set, &err, "/no/such/cgroup", NULL), -ENOENT);
	CHECK_HAS(err.msg, "/no/such/cgroup");
	target_free(&set);
	if (own_cgroup(path, sizeof(path), "//")) {
		CHECK_INT(resolve(&set, &err, path, NULL), 0);
		CHECK(set.n == 1 && set.t[0].kind == TARGET_CGROUP);
		CHECK(target_match(&set, pid));
		n = target_list(&set, &list_of, &err);
		CHECK(n > 0);
		for (ssize_t i = 0; i < n; i++) {
			CHECK(list_of[i] != getpid());
			found |= list_of[i] == pid;
		}
		CHECK(found);
		free(list_of);
		target_free(&set);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* One that is in a container, by its number, by the container, and as one of all. */
static void of_containers(void)
{
	char *args[] = { "starter", NULL };
	char number[16], word[sizeof(struct container_name) + 1];
	struct container_name name;
	struct target_set set;
	struct contained c;
	struct error err;
	pid_t *list_of = NULL;
	ssize_t n;
	bool found = false;

	CHECK_INT(resolve(&set, &err, "no-such-container", NULL), -ENOENT);
	target_free(&set);
	if (!contained_start(&c, "starter", args) || container_of(getpid(), &name)) {
		contained_end(&c);
		return;
	}
	CHECK(container_of(c.pid, &name));
	snprintf(word, sizeof(word), "%s:%s", name.engine, name.id);
	CHECK_INT(resolve(&set, &err, word, NULL), 0);
	CHECK(set.n == 1 && set.t[0].kind == TARGET_CONTAINER);
	CHECK(target_match(&set, c.pid));
	CHECK(!target_match(&set, c.starter));
	CHECK(!target_match(&set, getpid()));
	target_free(&set);
	snprintf(number, sizeof(number), "%d", c.pid);
	CHECK_INT(resolve(&set, &err, number, NULL), 0);
	CHECK(set.n == 1 && set.t[0].kind == TARGET_PID);
	target_free(&set);
	CHECK_INT(target_resolve(&set, NULL, 0, true, &err), 0);
	CHECK(target_match(&set, c.pid));
	CHECK(!target_match(&set, c.starter));
	n = target_list(&set, &list_of, &err);
	for (ssize_t i = 0; i < n; i++) {
		found |= list_of[i] == c.pid;
		CHECK(list_of[i] != c.starter && list_of[i] != getpid());
	}
	CHECK(found);
	free(list_of);
	target_free(&set);
	contained_end(&c);
}

static void cgroups(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		check_case = groups[i].text;
		CHECK_INT(target_in_cgroup(groups[i].text, groups[i].path,
					   strlen(groups[i].path)),
			  groups[i].want);
	}
}

int main(void)
{
	contained_main();
	RUN(of_a_cgroup);
	RUN(of_containers);
	RUN(processes);
	RUN(cgroups);
	return check_end();
}
