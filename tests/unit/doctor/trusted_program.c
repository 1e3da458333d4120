/* SPDX-License-Identifier: Apache-2.0 */
/* Ways to a program, some of which others than root could change. Takes root, for owners and a mount. */
#include "doctor/trusted_program.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/macros.h"
#include "check.h"

#define AT     "/mnt"
#define NOBODY 65534

static void make_file(const char *path, mode_t mode)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0700);

	CHECK(fd >= 0 && fchmod(fd, mode) == 0);
	close(fd);
}

static void make_directory(const char *path, mode_t mode, uid_t owner)
{
	CHECK(mkdir(path, 0700) == 0 && chown(path, owner, 0) == 0 && chmod(path, mode) == 0);
}

/* What is made here is in a mount of our own. */
static void make_ways(void)
{
	CHECK_INT(unshare(CLONE_NEWNS), 0);
	CHECK_INT(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	CHECK_INT(mount("none", AT, "tmpfs", 0, "mode=755"), 0);
	make_directory(AT "/bin", 0755, 0);
	make_directory(AT "/user", 0755, NOBODY);
	make_directory(AT "/user/bin", 0755, 0);
	make_directory(AT "/group", 0775, 0);
	make_directory(AT "/sticky", 01777, 0);
	make_file(AT "/bin/good", 0755);
	make_file(AT "/bin/group", 0775);
	make_file(AT "/bin/all", 0757);
	make_file(AT "/bin/data", 0644);
	make_file(AT "/bin/users", 0755);
	CHECK_INT(chown(AT "/bin/users", NOBODY, 0), 0);
	make_file(AT "/user/good", 0755);
	make_file(AT "/user/bin/good", 0755);
	make_file(AT "/group/good", 0755);
	make_file(AT "/sticky/good", 0755);
	CHECK_INT(symlink(AT "/bin/good", AT "/bin/absolute"), 0);
	CHECK_INT(symlink("../bin/../bin/./good", AT "/bin/relative"), 0);
	CHECK_INT(symlink("absolute", AT "/bin/twice"), 0);
	CHECK_INT(symlink(AT "/bin/good", AT "/user/way"), 0);
	CHECK_INT(symlink(AT "/user/way", AT "/bin/through"), 0);
	CHECK_INT(symlink("../user/../bin/good", AT "/bin/by"), 0);
	CHECK_INT(symlink(AT "/bin", AT "/sticky/bin"), 0);
	CHECK_INT(symlink("loop", AT "/bin/loop"), 0);
	CHECK_INT(symlink("none", AT "/bin/dangling"), 0);
}

static void ways(void)
{
	static const struct {
		const char *path;
		int ret; /* 0: it is opened */
	} cases[] = {
		{ AT "/bin/good", 0 },
		{ AT "//bin/./good", 0 },
		{ AT "/bin/absolute", 0 },
		{ AT "/bin/relative", 0 },
		{ AT "/bin/twice", 0 },
		{ AT "/bin/group", -EPERM },
		{ AT "/bin/all", -EPERM },
		{ AT "/bin/users", -EPERM },
		{ AT "/user/good", -EPERM },
		/* a directory of root's in one of a user's, who renames it */
		{ AT "/user/bin/good", -EPERM },
		{ AT "/group/good", -EPERM },
		{ AT "/sticky/good", -EPERM },
		{ AT "/sticky/bin/good", -EPERM },
		/* both ends are root's, and a link between is a user's */
		{ AT "/bin/through", -EPERM },
		{ AT "/bin/by", -EPERM },
		{ AT "/bin/data", -EACCES },
		{ AT "/bin", -EACCES },
		{ AT "/bin/loop", -ELOOP },
		{ AT "/bin/dangling", -ENOENT },
		{ AT "/none/good", -ENOENT },
		{ AT "/bin/good/x", -ENOTDIR },
		{ "bin/good", -EINVAL },
		{ "", -EINVAL },
	};
	struct stat good, st;

	CHECK_INT(stat(AT "/bin/good", &good), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct error err = { "" };
		int fd = trusted_program_open(cases[i].path, &err);

		check_case = cases[i].path;
		CHECK_INT(fd < 0 ? fd : 0, cases[i].ret);
		if (fd < 0) {
			CHECK_HAS(err.msg, cases[i].path);
			continue;
		}
		CHECK_INT(fstat(fd, &st), 0);
		CHECK(st.st_ino == good.st_ino && st.st_dev == good.st_dev);
		close(fd);
	}
}

/* A link goes to and fro between a program of root's and a user's. */
static pid_t start_flipping(void)
{
	pid_t pid;

	CHECK_INT(symlink("good", AT "/bin/flip"), 0);
	CHECK_INT(symlink("users", AT "/bin/flop"), 0);
	pid = fork();
	if (pid)
		return pid;
	for (;;)
		(void)syscall(SYS_renameat2, AT_FDCWD, AT "/bin/flip", AT_FDCWD, AT "/bin/flop",
			      RENAME_EXCHANGE);
}

/* What comes back is what was checked, whatever its name leads to by then. */
static void flipped(void)
{
	enum { ENOUGH = 200 };
	int64_t deadline = now_ms() + 60000;
	int opened = 0, refused = 0, wrong = 0;
	pid_t pid = start_flipping();
	struct stat st;

	check_case = "flipped";
	while ((opened < ENOUGH || refused < ENOUGH) && now_ms() < deadline) {
		struct error err;
		int fd = trusted_program_open(AT "/bin/flip", &err);

		refused += fd == -EPERM;
		opened += fd >= 0;
		if (fd < 0)
			continue;
		wrong += fstat(fd, &st) < 0 || st.st_uid != 0;
		close(fd);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	CHECK(opened >= ENOUGH && refused >= ENOUGH);
	CHECK_INT(wrong, 0);
}

int main(void)
{
	make_ways();
	RUN(ways);
	RUN(flipped);
	return check_end();
}
