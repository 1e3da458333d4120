/* SPDX-License-Identifier: Apache-2.0 */
/* Files: whom they are believed, how they are replaced, what happens without memory or room. */
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/macros.h"
#include "check.h"

/* A directory of our own; tests make their files in it. */
static int scratch(char path[32])
{
	snprintf(path, 32, "/tmp/ksm-unit-XXXXXX");
	CHECK(mkdtemp(path) != NULL);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void scratch_end(const char *path, int dir)
{
	close(dir);
	CHECK_INT(rmdir(path), 0);
}

static void make_file(int dir, const char *name, const char *text, mode_t mode)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	CHECK_INT(write_all(fd, text, strlen(text)), 0);
	CHECK_INT(fchmod(fd, mode), 0);
	close(fd);
}

static void regular_files(void)
{
	static const struct {
		const char *name;
		enum file_trust trust;
		ssize_t want;
	} cases[] = {
		{ "f", FILE_UNTRUSTED, 5 },
		{ "f", FILE_TRUSTED, 5 },
		{ "f", FILE_HOST_TRUSTED, 5 },
		{ "group", FILE_UNTRUSTED, 5 },
		{ "group", FILE_TRUSTED, -EPERM },
		{ "others", FILE_UNTRUSTED | FILE_SYMLINK, 5 },
		{ "others", FILE_TRUSTED, -EPERM },
		{ "others", FILE_HOST_TRUSTED, -EPERM },
		{ "link", FILE_UNTRUSTED, -ELOOP },
		{ "link", FILE_TRUSTED, -ELOOP },
		{ "link", FILE_TRUSTED | FILE_SYMLINK, 5 },
		{ "link-others", FILE_TRUSTED | FILE_SYMLINK, -EPERM },
		{ "dangling", FILE_SYMLINK, -ENOENT },
		{ "none", FILE_TRUSTED, -ENOENT },
		{ "none", FILE_TRUSTED | FILE_OPTIONAL, -ENOENT },
		{ "f", FILE_TRUSTED | FILE_OPTIONAL, 5 },
		{ "f/x", FILE_TRUSTED | FILE_OPTIONAL, -ENOTDIR },
		{ "fifo", FILE_UNTRUSTED, -EINVAL },
		{ ".", FILE_UNTRUSTED, -EINVAL },
		{ "/dev/zero", FILE_TRUSTED, -EINVAL },
		{ "f/x", FILE_TRUSTED, -ENOTDIR },
		{ "long", FILE_TRUSTED, -EFBIG },
	};
	char path[32], buf[9];
	struct error err;
	int dir = scratch(path);

	make_file(dir, "f", "12345", 0644);
	make_file(dir, "long", "123456789", 0644);
	make_file(dir, "group", "12345", 0664);
	make_file(dir, "others", "12345", 0602);
	CHECK_INT(symlinkat("f", dir, "link"), 0);
	CHECK_INT(symlinkat("others", dir, "link-others"), 0);
	CHECK_INT(symlinkat("gone", dir, "dangling"), 0);
	CHECK_INT(mkfifoat(dir, "fifo", 0600), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		check_case = cases[i].name;
		err.msg[0] = '\0';
		CHECK_INT(read_regular_file(dir, cases[i].name, cases[i].trust, buf, 8, &err),
			  cases[i].want);
		if (cases[i].want == -ENOENT && cases[i].trust & FILE_OPTIONAL)
			CHECK_TEXT(err.msg, "");
		else if (cases[i].want < 0)
			CHECK(strncmp(err.msg, cases[i].name, strlen(cases[i].name)) == 0);
		else
			CHECK_TEXT(buf, "12345");
	}
	check_case = "";
	if (geteuid() == 0) {
		CHECK_INT(fchownat(dir, "f", 1000, 0, 0), 0);
		CHECK_INT(read_regular_file(dir, "f", FILE_UNTRUSTED, buf, 8, &err), 5);
		CHECK_INT(read_regular_file(dir, "f", FILE_TRUSTED, buf, 8, &err), -EPERM);
		CHECK_INT(read_regular_file(dir, "f", FILE_HOST_TRUSTED, buf, 8, &err), -EPERM);
		CHECK_INT(fchownat(dir, "f", 65534, 0, 0), 0);
		CHECK_INT(read_regular_file(dir, "f", FILE_TRUSTED, buf, 8, &err), -EPERM);
		CHECK_INT(read_regular_file(dir, "f", FILE_HOST_TRUSTED, buf, 8, &err), 5);
	}
	for (const char *const *n =
		     (const char *const[]){ "f", "long", "group", "others", "link",
					    "link-others", "dangling", "fifo", NULL };
	     *n; n++)
		CHECK_INT(unlinkat(dir, *n, 0), 0);
	scratch_end(path, dir);
}

static void kernel_files(void)
{
	char big[4096], small[2], path[32], fifo[48];
	pid_t pid;
	int dir;

	CHECK(read_kernel_file("/proc/self/stat", big, sizeof(big)) > 10);
	CHECK_INT(strlen(big), read_kernel_file("/proc/self/stat", big, sizeof(big)));
	CHECK_INT(read_kernel_file("/proc/self/stat", small, sizeof(small)), -EFBIG);
	CHECK_INT(read_kernel_file("/proc/self/none", big, sizeof(big)), -ENOENT);
	CHECK_INT(read_kernel_file("/proc/self/exe", big, sizeof(big)), -ELOOP);
	/* what takes its time is waited for */
	dir = scratch(path);
	CHECK_INT(mkfifoat(dir, "fifo", 0600), 0);
	snprintf(fifo, sizeof(fifo), "%s/fifo", path);
	pid = fork();
	if (pid == 0) {
		int fd = openat(dir, "fifo", O_WRONLY | O_CLOEXEC);

		usleep(50000); /* while it is read */
		_exit(write_all(fd, "late", 4) != 0);
	}
	CHECK_INT(read_kernel_file(fifo, big, sizeof(big)), 4);
	waitpid(pid, NULL, 0);
	CHECK_INT(unlinkat(dir, "fifo", 0), 0);
	scratch_end(path, dir);
}

static mode_t mode_of(int dir, const char *name)
{
	struct stat st = { 0 };

	CHECK_INT(fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st.st_mode;
}

static void replacing(void)
{
	char path[32], buf[16], name[80], long_name[NAME_MAX + 2];
	struct error err;
	struct stat st;
	int dir = scratch(path);
	mode_t mask = umask(077);

	CHECK_INT(replace_file(dir, "f", "one", 3, 0644, &err), 0);
	CHECK_INT(read_regular_file(dir, "f", FILE_TRUSTED, buf, 15, &err), 3);
	CHECK_TEXT(buf, "one");
	CHECK_INT(mode_of(dir, "f"), S_IFREG | 0644); /* whatever the umask */
	umask(mask);
	CHECK_INT(replace_file(dir, "f", "second", 6, 0600, &err), 0);
	CHECK_INT(read_regular_file(dir, "f", FILE_TRUSTED, buf, 15, &err), 6);
	CHECK_TEXT(buf, "second");
	CHECK_INT(mode_of(dir, "f"), S_IFREG | 0600);
	/* by its path; and what a killed one left is not in the way, nor lost */
	snprintf(name, sizeof(name), ".f.%d-0", getpid());
	make_file(dir, name, "left", 0600);
	{
		char by_path[48];

		snprintf(by_path, sizeof(by_path), "%s/f", path);
		CHECK_INT(replace_file(AT_FDCWD, by_path, "", 0, 0600, &err), 0);
	}
	CHECK_INT(read_regular_file(dir, "f", FILE_TRUSTED, buf, 15, &err), 0);
	CHECK_INT(unlinkat(dir, name, 0), 0);
	/* a symlink is replaced, and what it leads to is not touched */
	CHECK_INT(symlinkat("f", dir, "link"), 0);
	CHECK_INT(replace_file(dir, "link", "new", 3, 0600, &err), 0);
	CHECK_INT(mode_of(dir, "link"), S_IFREG | 0600);
	CHECK_INT(read_regular_file(dir, "f", FILE_TRUSTED, buf, 15, &err), 0);
	/* failures leave nothing behind */
	CHECK_INT(mkdirat(dir, "d", 0700), 0);
	CHECK_INT(replace_file(dir, "d", "new", 3, 0600, &err), -EISDIR);
	CHECK_HAS(err.msg, "d: ");
	CHECK_INT(unlinkat(dir, "d", AT_REMOVEDIR), 0);
	CHECK_INT(replace_file(dir, "none/f", "new", 3, 0600, &err), -ENOENT);
	memset(long_name, 'x', NAME_MAX + 1);
	long_name[NAME_MAX + 1] = '\0';
	CHECK_INT(replace_file(dir, long_name, "new", 3, 0600, &err), -ENAMETOOLONG);

	/* with the mode and the owner of what is there */
	CHECK_INT(fchmodat(dir, "f", 0640, 0), 0);
	if (geteuid() == 0)
		CHECK_INT(fchownat(dir, "f", 1000, 1001, 0), 0);
	CHECK_INT(rewrite_file(dir, "f", "third", 5, &err), 0);
	CHECK_INT(fstatat(dir, "f", &st, 0), 0);
	CHECK_INT(st.st_mode, S_IFREG | 0640);
	CHECK_INT(st.st_size, 5);
	if (geteuid() == 0) {
		CHECK_INT(st.st_uid, 1000);
		CHECK_INT(st.st_gid, 1001);
	}
	CHECK_INT(rewrite_file(dir, "none", "x", 1, &err), -ENOENT);
	CHECK_INT(symlinkat("f", dir, "again"), 0);
	CHECK_INT(rewrite_file(dir, "again", "x", 1, &err), -EINVAL);
	CHECK_INT(unlinkat(dir, "again", 0), 0);
	CHECK_INT(unlinkat(dir, "link", 0), 0);
	CHECK_INT(unlinkat(dir, "f", 0), 0);
	scratch_end(path, dir);
}

/* What does not fit on the disk, or may not be given away, leaves the file as it was. */
static void failing(void)
{
	char path[32], buf[16];
	struct error err = { "" };
	int dir = scratch(path), status = -1;
	pid_t pid;

	CHECK_INT(replace_file(dir, "f", "one", 3, 0600, &err), 0);
	pid = fork();
	if (pid == 0) {
		struct rlimit two = { 2, 2 };

		signal(SIGXFSZ, SIG_IGN);
		_exit(setrlimit(RLIMIT_FSIZE, &two) < 0 ||
		      replace_file(dir, "f", "second", 6, 0600, &err) != -EFBIG);
	}
	waitpid(pid, &status, 0);
	CHECK_INT(status, 0);
	CHECK_INT(read_regular_file(dir, "f", FILE_TRUSTED, buf, 15, &err), 3);
	CHECK_TEXT(buf, "one");
	if (geteuid() == 0) {
		CHECK_INT(fchmod(dir, 0777), 0);
		pid = fork();
		if (pid == 0) {
			_exit(setgid(1000) < 0 || setuid(1000) < 0 ||
			      rewrite_file(dir, "f", "third", 5, &err) != -EPERM);
		}
		waitpid(pid, &status, 0);
		CHECK_INT(status, 0);
		CHECK_INT(read_regular_file(dir, "f", FILE_TRUSTED, buf, 15, &err), 3);
	}
	CHECK_INT(unlinkat(dir, "f", 0), 0);
	scratch_end(path, dir);
}

/* Names that are taken: a few are passed over, many are an attack. */
static void names_taken(void)
{
	char path[32], buf[16], name[80], longest[PATH_MAX];
	struct error err = { "" };
	int dir = scratch(path);

	for (int i = 0; i < 15; i++) {
		snprintf(name, sizeof(name), ".f.%d-%d", getpid(), i);
		make_file(dir, name, "left", 0600);
	}
	CHECK_INT(replace_file(dir, "f", "one", 3, 0600, &err), 0);
	CHECK_TEXT(err.msg, "");
	snprintf(name, sizeof(name), ".f.%d-15", getpid());
	make_file(dir, name, "left", 0600);
	/* the first is as good as the last */
	snprintf(name, sizeof(name), ".f.%d-0", getpid());
	CHECK_INT(unlinkat(dir, name, 0), 0);
	CHECK_INT(replace_file(dir, "f", "one", 3, 0600, &err), 0);
	make_file(dir, name, "left", 0600);
	CHECK_INT(replace_file(dir, "f", "second", 6, 0600, &err), -EEXIST);
	CHECK_INT(read_regular_file(dir, "f", FILE_TRUSTED, buf, 15, &err), 3);
	for (int i = 0; i < 16; i++) {
		snprintf(name, sizeof(name), ".f.%d-%d", getpid(), i);
		CHECK_INT(unlinkat(dir, name, 0), 0);
	}
	CHECK_INT(unlinkat(dir, "f", 0), 0);
	/* no room for the name beside it: a descriptor of nothing is not taken for one */
	memset(longest, '/', sizeof(longest) - 1);
	longest[sizeof(longest) - 2] = 'f';
	longest[sizeof(longest) - 1] = '\0';
	CHECK_INT(replace_file(dir, longest, "x", 1, 0600, &err), -ENAMETOOLONG);
	scratch_end(path, dir);
}

/* A path that leaves the mount that it begins at is not followed. */
static void near(void)
{
	char buf[4096];
	struct error err;
	int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC), fd;

	fd = open_near(AT_FDCWD, "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(fd >= 0);
	CHECK_INT(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
	CHECK_INT(open_near(AT_FDCWD, "/no/such/file", O_RDONLY), -ENOENT);
	CHECK_INT(open_near(AT_FDCWD, "/proc/self/stat", O_RDONLY), -EXDEV);
	CHECK_INT(read_regular_file(AT_FDCWD, "/proc/self/stat", FILE_NEAR, buf,
				    sizeof(buf) - 1, &err),
		  -EXDEV);
	CHECK_HAS(err.msg, "/proc/self/stat");
	/* whoever begins there does not leave it */
	CHECK(read_regular_file(proc, "uptime", FILE_NEAR, buf, sizeof(buf) - 1, &err) > 0);
	CHECK_INT(open_near(proc, "..", O_RDONLY | O_DIRECTORY), -EXDEV);
	close(proc);
}
int main(void)
{
	RUN(near);
	RUN(names_taken);
	RUN(failing);
	RUN(regular_files);
	RUN(kernel_files);
	RUN(replacing);
	return check_end();
}
