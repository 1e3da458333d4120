/* SPDX-License-Identifier: Apache-2.0 */
/* Which container a word means. */
#include "containers/known_containers.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/macros.h"
#include "check.h"
#include "contained.h"

/* 64 digits each */
static const char a_id[] = "aaaa0000bbbb1111cccc2222dddd3333eeee4444ffff5555aaaa6666bbbb7777";
static const char b_id[] = "aaaa0000cccc1111cccc2222dddd3333eeee4444ffff5555aaaa6666bbbb7777";
static const char c_id[] = "1234000000000000000000000000000000000000000000000000000000000000";

static struct known_container list[9];

static void fill(void)
{
	static const struct {
		const char *engine, *id, *name, *pod, *pod_namespace;
	} from[] = {
		{ "docker", a_id, "shop", "", "" },
		{ "podman", b_id, "blog", "", "" },
		{ "docker", c_id, "", "", "" },
		{ "lxc", "web", "", "", "" },
		{ "nspawn", "web", "", "", "" },
		{ "lxc", "101", "", "", "" },
		{ "docker", "x1", "blog", "", "" },
		{ "cri", "x2", "app", "shop-7d", "prod" },
		{ "cri", "x3", "", "shop-7d", "prod" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(from); i++) {
		snprintf(list[i].name.engine, sizeof(list[i].name.engine), "%s",
			 from[i].engine);
		snprintf(list[i].name.id, sizeof(list[i].name.id), "%s", from[i].id);
		metadata_set(&list[i].metadata, METADATA_CONTAINER, from[i].name,
			     strlen(from[i].name));
		metadata_set(&list[i].metadata, METADATA_POD, from[i].pod, strlen(from[i].pod));
		metadata_set(&list[i].metadata, METADATA_NAMESPACE, from[i].pod_namespace,
			     strlen(from[i].pod_namespace));
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
	/* what its user called it */
	{ "shop", 0, NULL },
	{ "docker:shop", 0, NULL },
	{ "podman:shop", -ENOENT, NULL },
	{ "blog", -EEXIST, "podman:aaaa0000cccc1111, docker:x1" },
	{ "podman:blog", 1, NULL },
	{ "docker:blog", 6, NULL },
	{ "prod/shop-7d/app", 7, NULL },
	{ "cri:prod/shop-7d/(sandbox)", 8, NULL },
	{ "app", -ENOENT, NULL },
	{ "sho", -ENOENT, NULL },
	/* not what it is */
	{ "docker:web", -ENOENT, NULL },
	{ "docker:", -ENOENT, NULL },
	{ "", -ENOENT, NULL },
	{ "AAAA0000b", -ENOENT, NULL },
	{ "aaaa0000b ", -ENOENT, NULL },
	{ "\033[2Jx", -ENOENT, "\"\033[2Jx\"" },
};

/* More of the candidates' names than a line has room for. */
static void many_candidates(void)
{
	static struct known_container same[6];
	struct error err;

	for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
		snprintf(same[i].name.engine, sizeof(same[i].name.engine), "engine%zu", i);
		memset(same[i].name.id, 'n', 100);
		same[i].name.id[100] = '\0';
	}
	CHECK_INT(container_choose(same, 6, same[0].name.id, &err), -EEXIST);
	CHECK_HAS(err.msg,
		  "engine0:nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn");
	CHECK_HAS(err.msg, ", ...");
	for (size_t i = 0; i < ARRAY_SIZE(same); i++)
		snprintf(same[i].name.id, sizeof(same[i].name.id), "x");
	CHECK_INT(container_choose(same, 4, "x", &err), -EEXIST);
	CHECK_TEXT(err.msg, "\"x\" is more than one container: engine0:x, engine1:x, "
			    "engine2:x, engine3:x");
	CHECK_INT(container_choose(same, 5, "x", &err), -EEXIST);
	CHECK_HAS(err.msg, "engine3:x, ...");
	/* of ids as many digits as show the difference */
	for (size_t i = 0; i < 2; i++) {
		snprintf(same[i].name.id, sizeof(same[i].name.id), "%s", a_id);
		same[i].name.id[63] = "01"[i];
	}
	CHECK_INT(container_choose(same, 2, "aaaa0000bbbb1", &err), -EEXIST);
	CHECK_HAS(err.msg, "engine0:aaaa0000bbbb1111c, engine1:aaaa0000bbbb1111c");
	CHECK_INT(container_choose(same, 2, "aaaa0000bbbb1111cccc2222dddd3333eeee4444", &err),
		  -EEXIST);
	CHECK_HAS(err.msg, "engine0:aaaa0000bbbb1111cccc2222dddd3333eeee4444ffff, engine1:");
	CHECK_INT(container_choose(same, 2, "aaaa0000bbb", &err), -EEXIST);
	CHECK_HAS(err.msg, "engine0:aaaa0000bbbb1111, engine1:aaaa0000bbbb1111");
}

/* Each once, in order, and not those of the host. */
static void running(void)
{
	struct container_list now;
	struct error err;

	CHECK_INT(container_list_read(&now, &err), 0);
	for (size_t i = 0; i < now.n; i++) {
		CHECK(now.c[i].pid > 0 && now.c[i].pid != getpid());
		CHECK(i == 0 || container_name_compare(&now.c[i].name, &now.c[i - 1].name) > 0);
	}
	free(now.c);
}

static void words_choose(void)
{
	struct error err;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		check_case = words[i].word;
		err = (struct error){ "" };
		CHECK_INT(container_choose(list, ARRAY_SIZE(list), words[i].word, &err),
			  words[i].want);
		if (words[i].want < 0)
			CHECK(err.msg[0] != '\0');
		if (words[i].said)
			CHECK_HAS(err.msg, words[i].said);
	}
}

static void none_known(void)
{
	struct error err;

	check_case = "no containers";
	CHECK_INT(container_choose(NULL, 0, "web", &err), -ENOENT);
}

/* One more process of a container, by our numbers; 0 where it cannot be had. */
static pid_t join(pid_t pid, pid_t *starter)
{
	char path[64];
	int ready[2];
	pid_t inner = 0;

	if (pipe(ready) < 0)
		abort();
	*starter = fork();
	if (*starter == 0) {
		int ns, mounts, root;

		snprintf(path, sizeof(path), "/proc/%d/ns/pid", pid);
		ns = open(path, O_RDONLY);
		snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
		mounts = open(path, O_RDONLY);
		snprintf(path, sizeof(path), "/proc/%d/root", pid);
		root = open(path, O_PATH | O_DIRECTORY);
		if (ns < 0 || mounts < 0 || root < 0 || setns(ns, CLONE_NEWPID) < 0 ||
		    setns(mounts, CLONE_NEWNS) < 0 || fchdir(root) < 0 || chroot(".") < 0)
			_exit(1);
		inner = fork();
		if (inner == 0)
			contained_wait();
		if (inner < 0 || write(ready[1], &inner, sizeof(inner)) != sizeof(inner))
			_exit(1);
		contained_wait();
	}
	close(ready[1]);
	if (read(ready[0], &inner, sizeof(inner)) != sizeof(inner))
		inner = 0;
	close(ready[0]);
	return inner;
}

/* Each of three that start now is there once, by the lowest number of its processes. */
static void started(void)
{
	char *args[] = { "starter", NULL };
	struct contained c[3];
	pid_t more, starter = 0;
	struct container_list now = { 0 };
	struct error err;

	/* where all of this machine is in a container, its cgroup would name them alike */
	(void)unshare(CLONE_NEWCGROUP);
	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		if (!contained_start(&c[i], "starter", args))
			c[i].pid = 0;
	}
	/* of the first there is one more, behind all of the others */
	more = c[0].pid ? join(c[0].pid, &starter) : 0;
	CHECK_INT(container_list_read(&now, &err), 0);
	if (more) {
		struct container_name first, again;

		CHECK(container_of(c[0].pid, &first) && container_of(more, &again) &&
		      container_name_compare(&first, &again) == 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		struct container_name name, same;
		size_t found = 0;

		if (!c[i].pid || !CHECK(container_of(c[i].pid, &name)))
			continue;
		for (size_t k = 0; k < now.n; k++) {
			if (container_name_compare(&now.c[k].name, &name) != 0)
				continue;
			found++;
			CHECK(now.c[k].pid > 0 && now.c[k].pid <= c[i].pid);
			CHECK(container_of(now.c[k].pid, &same) &&
			      container_name_compare(&same, &name) == 0);
		}
		CHECK_INT(found, 1);
	}
	free(now.c);
	if (starter > 0) {
		kill(starter, SIGKILL);
		waitpid(starter, NULL, 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(c); i++)
		contained_end(&c[i]);
}

/* Of containerd's namespaces: one id in two of them, and in another engine. */
static void ids_in_namespaces(void)
{
	static const struct known_container spaces[] = {
		{ .name = { "containerd", "default/web" } },
		{ .name = { "containerd", "k8s.io/web" } },
		{ .name = { "containerd", "prod/db" } },
		{ .name = { "lxc", "db" } },
		{ .name = { "oci", "prod/job" } },
	};
	struct error err;

	CHECK_INT(container_choose(spaces, 5, "default/web", &err), 0);
	CHECK_INT(container_choose(spaces, 5, "containerd:k8s.io/web", &err), 1);
	CHECK_INT(container_choose(spaces, 5, "web", &err), -EEXIST);
	CHECK_HAS(err.msg, "containerd:default/web, containerd:k8s.io/web");
	CHECK_INT(container_choose(spaces + 1, 4, "web", &err), 0);
	CHECK_INT(container_choose(spaces, 5, "db", &err), -EEXIST);
	CHECK_INT(container_choose(spaces, 5, "containerd:db", &err), 2);
	CHECK_INT(container_choose(spaces, 5, "lxc:db", &err), 3);
	CHECK_INT(container_choose(spaces, 5, "job", &err), -ENOENT);
}

int main(void)
{
	contained_main();
	RUN(started);
	RUN(ids_in_namespaces);
	RUN(running);
	RUN(many_candidates);
	fill();
	RUN(words_choose);
	RUN(none_known);
	return check_end();
}
