/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of memory.stat: the first, the last, names that begin alike. Cgroups below each other. */
#include "kernel/memory_cgroup.h"

#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

static void values(void)
{
	static const char text[] =
		"anon 8192\nanon_thp 0\nfile 12\ninactive_anon 5\ntotal_rss 77\nlast 3";

	CHECK_INT(memory_stat_value(text, "anon"), 8192);
	CHECK_INT(memory_stat_value(text, "anon_thp"), 0);
	CHECK_INT(memory_stat_value(text, "total_rss"), 77);
	CHECK_INT(memory_stat_value(text, "last"), 3);
	CHECK_INT(memory_stat_value(text, "rss"), -1);
	CHECK_INT(memory_stat_value(text, "ano"), -1);
	CHECK_INT(memory_stat_value("", "anon"), -1);
}

#define LEVELS 3

static void make_path(char *path, size_t size, const struct memory_cgroup *g, int level)
{
	snprintf(path, size, "%s%s%s", memory_cgroup_files()->root, g->path,
		 level == 0 ? "" :
		 level == 1 ? "/a" :
			      "/a/b");
}

/* A cgroup with two below each other, which charges: false where there can be none (skipped). */
static bool make_tree(struct memory_cgroup *g)
{
	char path[PATH_MAX + 64], stat[PATH_MAX + 80];

	snprintf(g->path, sizeof(g->path), "/ksm-unit-%d", getpid());
	for (int i = 0; i < LEVELS; i++) {
		make_path(path, sizeof(path), g, i);
		if (mkdir(path, 0755) < 0)
			return false;
	}
	make_path(path, sizeof(path), g, 0);
	snprintf(stat, sizeof(stat), "%s/memory.stat", path);
	return access(stat, F_OK) == 0;
}

static void remove_tree(const struct memory_cgroup *g)
{
	char path[PATH_MAX + 64];

	for (int i = LEVELS; i-- > 0;) {
		make_path(path, sizeof(path), g, i);
		rmdir(path);
	}
}

static void numbers(void)
{
	static uint64_t number[MEMORY_CGROUP_BELOW_MAX];
	struct memory_cgroup g;
	struct rlimit files, few;
	char path[PATH_MAX + 64];
	struct stat st;

	if (!make_tree(&g)) {
		remove_tree(&g);
		printf("skipped: no cgroup with the memory controller can be made here\n");
		CHECK(true);
		return;
	}
	CHECK_INT(memory_cgroup_anonymous(&g), 0);
	CHECK_INT(memory_cgroup_numbers(&g, number), LEVELS);
	for (int i = 0; i < LEVELS; i++) {
		make_path(path, sizeof(path), &g, i);
		if (CHECK(stat(path, &st) == 0))
			CHECK_INT(number[i], st.st_ino);
	}
	/* one level less than descriptors is not all of them */
	getrlimit(RLIMIT_NOFILE, &files);
	few = files;
	few.rlim_cur = (rlim_t)dup(0) + 2;
	close((int)few.rlim_cur - 2);
	setrlimit(RLIMIT_NOFILE, &few);
	CHECK_INT(memory_cgroup_numbers(&g, number), MEMORY_CGROUP_BELOW_MAX);
	setrlimit(RLIMIT_NOFILE, &files);
	remove_tree(&g);
	CHECK_INT(memory_cgroup_anonymous(&g), -1);
	CHECK_INT(memory_cgroup_numbers(&g, number), -ENOENT);
}

int main(void)
{
	RUN(values);
	RUN(numbers);
	return check_end();
}
