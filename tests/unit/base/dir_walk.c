/* SPDX-License-Identifier: Apache-2.0 */
/* Names of a directory: each once, until a visit has enough. */
#include "base/dir_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

#define FILES 300

static char dir[] = "/tmp/ksm-hook-dir-walk.XXXXXX";

struct walked {
	int dirfd;
	unsigned char seen[FILES];
	int n, others, enough;
};

static int count(int dirfd, const char *name, void *arg)
{
	struct walked *w = arg;
	int number;

	CHECK(w->dirfd < 0 || dirfd == w->dirfd);
	w->n++;
	if (sscanf(name, "file-%d", &number) == 1 && number >= 0 && number < FILES)
		w->seen[number]++;
	else
		w->others++;
	return w->n == w->enough ? -EXDEV : 0;
}

static void every_name_once(void)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (int again = 0; again < 2; again++) {
		struct walked w = { .dirfd = fd };

		CHECK_INT(dir_for_each(fd, count, &w), 0);
		CHECK_INT(w.n, FILES + 1);
		/* the hidden one */
		CHECK_INT(w.others, 1);
		for (int i = 0; i < FILES; i++)
			CHECK_INT(w.seen[i], 1);
		/* it is still the caller's, and stands at its end */
		w = (struct walked){ .dirfd = fd };
		CHECK_INT(dir_for_each(fd, count, &w), 0);
		CHECK_INT(w.n, 0);
		CHECK_INT(lseek(fd, 0, SEEK_SET), 0);
	}
	close(fd);
}

static void by_its_path(void)
{
	struct walked w = { .dirfd = -1 };
	char link[sizeof(dir) + 8];

	CHECK_INT(dir_for_each_of(dir, count, &w), 0);
	CHECK_INT(w.n, FILES + 1);
	snprintf(link, sizeof(link), "%s.link", dir);
	CHECK_INT(symlink(dir, link), 0);
	w = (struct walked){ .dirfd = -1 };
	CHECK_INT(dir_for_each_of(link, count, &w), 0);
	CHECK_INT(w.n, FILES + 1);
	unlink(link);
}

/* What a visit returns ends the walk. */
static void enough(void)
{
	struct walked w = { .dirfd = -1, .enough = 3 };

	CHECK_INT(dir_for_each_of(dir, count, &w), -EXDEV);
	CHECK_INT(w.n, 3);
}

static void what_is_no_directory(void)
{
	struct walked w = { .dirfd = -1 };
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), free_fd = dup(fd), next;

	close(free_fd);

	CHECK_INT(dir_for_each(fd, count, &w), -ENOTDIR);
	CHECK_INT(dir_for_each(-1, count, &w), -EBADF);
	CHECK_INT(dir_for_each_of("/dev/null", count, &w), -ENOTDIR);
	CHECK_INT(dir_for_each_of("/nowhere/at/all", count, &w), -ENOENT);
	CHECK_INT(w.n, 0);
	/* no descriptor is left of that */
	next = dup(fd);
	CHECK_INT(next, free_fd);
	close(next);
	close(fd);
}

int main(void)
{
	int fd;

	if (!mkdtemp(dir) || (fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return 1;
	for (int i = -1; i < FILES; i++) {
		char name[32];

		snprintf(name, sizeof(name), i < 0 ? ".hidden" : "file-%d", i);
		close(openat(fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	}
	RUN(every_name_once);
	RUN(by_its_path);
	RUN(enough);
	RUN(what_is_no_directory);
	for (int i = -1; i < FILES; i++) {
		char name[32];

		snprintf(name, sizeof(name), i < 0 ? ".hidden" : "file-%d", i);
		unlinkat(fd, name, 0);
	}
	close(fd);
	rmdir(dir);
	return check_end();
}
