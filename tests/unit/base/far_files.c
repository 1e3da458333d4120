/* SPDX-License-Identifier: Apache-2.0 */
/* What is looked at on the host's own file systems, in one step, and on others. */
#include "base/far_files.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "check.h"

/* As lstat(2) has it, whatever leads there. */
static void links(void)
{
	static const char *const names[] = {
		"file",         "to-file",         "to-nowhere",   "sub",
		"to-sub/below", "sub/below",       "gone",         "sub/gone",
		"gone/below",   "file/below",      "to-nowhere/x", "sub/../file",
		"to-sub",       "circle/x",        "circle",       "to-etc/passwd",
		"./sub//below", "to-proc/version",
	};
	static const struct {
		const char *name, *to;
	} made[] = {
		{ "to-file", "file" },  { "to-nowhere", "nowhere" }, { "to-sub", "sub" },
		{ "circle", "circle" }, { "to-etc", "/etc" },        { "to-proc", "/proc" },
	};
	char dir[] = "/tmp/far-files.XXXXXX", path[128];
	struct stat got, want;
	int at;

	CHECK(mkdtemp(dir) != NULL);
	at = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK(at >= 0 && mkdirat(at, "sub", 0755) == 0);
	close(openat(at, "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0640));
	close(openat(at, "sub/below", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	for (size_t i = 0; i < ARRAY_SIZE(made); i++)
		CHECK_INT(symlinkat(made[i].to, at, made[i].name), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		int r;

		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		check_case = path;
		r = lstat(path, &want) < 0 ? -errno : 0;
		CHECK_INT(far_lstat(path, &got), r);
		if (r < 0)
			continue;
		CHECK(got.st_ino == want.st_ino && got.st_dev == want.st_dev);
		CHECK_INT(got.st_mode, want.st_mode);
	}
	check_case = "";
	for (size_t i = 0; i < ARRAY_SIZE(made); i++)
		CHECK_INT(unlinkat(at, made[i].name, 0), 0);
	CHECK(unlinkat(at, "file", 0) == 0 && unlinkat(at, "sub/below", 0) == 0);
	CHECK(unlinkat(at, "sub", AT_REMOVEDIR) == 0 && rmdir(dir) == 0);
	close(at);
}

/* Of the host's two, and of another one: that one is asked by a child. */
static void file_systems(void)
{
	static const char *const paths[] = { "/",
					     "/run",
					     "/run/",
					     "/run//",
					     "/run//no-such",
					     "/proc",
					     "/proc/1/stat",
					     "/run/no-such-directory/x",
					     "/etc",
					     "/runx",
					     "/no-such-directory/x" };
	struct stat got, want;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		int r = lstat(paths[i], &want) < 0 ? -errno : 0;

		check_case = paths[i];
		CHECK_INT(far_lstat(paths[i], &got), r);
		if (r == 0)
			CHECK(got.st_ino == want.st_ino && got.st_dev == want.st_dev);
	}
	check_case = "";
}

/* A file system at /run, with one below it: of both what is there is seen. */
static void mounted(void)
{
	struct stat st;

	if (geteuid() != 0)
		return;
	if (unshare(CLONE_NEWNS) < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", "/run", "tmpfs", 0, NULL) < 0 || mkdir("/run/here", 0755) < 0 ||
	    mkdir("/run/there", 0755) < 0 || mount("none", "/run/there", "tmpfs", 0, NULL) < 0)
		abort();
	CHECK_INT(far_lstat("/run/here/stop", &st), -ENOENT);
	CHECK_INT(far_lstat("/run/there/stop", &st), -ENOENT);
	close(open("/run/here/stop", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	close(open("/run/there/stop", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	CHECK_INT(far_lstat("/run/here/stop", &st), 0);
	CHECK(S_ISREG(st.st_mode));
	CHECK_INT(far_lstat("/run/there/stop", &st), 0);
	CHECK(S_ISREG(st.st_mode));
	CHECK_INT(far_lstat("/run/there", &st), 0);
	CHECK(S_ISDIR(st.st_mode));
}

int main(void)
{
	RUN(links);
	RUN(file_systems);
	RUN(mounted);
	return check_end();
}
