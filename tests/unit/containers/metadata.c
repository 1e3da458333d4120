/* SPDX-License-Identifier: Apache-2.0 */
/* Names of containers from annotations: which count, and what no name may hold. */
#include "containers/metadata.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "check.h"
#include "kernel/proc.h"

static void set(struct metadata *r, enum metadata_field field, const char *value)
{
	metadata_set(r, field, value, strlen(value));
}

static void test_fields(void)
{
	struct metadata r = { "" };

	set(&r, METADATA_POD, "web-7d9c");
	set(&r, METADATA_NAMESPACE, "shop");
	set(&r, METADATA_CONTAINER, "nginx");
	set(&r, METADATA_IMAGE, "docker.io/library/nginx:1.25@sha256:0a");
	CHECK_TEXT(r.pod, "web-7d9c");
	CHECK_TEXT(r.pod_namespace, "shop");
	CHECK_TEXT(r.container, "nginx");
	CHECK_TEXT(r.image, "docker.io/library/nginx:1.25@sha256:0a");
}

static void test_values(void)
{
	static const char *const bad[] = { "",         "a b",  "a\nb", "a\tb",
					   "\033[31m", "a\"b", "a\\b", "caf\xc3\xa9",
					   "${x}",     "a'b",  "a`b`" };
	struct metadata r = { "" };
	char long_name[300];

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		check_case = bad[i];
		set(&r, METADATA_POD, bad[i]);
		CHECK_TEXT(r.pod, "");
	}
	check_case = "";
	/* too long by one, and not */
	memset(long_name, 'x', sizeof(long_name));
	long_name[sizeof(r.pod)] = '\0';
	set(&r, METADATA_POD, long_name);
	CHECK_TEXT(r.pod, "");
	long_name[sizeof(r.pod) - 1] = '\0';
	set(&r, METADATA_POD, long_name);
	CHECK_INT(strlen(r.pod), sizeof(r.pod) - 1);
	CHECK_TEXT(r.pod_namespace, "");
}

/* for a log that escapes it: nothing but the length counts, and it is not stored */
static void test_raw(void)
{
	struct metadata r = { "" };
	char long_name[300];

	metadata_set_raw(&r, METADATA_POD, "a b\nc\033\xff");
	CHECK_TEXT(r.pod, "a b\nc\033\xff");
	metadata_end(&r);
	CHECK_TEXT(r.pod, "a b\nc\033\xff");
	memset(long_name, 'x', sizeof(long_name));
	long_name[sizeof(r.pod)] = '\0';
	r.pod[0] = '\0';
	metadata_set_raw(&r, METADATA_POD, long_name);
	CHECK_TEXT(r.pod, "");
	memset(&r, 'y', sizeof(r));
	metadata_end(&r);
	CHECK_INT(strlen(r.pod), sizeof(r.pod) - 1);
	CHECK_INT(strlen(r.image), sizeof(r.image) - 1);
}

/* what a process that has gone wrong may send */
static void test_clean(void)
{
	struct metadata r;

	memset(&r, 'y', sizeof(r));
	memcpy(r.pod, "a\nb", 4);
	metadata_clean(&r);
	CHECK(!r.no_economy);
	CHECK_TEXT(r.pod, "");
	CHECK_INT(strlen(r.pod_namespace), sizeof(r.pod_namespace) - 1);
	CHECK_INT(strlen(r.image), sizeof(r.image) - 1);
}

static char dir_path[] = "/tmp/ksm-unit-XXXXXX";
static int dir;

static void make_file(const char *name, const char *text, int64_t age)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct timespec times[2] = { { .tv_sec = time(NULL) - age }, { 0 } };

	times[1] = times[0];
	CHECK_INT(write_all(fd, text, strlen(text)), 0);
	CHECK_INT(futimens(fd, times), 0);
	close(fd);
}

static bool is_there(const char *name)
{
	return faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* A stored file names its container as long as the init that it was written for runs. */
static void test_files(void)
{
	char text[300], long_id[201];
	struct metadata m;
	struct proc_stat st;

	CHECK(mkdtemp(dir_path) != NULL);
	dir = open(dir_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK_INT(proc_stat(getpid(), &st), 0);
	snprintf(text, sizeof(text),
		 "init %d %llu\npod web\nnamespace shop\ncontainer nginx\nimage a/b:1\n"
		 "podx no\nimage a b\nunknown x\ncontainer",
		 getpid(), (unsigned long long)st.start);
	make_file("c1", text, 0);
	CHECK(metadata_read(dir, "c1", &m));
	CHECK_TEXT(m.pod, "web");
	CHECK_TEXT(m.pod_namespace, "shop");
	CHECK_TEXT(m.container, "nginx");
	CHECK_TEXT(m.image, "a/b:1");
	/* the longest, and one byte more */
	{
		char longest[1025];
		int n = snprintf(longest, sizeof(longest), "init 0 0\npod web\n");

		memset(longest + n, 'x', sizeof(longest) - 1 - (size_t)n);
		longest[1023] = '\0';
		make_file("longest", longest, 0);
		CHECK(metadata_read(dir, "longest", &m));
		CHECK_TEXT(m.pod, "web");
		longest[1023] = 'x';
		longest[1024] = '\0';
		make_file("longest", longest, 0);
		CHECK(!metadata_read(dir, "longest", &m));
		CHECK_INT(unlinkat(dir, "longest", 0), 0);
	}
	/* just being created */
	make_file("new", "init 0 0\npod p\n", 0);
	CHECK(metadata_read(dir, "new", &m));
	CHECK_TEXT(m.pod, "p");
	CHECK_TEXT(m.image, "");
	CHECK(!m.no_economy);
	make_file("off", "init 0 0\neconomy off\n", 0);
	CHECK(metadata_read(dir, "off", &m) && m.no_economy);
	make_file("off", "init 0 0\npod economy off\neconomy offer\n", 0);
	CHECK(metadata_read(dir, "off", &m) && !m.no_economy);
	CHECK_INT(unlinkat(dir, "off", 0), 0);
	/* its number is another process's by now */
	snprintf(text, sizeof(text), "init %d %llu\npod web\n", getpid(),
		 (unsigned long long)st.start + 1);
	make_file("gone", text, 0);
	CHECK(!metadata_read(dir, "gone", &m));
	CHECK_TEXT(m.pod, "");
	make_file("no-init", "pod web\n", 0);
	CHECK(!metadata_read(dir, "no-init", &m));
	CHECK(!metadata_read(dir, "none", &m));
	/* no names of files in that directory */
	make_file(".hidden", "init 0 0\npod p\n", 0);
	CHECK(!metadata_read(dir, ".hidden", &m));
	CHECK(!metadata_read(dir, "./new", &m));
	CHECK(!metadata_read(dir, "", &m));
	CHECK(!metadata_read(dir, "ne w", &m));
	CHECK_INT(symlinkat("new", dir, "link"), 0);
	CHECK(!metadata_read(dir, "link", &m));
	memset(long_id, 'x', 200);
	long_id[200] = '\0';
	make_file(long_id, "init 0 0\npod p\n", 0);
	CHECK(!metadata_read(dir, long_id, &m));
	CHECK_INT(unlinkat(dir, long_id, 0), 0);
	long_id[199] = '\0';
	make_file(long_id, "init 0 0\npod p\n", 0);
	CHECK(metadata_read(dir, long_id, &m));
	CHECK_INT(unlinkat(dir, long_id, 0), 0);
}

/* Collected, or where these tests themselves do not see all of the machine, left. */
static void check_collected(const char *name)
{
	CHECK_INT(is_there(name), !proc_shows_all());
	(void)unlinkat(dir, name, 0);
}

static bool runs(const void *arg, const char *id)
{
	return strcmp(arg, id) == 0;
}

/* A zombie: its init is there and has ended. */
static void make_zombie_file(void)
{
	struct proc_stat st;
	char text[80];
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	waitid(P_PID, (id_t)pid, NULL, WEXITED | WNOWAIT);
	CHECK_INT(proc_stat(pid, &st), 0);
	snprintf(text, sizeof(text), "init %d %llu\npod web\n", pid,
		 (unsigned long long)st.start);
	make_file("zombie", text, 0);
	{
		struct metadata m;

		CHECK(!metadata_read(dir, "zombie", &m));
	}
	metadata_collect(dir, &(struct metadata_collector){ 0 });
	check_collected("zombie");
	waitpid(pid, NULL, 0);
}

/* What nobody removed goes; what is in use, young or no metadata stays. */
static void test_collect(void)
{
	static const char *const all[] = { "c1", "link", "new", ".hidden", "running" };

	make_zombie_file();
	check_collected("gone");
	check_collected("no-init");
	make_file("old", "init 0 0\npod p\n", 70);
	make_file("running", "init 0 0\npod p\n", 70);
	make_file("young", "init 0 0\npod p\n", 50);
	/* the clock was set back since */
	make_file("future", "init 0 0\npod p\n", -86400);
	/* without anybody who knows what runs */
	metadata_collect(dir, &(struct metadata_collector){ 0 });
	CHECK(is_there("old"));
	metadata_collect(dir, &(struct metadata_collector){ runs, "running", NULL });
	check_collected("old");
	check_collected("future");
	CHECK(is_there("young"));
	CHECK_INT(unlinkat(dir, "young", 0), 0);
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		check_case = all[i];
		CHECK_INT(unlinkat(dir, all[i], 0), 0);
	}
	check_case = "";
	close(dir);
	CHECK_INT(rmdir(dir_path), 0);
}

/* What runs outside of our own pid namespace is not seen: nothing of it is removed. */
static void test_other_pid_namespace(void)
{
	char path[] = "/tmp/ksm-unit-XXXXXX";
	int status = -1;
	pid_t pid;

	CHECK(mkdtemp(path) != NULL);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	make_file("c1", "init 999999999 1\npod web\n", 0);
	make_file("old", "init 0 0\npod p\n", 70);
	pid = fork();
	if (pid == 0) {
		if (unshare(CLONE_NEWPID | (geteuid() ? CLONE_NEWUSER : 0)) < 0)
			_exit(77);
		pid = fork();
		if (pid == 0) {
			metadata_collect(dir,
					 &(struct metadata_collector){ runs, "none", NULL });
			metadata_remove_ended(dir, "c1");
			metadata_remove_ended(dir, "old");
			_exit(0);
		}
		_exit(pid < 0 || waitpid(pid, &status, 0) != pid ? 1 : status);
	}
	waitpid(pid, &status, 0);
	/* where nobody may have namespaces of his own */
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 77) {
		CHECK_INT(status, 0);
		CHECK(is_there("c1"));
		CHECK(is_there("old"));
	}
	metadata_collect(dir, &(struct metadata_collector){ runs, "none", NULL });
	check_collected("c1");
	check_collected("old");
	close(dir);
	CHECK_INT(rmdir(path), 0);
}

static void test_may_name(void)
{
	CHECK(metadata_may_name("{\"io.kubernetes.pod.name\"", 24));
	CHECK(metadata_may_name("{\"nerdctl/name\"", 15));
	CHECK(!metadata_may_name("{\"io.ksm.merge\"", 15));
	/* up to there and no further */
	CHECK(!metadata_may_name("io.kubernetes.", 13));
	CHECK(!metadata_may_name("nerdctl", 6));
}

int main(void)
{
	RUN(test_raw);
	RUN(test_files);
	RUN(test_collect);
	RUN(test_other_pid_namespace);
	RUN(test_fields);
	RUN(test_values);
	RUN(test_clean);
	RUN(test_may_name);
	return check_end();
}
