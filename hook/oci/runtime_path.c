/* SPDX-License-Identifier: Apache-2.0 */
/* The OCI runtime that the wrapper stands in front of: found, and never the wrapper itself. */
#include "oci/runtime_path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/macros.h"
#include "base/text.h"

/*
 * A runtime that is a script may start the wrapper again; only then is something added to
 * the environment. More than one such script in a row is not needed by anybody.
 */
#define DEPTH     "KSM_HOOK_RUNTIME_DEPTH"
#define DEPTH_MAX 4

struct runtime_search {
	struct stat self;
	int self_fd;
	char own[PATH_MAX]; /* what was passed over */
};

/* Copies may stand in places where links cannot. */
static bool same_content(int a, int b)
{
	char x[16384], y[16384];
	ssize_t n;
	off_t at = 0;

	while ((n = pread(a, x, sizeof(x), at)) > 0) {
		if (pread(b, y, (size_t)n, at) != n || memcmp(x, y, (size_t)n) != 0)
			return false;
		at += n;
	}
	return n == 0;
}

static bool is_self(const struct runtime_search *s, int fd, const struct stat *st)
{
	if (st->st_dev == s->self.st_dev && st->st_ino == s->self.st_ino)
		return true;
	return st->st_size == s->self.st_size && same_content(fd, s->self_fd);
}

/* Scripts lead on to anywhere: count, so that a circle ends. */
static int count_script(int fd, const char *path, struct error *err)
{
	const char *text = getenv(DEPTH);
	int64_t depth = 0;
	char magic[2], next[12];

	if (pread(fd, magic, sizeof(magic), 0) != sizeof(magic) || memcmp(magic, "#!", 2) != 0)
		return 0;
	if (text && parse_int(text, strlen(text), 0, DEPTH_MAX, &depth) < 0)
		depth = 0;
	if (depth == DEPTH_MAX)
		return err_set(err, ELOOP,
			       "the script %s leads back to ksm-hook; name the delegate "
			       "runtime by its "
			       "path in \"runtimes\" of config.json",
			       path);
	snprintf(next, sizeof(next), "%d", (int)depth + 1);
	return setenv(DEPTH, next, 1) < 0 ? -errno : 0;
}

/* 1 this is it, 0 go on */
static int try_path(struct runtime_search *s, const char *path, struct error *err)
{
	__cleanup(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int r;

	if (fd < 0) /* some may be executed and not read; nothing is known of them then */
		return access(path, X_OK) == 0 && stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
		       (st.st_dev != s->self.st_dev || st.st_ino != s->self.st_ino);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || access(path, X_OK) < 0)
		return 0;
	if (is_self(s, fd, &st)) {
		snprintf(s->own, sizeof(s->own), "%s", path);
		return 0;
	}
	r = count_script(fd, path, err);
	return r < 0 ? r : 1;
}

static int try_name(struct runtime_search *s, const char *name, char out[PATH_MAX],
		    struct error *err)
{
	const char *dir = RUNTIME_PATH;
	int r = 0;

	if (name[0] == '/') {
		snprintf(out, PATH_MAX, "%s", name);
		return try_path(s, out, err);
	}
	while (r == 0 && *dir) {
		size_t len = strcspn(dir, ":");

		snprintf(out, PATH_MAX, "%.*s/%s", (int)len, dir, name);
		r = try_path(s, out, err);
		dir += len + (dir[len] == ':');
	}
	return r;
}

int runtime_find(const char *const *names, size_t n, char out[PATH_MAX], struct error *err)
{
	__cleanup(close_fd) int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct runtime_search s = { .self_fd = self };

	if (self < 0 || fstat(self, &s.self) < 0)
		return err_errno(err, errno, "/proc/self/exe");
	for (size_t i = 0; i < n; i++) {
		int r = try_name(&s, names[i], out, err);

		if (r != 0)
			return r < 0 ? r : 0;
	}
	if (s.own[0])
		return err_set(err, ENOENT,
			       "no runtime \"%s\": %s is ksm-hook itself; name the delegate "
			       "runtime by its "
			       "path in \"runtimes\" of config.json",
			       names[0], s.own);
	return err_set(err, ENOENT,
		       "no runtime \"%s\" in " RUNTIME_PATH
		       "; install it, or name it by its path in \"runtimes\" of config.json",
		       names[0]);
}
